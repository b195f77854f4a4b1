"""What the page is told of styles, and what it may do with one."""

import asyncio

from pydantic import BaseModel

from app import App
from errors import Problem
from styles.aspect import Aspect
from styles.style_file import Style

DELETE = "delete"
"""The one thing that the page does to a style; whoever changes one edits its file."""


class StyleEntry(BaseModel):
    """A style: its words by aspect, its palette, and the `files` that would go with it.

    `samples` counts its pictures; a style whose file is broken has a `fault` and nothing else.
    """

    name: str
    own: bool
    files: list[str]
    note: str = ""
    words: dict[Aspect, str] = {}
    colours: list[str] = []
    avoid: list[str] = []
    samples: int = 0
    tags: list[str] = []
    fault: str = ""


class StyleList(BaseModel):
    """All styles, those of the person's own in a folder."""

    styles: list[StyleEntry]
    own_folder: str


async def style_list(app: App) -> StyleList:
    """All styles by name, sound or broken."""
    return await asyncio.to_thread(_style_list, app)


def _style_list(app: App) -> StyleList:
    entries = []
    for name, style in app.style_store.styles():
        entry = StyleEntry(
            name=name,
            own=app.style_store.is_own(name),
            files=[path.name for path in app.style_store.own_files(name)],
        )
        if isinstance(style, Style):
            entry.note, entry.words, entry.colours = style.note, style.words, style.colours
            entry.avoid, entry.tags, entry.samples = style.avoid, style.tags, len(style.samples)
        else:
            entry.fault = str(style)
        entries.append(entry)
    return StyleList(styles=entries, own_folder=str(app.settings.styles_dir))


async def keep_style(app: App, name: str, value: str) -> None:
    """Delete a style of the person's own. Raises a `Problem` where something else is asked."""
    if value != DELETE:
        raise Problem(
            f"value must be {DELETE}.",
            "openai_extract_style makes a style, and a text editor changes its file.",
        )
    await asyncio.to_thread(app.style_store.delete, name)
