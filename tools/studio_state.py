"""What the studio's page is told beside what the view is: pictures, templates, costs, the setup.

All of it is read from records, files and settings, without a model and without money.
"""

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from app import App
from errors import Problem, without_keys
from gateway.api_key import find_key, way_to_give
from keyring_store import KeyringFault
from prompts.library_template import LibraryTemplate
from prompts.source import PromptError
from settings import Settings, encoding_of, variable_of
from storage.picture_list import ListedPicture
from storage.search import Filter
from storage.spending import ConversationSpending, DaySpending
from tools.status import Status, findings, status
from tools.view_state import DrawingProgress, SpendingView, drawing_progress, spending
from tools.view_words import ViewWords, view_words

PAGE = 24
MOST_DRAWINGS = 12
"""In the tray: more than one person has under way."""
DAYS, CONVERSATIONS = 30, 20
"""Of the spending: a month, and the conversations that cost most."""


class UnderWay(DrawingProgress):
    """How far the drawing of a conversation is."""

    title: str


class Pulse(SpendingView):
    """What the page asks for again and again: drawings under way, the day's spending.

    `key` says what to do where there is no key, None to a page that knows; `words` come where
    the page has them not.
    `stamp` differs once the conversation that the page shows does, "" where it shows none that
    there is: another page may have deleted it.
    """

    drawings: list[UnderWay]
    stamp: str
    key: str | None
    words: ViewWords | None


class PictureFilter(BaseModel, extra="forbid"):
    """What the fields above the gallery ask for, as text."""

    since: str = ""
    until: str = ""
    image_type: str = ""
    rating: int | None = None
    bookmarked: bool | None = None


class GalleryPage(BaseModel):
    """Some pictures, newest first, and the image types that there are to choose from."""

    pictures: list[ListedPicture]
    total: int
    cursor: str | None
    types: list[str]


class FormField(BaseModel):
    """A parameter of a template; `fallback` is what is taken where the field is empty."""

    name: str
    type: str
    question: str
    choices: list[str]
    required: bool
    fallback: str
    min: float | None
    max: float | None


class LibraryEntry(BaseModel):
    """A template of the library; `own` where its file is the person's."""

    name: str
    title: str
    description: str
    category: str
    own: bool


class Library(BaseModel):
    """All templates."""

    templates: list[LibraryEntry]
    own_folder: str
    notes: list[str]


class Piece(BaseModel):
    """A stretch of a filled prompt, and the parameter that it came from."""

    text: str
    origin: str


class TemplateForm(LibraryEntry):
    """A template with its fields, and the prompt as far as values fill it.

    `missing` are required fields without a value, `fault` says what of them does not fit.
    """

    fields: list[FormField]
    example: dict[str, str]
    prompt: list[Piece]
    missing: list[str]
    fault: str


class CostTables(SpendingView):
    """What was spent, by day and by conversation."""

    days: list[DaySpending]
    conversations: list[ConversationSpending]


class SettingView(BaseModel):
    """A setting as it stands and where it comes from; secrets say only that they are set."""

    name: str
    value: str
    source: str
    description: str


class CheckView(BaseModel):
    """Something that was looked at, and how it is."""

    name: str
    state: str
    sentence: str


class About(BaseModel):
    """How the server is set up."""

    status: Status
    checks: list[CheckView]
    settings: list[SettingView]


async def pulse(app: App, shown: str, language: str, known_words: str) -> Pulse:
    """Drawings under way in all conversations, the day's spending, and whether a key is there.

    `shown` is the conversation that the page shows, if any. A page that knows words already is
    not told of the key again: some keyrings take long, or ask the person each time.
    """
    with suppress(Problem):  # whoever opens its conversation is told
        await app.image_generator.adopt_abandoned()
    drawings = []
    for conversation_id in await app.picture_list.drawing(MOST_DRAWINGS):
        conversation = await app.records.load(conversation_id)
        progress = drawing_progress(app, conversation)
        if progress and progress.status == "working":
            drawings.append(UnderWay(title=conversation.title, **progress.model_dump()))
    return Pulse(
        drawings=drawings,
        stamp=await app.records.stamp(shown) if shown else "",
        key=None if known_words else await asyncio.to_thread(_key_wanted, app.settings),
        words=await asyncio.to_thread(
            view_words, app.prompt_store, language, known_words, for_studio=True
        ),
        **(await spending(app)).model_dump(),
    )


def _key_wanted(settings: Settings) -> str:
    """What to do about a key that is not there, "" where none is needed."""
    with suppress(KeyringFault):  # the way says so
        if settings.sandbox or find_key(settings):
            return ""
    return way_to_give(settings)


class Place(BaseModel):
    """The conversation that a picture is of."""

    conversation_id: str


