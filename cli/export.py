"""A conversation as files to show: Markdown beside its pictures, JSON, or one HTML page.

The page stands alone: pictures inside, no script, no network.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from consultation.consultation_result import SANDBOX_NOTE
from consultation.conversation_page import (
    as_markdown,
    fields,
    met_items,
    moment,
    picture_tree,
    source_label,
    turn_heading,
    with_words,
)
from consultation.transcript import messages_of
from errors import Problem, StorageError
from gateway.connection import is_sandbox
from generation.preview import is_svg, preview_of
from storage.export import as_json
from storage.picture_files import read_picture
from storage.shared_folder import write_file
from storage.tables import Conversation, Image
from studio.assembler import style_sheet

Form = Literal["markdown", "json", "html"]

LONGEST_NAME = 120
"""Bytes of a title in a file name; systems take 255 for all of it."""

EXTENSIONS = {"png": "png", "jpeg": "jpg", "webp": "webp", "gif": "gif", "svg": "svg"}

TEMPLATE = "html_page.html.j2"
WHOLE_BYTES = 5 * 2**20
"""Larger pictures are shown as a small JPEG: a page of many would open in no browser."""

DEEPEST = 60
"""Levels of the tree; a browser takes 512 levels of elements, of which this makes two each."""

SIGNS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif"}


def export(conversation: Conversation, folder: Path, form: Form) -> list[Path]:
    """Write a record into a folder; the files, the one to open last. Raises a `Problem`.

    Each file gets its name only when it is whole: what is cut short leaves no half one.
    """
    name = name_of(conversation)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if form == "json":
            return [_put(folder / f"{name}.json", [as_json(conversation)])]
        if form == "html":
            return [_put(folder / f"{name}.html", page(conversation))]
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
    for number, image in enumerate(conversation.images, start=1):
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
    return [*paths, _put(folder / f"{name}.md", [text, *_prices(conversation)])]


def _prices(conversation: Conversation) -> Iterator[str]:
    if conversation.spending:
        yield "\n## Prices\n\n"
    for row in conversation.spending:
        about = "about " if row.estimated else ""
        price = "price not known" if row.usd is None else f"{about}${row.usd:.4f}"
        origin = ", sandbox" if row.origin == "sandbox" else ""
        yield f"- {row.purpose} ({row.model}, {row.day}{origin}): {price}\n"
    if made_in_sandbox(conversation):
        yield f"\n{SANDBOX_NOTE}\n"


def _put(path: Path, pieces: Iterable[str | bytes]) -> Path:
    encoded = (piece.encode() if isinstance(piece, str) else piece for piece in pieces)
    write_file(path, encoded)
    return path


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
        "look": style_sheet(),
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
