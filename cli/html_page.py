"""A conversation as one HTML page that stands alone: pictures inside, no script, no network."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from consultation.conversation_page import (
    fields,
    met_items,
    moment,
    picture_tree,
    source_label,
    turn_heading,
    with_words,
)
from consultation.transcript import messages_of
from errors import StorageError
from gateway.connection import is_sandbox
from generation.preview import is_svg, preview_of
from storage.picture_files import read_picture
from storage.tables import Conversation, Image

TEMPLATE = "html_page.html.j2"
WHOLE_BYTES = 5 * 2**20
"""Larger pictures are shown as a small JPEG: a page of many would open in no browser."""

DEEPEST = 60
"""Levels of the tree; a browser takes 512 levels of elements, of which this makes two each."""

SIGNS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif"}


@dataclass(frozen=True)
class PictureNode:
    """A picture in the tree, `depth` levels down; after it `ups` levels end."""

    image: Image
    depth: int
    deeper: bool
    ups: int
    inner: bool

    @property
    def sandbox(self) -> bool:
        """Whether it is the sandbox's placeholder."""
        return is_sandbox(self.image.response_id)

    @property
    def source(self) -> tuple[str, str]:
        """A data URL, empty where there is none, and what has to be said of it.

        Made when the page comes to it: pictures need not be in memory together.
        """
        data, missing = file_of(self.image)
        return _embed(data) if data is not None else ("", missing)

    @property
    def met(self) -> str:
        """What its verification found, in short."""
        return met_items(self.image)


def page(conversation: Conversation) -> Iterator[str]:
    """The page in pieces, in order."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "moment": moment, "source": source_label, "clean": _clean, "fields": fields,
        "heading": turn_heading,
    }  # fmt: skip
    return environment.get_template(TEMPLATE).generate(_view(conversation))


def file_of(image: Image) -> tuple[bytes | None, str]:
    """The bytes of a picture, or why there are none."""
    try:
        return read_picture(image), ""
    except StorageError as error:
        return None, str(error)


def made_in_sandbox(conversation: Conversation) -> bool:
    """Whether anything in a record is the sandbox's."""
    ids = [turn.response_id for turn in conversation.turns]
    ids += [image.response_id for image in conversation.images]
    return any(map(is_sandbox, ids)) or any(
        row.origin == "sandbox" for row in conversation.spending
    )


def _view(conversation: Conversation) -> dict[str, Any]:
    brief = conversation.briefs[-1] if conversation.briefs else None
    phrases = with_words(brief.phrases, "text") if brief else []
    return {
        "one": conversation,
        "turns": messages_of(conversation),
        "title": conversation.title or "Untitled",
        "sandbox": made_in_sandbox(conversation),
        "pictures": _tree(conversation.images),
        "refined": "".join(phrase["text"] for phrase in phrases),
        "phrases": phrases,
        "entries": with_words(brief.entries, "dimension", "value") if brief else [],
        "completeness": brief.completeness if brief else 0,
        "answers": {answer.question: answer.text for answer in conversation.answers},
        "undrawn": [job for job in conversation.jobs if job.state != "kept"],
        "spending": conversation.spending,
        "total": sum(row.usd or 0.0 for row in conversation.spending),
    }


def _tree(images: list[Image]) -> list[PictureNode]:
    """The pictures in the order of the page: each before those that were changed from it."""
    order = [(image, min(depth, DEEPEST)) for image, depth in picture_tree(images)]
    depths = [-1, *(depth for _, depth in order), 0]
    return [
        PictureNode(
            image,
            depth,
            deeper=depth > before,
            ups=max(0, depth - after),
            inner=after > depth,
        )
        for (image, depth), before, after in zip(order, depths, depths[2:], strict=False)
    ]


def _embed(data: bytes) -> tuple[str, str]:
    size = f"{len(data) / 1e6:.1f} MB"
    kind = next((name for sign, name in SIGNS.items() if data.startswith(sign)), "")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind = "webp"
    elif is_svg(data):
        kind = "svg+xml"
    if kind and len(data) <= WHOLE_BYTES:
        return _url(kind, data), ""
    small = preview_of(data)
    if small is None:
        return "", f"The file ({size}) cannot be shown here."
    return _url("jpeg", small), f"A small JPEG of it; the file has {size}."


def _url(kind: str, data: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def _clean(text: str) -> str:
    """Without the control characters that HTML has no place for."""
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")