async def place_of(app: App, image_id: str) -> Place:
    """Where a picture belongs. Raises a `Problem` where there is none."""
    return Place(conversation_id=(await app.records.image(image_id)).conversation_id)


async def gallery_page(app: App, query: str, values: Mapping[str, str], cursor: str) -> GalleryPage:
    """A page of all pictures that fit. Raises a `Problem` for a filter that is none."""
    try:
        asked = PictureFilter.model_validate({key: value for key, value in values.items() if value})
    except ValidationError as error:
        names = ", ".join(str(fault["loc"][0]) for fault in error.errors(include_input=False))
        raise Problem(f"The gallery cannot be filtered by this {names}.") from None
    criteria = Filter(query=query, **asked.model_dump())
    page = await app.picture_list.page(criteria, cursor=cursor or None, limit=PAGE)
    return GalleryPage(
        pictures=page.items,
        total=page.total,
        cursor=page.cursor,
        types=[] if cursor else await app.picture_list.types(),
    )


def library(app: App) -> Library:
    """All templates of the library, the person's own marked."""
    store = app.prompt_store
    own = set(store.own_library_names())
    entries = [LibraryEntry(**_entry(one, own)) for one in store.library_templates().values()]
    folder = app.settings.templates_dir / "library"
    return Library(templates=entries, own_folder=str(folder), notes=store.faults("library/"))


def template_form(app: App, name: str, values: Mapping[str, str]) -> TemplateForm:
    """A template, and its prompt with these values. Raises `PromptError` where there is none."""
    template = app.prompt_store.library_template(name)
    given = {key: value for key, value in values.items() if value.strip()}
    missing = [key for key, one in template.parameters.items() if one.required and key not in given]
    # A place that is still empty is shown by its name.
    shown = given | {key: f"[{key.replace('_', ' ')}]" for key in missing}
    fault = ""
    try:
        spans = template.spans(_fitting_places(template, shown, missing))
    except PromptError as error:
        fault, spans = str(error), []
    return TemplateForm(
        **_entry(template, set(app.prompt_store.own_library_names())),
        fields=[
            FormField(
                name=key,
                type=one.type,
                question=one.question,
                choices=one.choices,
                required=one.required,
                fallback="" if one.required else one.fallback,
                min=one.min,
                max=one.max,
            )
            for key, one in template.parameters.items()
        ],
        example=template.example.values,
        prompt=[Piece(text=text, origin=origin) for text, origin in spans],
        missing=missing,
        fault=fault,
    )


def _fitting_places(
    template: LibraryTemplate, shown: dict[str, str], missing: list[str]
) -> dict[str, str]:
    """The values, the example's standing in where an empty place takes no plain words."""
    stand_ins = {}
    for name in missing:
        if template.parameters[name].fit(shown[name]) is None:
            stand_ins[name] = (
                template.example.values.get(name) or template.parameters[name].fallback
            )
    return shown | stand_ins


def _entry(template: LibraryTemplate, own: set[str]) -> dict[str, Any]:
    return {
        "name": template.name,
        "title": template.title,
        "description": template.description,
        "category": template.category,
        "own": template.name in own,
    }


async def costs(app: App) -> CostTables:
    """What was spent, by day and by conversation."""
    ledger, origin = app.records.ledger, app.gateway.origin
    return CostTables(
        days=await ledger.by_day(origin, DAYS),
        conversations=await ledger.by_conversation(origin, CONVERSATIONS),
        **(await spending(app)).model_dump(),
    )


async def about(app: App) -> About:
    """How the server is set up, what was looked at, and each setting with its source."""
    checks = await asyncio.to_thread(lambda: list(findings(app.settings)))
    report = About(
        status=await status(app),
        checks=[CheckView(name=one.name, state=one.state, sentence=one.sentence) for one in checks],
        settings=await asyncio.to_thread(_settings, app.settings),
    )
    # A key may have strayed into any other setting.
    return About.model_validate_json(without_keys(report.model_dump_json()))


def _settings(settings: Settings) -> list[SettingView]:
    from dotenv import dotenv_values

    file = settings.data_dir / ".env"
    values = dotenv_values(file, encoding=encoding_of(file))
    written = {name.upper() for name, value in values.items() if value}
    return [
        SettingView(
            name=variable_of(name),
            value=_shown(getattr(settings, name)),
            source=_source(variable_of(name), written, str(file), changed=name in changed),
            description=field.description or "",
        )
        for changed in [settings.changes()]
        for name, field in type(settings).model_fields.items()
    ]


def _source(variable: str, written: set[str], file: str, *, changed: bool) -> str:
    """Where a setting comes from. What neither file nor environment says a command said."""
    if not changed:
        return "default"
    if os.environ.get(variable):
        return "environment"
    return file if variable in written else "command"


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "set"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else str(value)
