"""The tool that only the studio's page is to call, and what it says of money and set-up."""

import asyncio
import os
from typing import Annotated, Literal

from fastmcp import Context, FastMCP
from fastmcp.tools import ToolResult
from pydantic import BaseModel, Field

from app import App
from errors import without_keys
from settings import Settings, encoding_of, in_words, variable_of
from storage.picture_list import Outcomes
from storage.spending import ConversationSpending, DaySpending
from tools import studio_state, view_library
from tools.parameters import Name, Words
from tools.registration import app_of, build_tool
from tools.status import Status, StatusFinding, check_server, status, status_findings
from tools.view import as_answer
from tools.view_state import SpendingView, spending
from tools.view_words import page_wording

DAYS, CONVERSATIONS = 30, 20
"""Of the spending: a month, and the conversations that cost most."""


class CostTables(SpendingView):
    """What was spent, by day and by conversation, and how the drawings ended."""

    days: list[DaySpending]
    conversations: list[ConversationSpending]
    drawings: Outcomes


class SettingView(BaseModel):
    """A setting as it stands and where it comes from; secrets say only that they are set."""

    name: str
    value: str
    source: str
    description: str


class About(BaseModel):
    """How the server is set up."""

    status: Status
    checks: list[StatusFinding]
    settings: list[SettingView]


async def costs(app: App) -> CostTables:
    """What was spent, by day and by conversation, and what came of the drawings."""
    ledger, origin = app.records.ledger, app.gateway.origin
    return CostTables(
        days=await ledger.by_day(origin, DAYS),
        conversations=await ledger.by_conversation(origin, CONVERSATIONS),
        drawings=await app.picture_list.outcomes(origin),
        **(await spending(app)).model_dump(),
    )


async def about(app: App, language: str) -> About:
    """How the server is set up, what was looked at, and each setting with its source."""
    checks = await check_server(app)
    report = About(
        status=await status(app, checks),
        checks=status_findings(checks),
        settings=await asyncio.to_thread(_settings, app.settings),
    )
    wording = await asyncio.to_thread(page_wording, app.prompt_store, language)
    for model in report.status.models:
        model.told = wording.setup(model.told)
    for check in report.checks:
        check.name, check.told = wording.setup(check.name), wording.setup(check.told)
    # A key may have strayed into any other setting.
    return About.model_validate_json(without_keys(report.model_dump_json()))


def _settings(settings: Settings) -> list[SettingView]:
    from dotenv import dotenv_values

    file = settings.data_dir / ".env"
    values = dotenv_values(file, encoding=encoding_of(file))
    written = {name.upper() for name, value in values.items() if value}
    changed = settings.changes()
    return [
        SettingView(
            name=variable_of(name),
            value=in_words(getattr(settings, name)),
            source=_source(variable_of(name), written, str(file), changed=name in changed),
            description=field.description or "",
        )
        for name, field in type(settings).model_fields.items()
    ]


def _source(variable: str, written: set[str], file: str, *, changed: bool) -> str:
    """Where a setting comes from. What neither file nor environment says a command said."""
    if not changed:
        return "default"
    if os.environ.get(variable):
        return "environment"
    return file if variable in written else "command"


StudioReadable = Literal["pulse", "pictures", "template", "style", "costs", "about"]


def add_studio(server: FastMCP) -> None:
    """Offer the studio's tool, which servers without a page have no use for."""
    server.add_tool(
        build_tool(studio_read, "Read for the studio", result="view", reads=True, leaves=False,
                   audience="view")
    )  # fmt: skip


async def studio_read(
    ctx: Context,
    what: StudioReadable,
    *,
    id: Name = "",  # noqa: A002  # as in view_read
    query: Words = "",
    values: Annotated[dict[str, str] | None, Field(max_length=20)] = None,
    cursor: Name = "",
) -> ToolResult:
    """For the studio: pictures, templates, costs and setup, without cost."""
    app, given = app_of(ctx), values or {}
    match what:
        case "pulse":
            answer: BaseModel = await studio_state.pulse(
                app, id, query or "en", cursor, given.get("since", "")
            )
        case "pictures":
            answer = await studio_state.gallery_page(app, query, given, cursor)
        case "template":
            answer = await asyncio.to_thread(view_library.template_form, app, id, given)
        case "style":
            answer = await asyncio.to_thread(view_library.style_preview, app, query)
        case "costs":
            answer = await costs(app)
        case "about":
            answer = await about(app, query or "en")
    return as_answer(answer)
