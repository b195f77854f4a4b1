"""The library's templates as MCP prompts and as resources `template://{name}`.

They are read anew for each request, so that a changed file takes effect without a
restart; nothing of them is imported before the first one.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import mcp.types as mt
from fastmcp import FastMCP
from fastmcp.exceptions import PromptError as ArgumentError
from fastmcp.prompts import Prompt
from fastmcp.prompts.base import PromptArgument
from fastmcp.server.providers import Provider
from fastmcp.utilities.components import FastMCPComponent
from fastmcp.utilities.versions import VersionSpec
from pydantic import Field
from typing_extensions import override

from app import App
from errors import Problem
from tools.middleware import read_failure

if TYPE_CHECKING:
    from prompts.library_template import LibraryTemplate
    from prompts.parameter import Parameter

SCHEME = "template://"
MIME_TYPE = "application/yaml"

CALL = """\
Call openai_image_consultation with these arguments:

{arguments}

Put the questions that come back to the person and pass their answers on with the \
conversation_id of the result. Once it is ready, show them the refined prompt, what was assumed \
and the price; openai_conversational_image with that conversation_id draws it.
"""


class TemplatePrompt(Prompt):
    """One template: filled in or not, it says which call begins the dialogue."""

    template: Any = Field(exclude=True)  # prompts.library_template.LibraryTemplate, imported late

    async def render(self, arguments: dict[str, Any] | None = None) -> str:
        """The call to make. Raises `ArgumentError` for a value that does not fit."""
        values = {name: str(value) for name, value in (arguments or {}).items() if value}
        try:
            for name, value in values.items():
                self.template.fit(name, value)
        except Problem as problem:
            raise ArgumentError(problem.text(), log_level=logging.DEBUG) from problem
        call = {
            "template": self.name,
            "message": "; ".join(values.values()) or self.title,
            "answers": [{"question_id": name, "answer": values[name]} for name in values],
        }
        return CALL.format(arguments=json.dumps(call, ensure_ascii=False, indent=2))


class LibraryPrompts(Provider):
    """Every template of the library, the person's own among them."""

    def __init__(self, app: App) -> None:
        super().__init__()
        self._app = app

    @override
    async def _list_prompts(self) -> Sequence[Prompt]:
        return [_prompt(one) for one in (await self.templates()).values()]

    @override
    async def _get_prompt(self, name: str, version: VersionSpec | None = None) -> Prompt | None:
        from prompts.source import PromptError

        _ = version  # a template has one: what its file says now
        try:
            return _prompt(await self.template(name))
        except PromptError:
            return None

    async def get_tasks(self) -> Sequence[FastMCPComponent]:
        """No prompt runs in the background; FastMCP would read them all at the start to see."""
        return []

    async def templates(self) -> dict[str, "LibraryTemplate"]:
        """Each template by its name."""
        return await asyncio.to_thread(self._app.prompt_store.library_templates)

    async def resources(self) -> list[mt.Resource]:
        """Each template as a resource."""
        return [
            mt.Resource(
                uri=f"{SCHEME}{one.name}",
                name=one.name,
                title=one.title,
                description=one.description,
                mime_type=MIME_TYPE,
            )
            for one in (await self.templates()).values()
        ]

    async def template(self, name: str) -> "LibraryTemplate":
        """One of them. Raises `PromptError`."""
        return await asyncio.to_thread(self._app.prompt_store.library_template, name)

    async def complete(
        self,
        reference: mt.PromptReference | mt.ResourceTemplateReference,
        argument: mt.CompletionArgument,
        _context: mt.CompletionContext | None,
    ) -> list[str]:
        """What an argument may be, as far as it is typed."""
        templates = await self.templates()
        if isinstance(reference, mt.PromptReference):
            values = _values(templates.get(reference.name), argument.name)
        else:
            values = list(templates) if reference.uri.startswith(SCHEME) else []
        start = argument.value.strip().casefold()
        first = [value for value in values if value.casefold().startswith(start)]
        later = [value for value in values if start in value.casefold()]
        return list(dict.fromkeys([*first, *later]))


def add_templates(server: FastMCP, library: LibraryPrompts) -> None:
    """Offer the library as prompts with completion, and each template as a resource."""
    server.add_provider(library)
    server.add_completion_handler(library.complete)

    @server.resource(f"{SCHEME}{{name}}", title="A template of the library", mime_type=MIME_TYPE)
    async def template(name: str) -> str:
        """The file of a template: what it asks, the text that it fills, an example."""
        try:
            return (await library.template(name)).source
        except Problem as problem:
            raise read_failure(problem) from problem


def _values(template: "LibraryTemplate | None", name: str) -> list[str]:
    """What a template offers for a parameter, and for a colour the common ones."""
    from prompts.parameter import COLORS

    parameter = template.parameters.get(name) if template else None
    if parameter is None:
        return []
    return [*parameter.every_choice, *(COLORS if parameter.type == "color" else [])]


def _prompt(template: "LibraryTemplate") -> TemplatePrompt:
    arguments = [
        PromptArgument(name=name, description=_description(parameter), required=parameter.required)
        for name, parameter in template.parameters.items()
    ]
    return TemplatePrompt(
        name=template.name,
        title=template.title,
        description=template.description,
        tags={template.category},
        arguments=arguments,
        template=template,
    )


def _description(parameter: "Parameter") -> str:
    """What an argument asks, with its choices and what it is without a value."""
    choices = " / ".join(parameter.choices)
    without = "" if parameter.required else f" Without: {parameter.fallback}."
    return f"{parameter.question} {choices}.{without}"
