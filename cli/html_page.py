"""A conversation as one HTML page for people, in the language of the dialogue.

The page stands alone: pictures inside, no script, no network.
"""

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from consultation.consultation_text import EDGES, own_stretches
from consultation.conversation_page import fields, moment, picture_tree, reply_of, verdicts_of
from consultation.provenance import source_of
from consultation.transcript import messages_of
from consultation.turn import Quote
from consultation.words import letters_of, words_of
from errors import StorageError
from gateway.connection import is_sandbox
from generation.preview import preview_of
from generation.variations import label_words
from prompts.wording import Wording, met_items
from storage.picture_files import read_picture
from storage.stamps import megabytes
from storage.tables import Conversation, Image, Question, Spending, Turn, media_type
from studio.assembler import style_sheet

TEMPLATE = "html_page.html.j2"
WHOLE_BYTES = 5 * 2**20
"""Larger pictures are shown as a small JPEG: a page of many would open in no browser."""

DEEPEST = 60
"""Levels of the tree; a browser takes 512 levels of elements, of which this makes two each."""

SHOWN_FORMATS = {"png", "jpeg", "webp", "gif", "svg"}
"""What a browser shows of the formats on record."""

PURPOSES = {
    "consultation": "Dialogue",
    "image": "Pictures",
    "assistant": "Pictures",
    "verification": "What a second look found",
}
"""What was paid for, as a person would sum it up: the assistant model has a part in pictures."""


@dataclass(frozen=True)
class PictureNode:
    """A picture in the tree, `depth` levels down; after it `ups` levels end. `number` is its own
    among several of one call, else 0."""

    image: Image
    number: int
    is_current: bool
    depth: int
    deeper: bool
    ups: int
    inner: bool

    @property
    def sandbox(self) -> bool:
        """Whether it is the sandbox's placeholder."""
        return is_sandbox(self.image.response_id)

    def source(self, wording: Wording) -> tuple[str, str]:
        """A data URL, empty where there is none, and what has to be said of it.

        Made when the page comes to it: pictures need not be in memory together.
        """
        data, missing = file_of(self.image)
        return _embed(self.image, data, wording) if data is not None else ("", missing)

    def facts(self, wording: Wording) -> str:
        """What it is, what its verification found, and what the person thinks of it."""
        image = self.image
        parts = [
            f"{image.width}x{image.height} {image.format}" if image.width else image.format,
            image.model,
            wording.translate("current") if self.is_current else "",
            met_items(verdicts_of(image), wording.translate),
            wording.translate("rated {rating} of 5", rating=image.rating) if image.rating else "",
        ]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class Part:
    """An entry of the brief or a stretch of the prompt, and the words that it rests on."""

    dimension: str
    text: str
    source: str
    quotes: list[Quote]

    def basis(self, wording: Wording) -> str:
        """Where it comes from, with the person's words where they differ from it."""
        here = letters_of(words_of(self.text))
        parts: dict[str, list[str]] = {} if self.quotes else {self.source: []}
        for quote in self.quotes:
            others = parts.setdefault(source_of([quote]), [])
            words = wording.quoted.format(words=quote.quote)
            if words not in others and letters_of(words_of(quote.quote)) not in here:
                others.append(words)
        labels = {source: getattr(wording.source, source, source) for source in parts}
        return "; ".join(
            f"{wording.label(labels[source])} {', '.join(others)}" if others else labels[source]
            for source, others in parts.items()
        )


@dataclass(frozen=True)
class PageTurn:
    """A turn: what was said, each with the question that it answers by its id, the reply, and
    what it asked."""

    turn: Turn
    words: list[tuple[str, str]]
    reply: str
    questions: list[Question]


