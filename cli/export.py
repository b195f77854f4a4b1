"""A conversation as files to show: Markdown beside its pictures, JSON, or one HTML page.

The page alone is in the language of the dialogue; the others are the record, in English.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from cli.html_page import file_of, page
from consultation.conversation_page import as_markdown
from errors import Problem
from gateway.connection import is_sandbox
from prompts.store import PromptStore
from storage.export import as_json
from storage.shared_folder import write_file
from storage.tables import Conversation

Form = Literal["markdown", "json", "html"]

LONGEST_NAME = 120
"""Bytes of a title in a file name; systems take 255 for all of it."""

EXTENSIONS = {"png": "png", "jpeg": "jpg", "webp": "webp", "gif": "gif", "svg": "svg"}


def export(
    conversation: Conversation, folder: Path, form: Form, prompt_store: PromptStore
) -> list[Path]:
    """Write a record into a folder; the files, the one to open last. Raises a `Problem`.

    Each file gets its name only when it is whole: what is cut short leaves no half one.
    """
    name = name_of(conversation)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if form == "json":
            return [_put(folder / f"{name}.json", [as_json(conversation)])]
        if form == "html":
            wording = prompt_store.wording(conversation.language or "en")
            return [_put(folder / f"{name}.html", page(conversation, wording))]
        return _markdown(conversation, folder, name)
    except OSError as error:
        raise Problem(
            f"The conversation could not be written to {folder} ({error.strerror}). Make that "
            "folder writable or free some space, or name another one with --to."
        ) from error


def name_of(conversation: Conversation) -> str:
    """A file name without its ending: the title as far as it may stand there, and the id."""
    title = _safe(conversation.title).encode()[:LONGEST_NAME].decode(errors="ignore")
    return "-".join(part for part in (title.strip("-"), _safe(conversation.id)) if part)


def _safe(text: str) -> str:
    """Letters and digits of any script; all else becomes a hyphen."""
    return re.sub(r"[\W]+", "-", text).strip("-")


def _markdown(conversation: Conversation, folder: Path, name: str) -> list[Path]:
    paths, links = [], {}
    images = [image for sheet in conversation.sheets for image in sheet]
    for number, image in enumerate(images, start=1):
        data, missing = file_of(image)
        links[image.id] = " ".join((missing or image.path).split())
        if data is not None:
            ending = EXTENSIONS.get(image.format, "bin")
            path = folder / name / f"{number:02}-{_safe(image.id)}.{ending}"
            path.parent.mkdir(exist_ok=True)
            paths.append(_put(path, [data]))
            link = quote(path.relative_to(folder).as_posix())
            note = " (sandbox: a placeholder)" if is_sandbox(image.response_id) else ""
            links[image.id] = f"![{image.id}]({link}){note}"
    text = as_markdown(conversation, links)
    return [*paths, _put(folder / f"{name}.md", [text])]


def _put(path: Path, pieces: Iterable[str | bytes]) -> Path:
    encoded = (piece.encode() if isinstance(piece, str) else piece for piece in pieces)
    write_file(path, encoded)
    return path