def page(conversation: Conversation, wording: Wording) -> Iterator[str]:
    """The page in pieces, in order."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"moment": moment, "clean": _clean, "file_name": _file_name}
    return environment.get_template(TEMPLATE).generate(_view(conversation, wording))


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


def _view(conversation: Conversation, wording: Wording) -> dict[str, Any]:
    brief = conversation.briefs[-1] if conversation.briefs else None
    phrases = [*_parts(brief.phrases, "text")] if brief else []
    entries = [*_parts(brief.entries, "value")] if brief else []
    assumed = [entry.text for entry in entries if entry.source == "assumed"]
    unsourced = [one.text for one in phrases if one.source == "assumed" and not one.quotes]
    return {
        "look": style_sheet(),
        "one": conversation,
        "wording": wording,
        "t": wording.translate,
        "label": lambda variation: label_words(variation, wording),
        "exchanges": [*_exchanges(conversation)],
        "picked": _picked(conversation),
        "sandbox": made_in_sandbox(conversation),
        "pictures": _tree(conversation),
        "phrases": phrases,
        "refined": "".join(phrase.text for phrase in phrases),
        "sources": [
            (one.text.strip(EDGES), one.basis(wording))
            for one in phrases
            if one.source != "assumed" and one.text.strip(EDGES)
        ],
        "ours": own_stretches(unsourced, assumed),
        "decisions": [
            (wording.name_of(one.dimension), one.text, one.basis(wording))
            for one in entries
            if one.source != "open" and one.text
        ],
        "open": ", ".join(wording.name_of(e.dimension) for e in entries if e.source == "open"),
        "is_play": all(one.origin == "sandbox" for one in conversation.spending),
        "prices": _prices(conversation.spending, wording),
    }


def _parts(rows: Iterable[Any], name: str) -> Iterator[Part]:
    for row in rows:
        for one in fields([row], "dimension", name, "source"):
            quotations = fields(row.get("said") or [], "ref", "quote")
            quotes = [Quote.model_validate(quotation) for quotation in quotations]
            yield Part(one["dimension"], one[name], one["source"], quotes)


def _exchanges(conversation: Conversation) -> Iterator[PageTurn]:
    texts = {question.label: question.text for question in conversation.questions}
    for turn, messages in messages_of(conversation):
        words = [(message.text, texts.get(message.question, "")) for message in messages]
        questions = [one for one in conversation.questions if one.turn_number == turn.number]
        yield PageTurn(turn, words, reply_of(turn), questions)


def _picked(conversation: Conversation) -> set[tuple[str, str]]:
    """The options that the person chose, each with its question."""
    options = {question.label: question.options for question in conversation.questions}
    choices = [
        row
        for turn in conversation.turns
        for row in (turn.reply or {}).get("chosen") or []
        if isinstance(row, dict) and isinstance(row.get("option"), int)
    ]
    picked = set()
    for row in choices:
        label, place = str(row.get("question")), row["option"]
        if 0 < place <= len(options.get(label, [])):
            picked.add((label, str(options[label][place - 1])))
    return picked


def _prices(spending: Sequence[Spending], wording: Wording) -> list[tuple[str, str, str]]:
    """What was paid for, by which models, and the sum; at last all of it."""
    rows: dict[str, list[Spending]] = {}
    for one in spending:
        rows.setdefault(PURPOSES.get(one.purpose, one.purpose), []).append(one)
    sums = [
        (
            wording.translate(name),
            ", ".join(dict.fromkeys(one.model for one in group)),
            _sum(group, wording),
        )
        for name, group in rows.items()
    ]
    return [*sums, (wording.translate("in all"), "", _sum(spending, wording))] if sums else []


def _sum(rows: Iterable[Spending], wording: Wording) -> str:
    prices = [one for one in rows if one.usd is not None]
    if not prices:
        return wording.translate("not known")
    about = wording.estimate if any(one.estimated for one in prices) else ""
    return f"{wording.number(sum(one.usd or 0.0 for one in prices), 4)}{about}"


def _tree(conversation: Conversation) -> list[PictureNode]:
    """The pictures in the order of the page: each before those that were changed from it."""
    order = [(image, min(depth, DEEPEST)) for image, depth in picture_tree(conversation)]
    depths = [-1, *(depth for _, depth in order), 0]
    return [
        PictureNode(
            image,
            conversation.numbers.get(image.id, (0, 0))[0],
            image is conversation.current_image,
            depth,
            deeper=depth > before,
            ups=max(0, depth - after),
            inner=after > depth,
        )
        for (image, depth), before, after in zip(order, depths, depths[2:], strict=False)
    ]


def _embed(image: Image, data: bytes, wording: Wording) -> tuple[str, str]:
    size = f"{wording.number(megabytes(len(data)), 1)} MB"
    if image.format in SHOWN_FORMATS and len(data) <= WHOLE_BYTES:
        return _url(image.format, data), ""
    small = preview_of(data)
    if small is None:
        return "", wording.translate("The file ({size}) cannot be shown here.", size=size)
    return _url("jpeg", small), wording.translate("A small copy; the file has {size}.", size=size)


def _url(form: str, data: bytes) -> str:
    return f"data:{media_type(form)};base64,{base64.b64encode(data).decode()}"


def _clean(text: str) -> str:
    """Without the control characters that HTML has no place for."""
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")


def _file_name(reference: Any) -> str:
    """The name of a picture that was handed in, without where it lay."""
    (row,) = fields([reference], "given") or [{"given": ""}]
    return row["given"].replace("\\", "/").rpartition("/")[2]
