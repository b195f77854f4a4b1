"""Make a template of a conversation's prompt: what was decided in it becomes parameters.

Plain functions: a recorded conversation goes in, the text of a library file comes out.
What was decided, and stands in the prompt to the letter, is a passage that another picture
would have otherwise. The example is the conversation itself, so that it gives that very prompt.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import yaml
from pydantic import ValidationError

from consultation.lettering import QUOTED, quoted_in
from consultation.transcript import ConsultationError
from consultation.words import fold
from prompts.image_type import ImageType, SuggestedSettings
from prompts.library_template import MOST_PARAMETERS, NAMING, is_parameter_name
from prompts.parameter import FEWEST_OPTIONS, MOST_OPTIONS, Parameter
from prompts.source import STEM
from prompts.wording import Wording
from storage.tables import Conversation

CATEGORIES = {
    "presentation": "presentation",
    "product": "marketing",
    "social_media": "marketing",
    "logo": "marketing",
    "diagram": "technical",
    "icon": "technical",
    "character": "reference",
}
"""Where templates of an image type go; those of any other are art."""
LONGEST_LINE = 96
"""Columns of the file: what fits beside an editor's line numbers."""
LONGEST_TITLE = 200
"""Characters of the title in the description, which takes 240 in all."""
COLOR = re.compile("colou?r")
BRACES = re.compile(r"\{[{%#]")
WHY = "as in the conversation that it was saved from"


@dataclass(frozen=True)
class Passage:
    """Words of a prompt that become a parameter: what it asks, and choices worth offering."""

    name: str
    text: str
    question: str
    options: tuple[str, ...] = ()

    @property
    def as_data(self) -> dict[str, Any]:
        """The parameter as its file says it."""
        same = [fold(option) == fold(self.text) for option in self.options]
        offered = [self.text if it else one for it, one in zip(same, self.options, strict=True)]
        color = COLOR.search(self.name) and Parameter(type="color", question="?").fit(self.text)
        return {
            "type": "color" if color else "choice" if any(same) else "string",
            "question": self.question,
            "options": (offered if any(same) else [self.text, *offered])[:MOST_OPTIONS],
            "default": self.text,
        }


def prompt_of(conversation: Conversation) -> str:
    """The newest refined prompt. Raises `ConsultationError` where there is none."""
    ready = [brief for brief in conversation.briefs if brief.phrases]
    if not ready:
        raise ConsultationError(
            f"Conversation {conversation.id} has no refined prompt yet. Finish it first: "
            f"image-consultant consult --conversation {conversation.id}"
        )
    return "".join(phrase["text"] for phrase in ready[-1].phrases).strip()


def draft_name(conversation: Conversation) -> str:
    """A name for the template, made of the title's words."""
    plain = "_".join(re.findall("[a-z0-9]+", conversation.title.casefold()))[:40].strip("_")
    return plain if STEM.fullmatch(plain) else f"template_{conversation.id.split('_')[-1][:8]}"


def guess_passages(
    conversation: Conversation, types: Mapping[str, ImageType], wording: Wording
) -> list[Passage]:
    """What was decided and stands in the prompt to the letter, short passages first.

    What stands within another's passage gives way to the shorter one.
    """
    prompt = prompt_of(conversation)
    passages: list[Passage] = []
    entries = [one for one in conversation.briefs[-1].entries if one["source"] != "open"]
    for entry in sorted(entries, key=lambda one: len(one["value"])):
        name, text = entry["dimension"], _unquoted(entry["value"].strip())
        if not text or not is_parameter_name(name):
            continue
        passage = Passage(name, text, *_question(name, conversation, types, wording))
        offers = len(passage.as_data["options"]) >= FEWEST_OPTIONS
        if offers and _apart(prompt, [*passages, passage]):
            passages.append(passage)
    return passages[:MOST_PARAMETERS]


def correct(passages: Iterable[Passage], wishes: Iterable[str], prompt: str) -> list[Passage]:
    """The parameters as a person wants them, in the order in which they stand in the prompt.

    A wish is `NAME=PASSAGE`, with further choices after bars, or `NAME=` for none of that
    name. Raises `ConsultationError`.
    """
    guesses = {one.name: one for one in passages}
    chosen: list[Passage] = []
    for wish in wishes:
        name, equals, value = wish.partition("=")
        if not equals:
            raise ConsultationError(f"--set takes NAME=PASSAGE, and {wish[:40]!r} has no =.")
        guess = guesses.pop(name.strip(), None)
        if value.strip():
            chosen.append(_wish(name.strip(), value, guess, prompt))
    free = [one for one in guesses.values() if _apart(prompt, [*chosen, one])]
    return [one for _, _, one in sorted(_places(prompt, [*chosen, *free]), key=lambda at: at[:2])]


def draft_text(
    conversation: Conversation, prompt: str, passages: Iterable[Passage], *, describe: str
) -> str:
    """The text of the library file. Raises `ConsultationError` where nothing would be asked."""
    places = list(_places(prompt, passages))
    if not places:
        raise ConsultationError(
            "Nothing that was decided stands in the prompt to the letter. Name a passage, such as "
            f"--set 'subject={prompt[:40]}|ANOTHER CHOICE'."
        )
    parts, end = [], 0
    for start, stop, one in places:
        parts += [_literal(prompt[end:start]), f"{{{{{one.name}}}}}"]
        end = stop
    title = conversation.title or "A picture"
    description = f"{title[:LONGEST_TITLE]}, saved from a conversation."
    data = {
        "description": describe.strip() or description,
        "image_type": conversation.image_type or "general",
        "parameters": {one.name: one.as_data for _, _, one in places},
        "template": _Prose("".join([*parts, _literal(prompt[end:])])),
        "suggested": _suggested(conversation.briefs[-1].suggested),
        "example": {
            "values": {one.name: one.text for _, _, one in places},
            "renders": _Prose(prompt),
        },
    }
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=LONGEST_LINE)


def _places(prompt: str, passages: Iterable[Passage]) -> Iterator[tuple[int, int, Passage]]:
    """Where each passage stands, as words of their own: alone in quotation marks, else first."""
    marks = [mark.span() for mark in QUOTED.finditer(prompt)]
    for one in passages:
        words = re.finditer(rf"(?<!\w){re.escape(one.text)}(?!\w)", prompt)
        spans = [match.span() for match in words]
        alone = [
            (start, end)
            for start, end in spans
            for a, z in marks
            if a < start < z and prompt[a + 1 : z - 1].strip() == one.text
        ]
        if spans:
            yield *(alone or spans)[0], one


def _apart(prompt: str, passages: list[Passage]) -> bool:
    """Whether all passages stand in the prompt, and none reaches into another."""
    spans = sorted((start, end) for start, end, _ in _places(prompt, passages))
    apart = all(end <= start for (_, end), (start, _) in pairwise(spans))
    return apart and len(spans) == len(passages)


def _unquoted(text: str) -> str:
    """The one text in quotation marks, where there is one: the template keeps the marks."""
    inside = quoted_in(text)
    return inside[0] if len(inside) == 1 else text


def _question(
    name: str, conversation: Conversation, types: Mapping[str, ImageType], wording: Wording
) -> tuple[str, tuple[str, ...]]:
    """What to ask for a dimension, and what to offer: as it was asked, else as the type says, which
    is English, and in other languages by what they call it."""
    for question in reversed(conversation.questions):
        if question.dimension == name:
            return question.text, tuple(question.options)
    image_type = types.get(conversation.image_type)
    seeds = image_type.dimensions.get(name) if image_type else None
    is_english = conversation.language.startswith("en")
    asks = seeds.asks if seeds and is_english else wording.name_of(name)
    return f"{asks}?", tuple(seeds.options) if seeds else ()


def _wish(name: str, value: str, guess: Passage | None, prompt: str) -> Passage:
    """A passage as a person names it. Raises `ConsultationError` where it will not do."""
    if not is_parameter_name(name):
        raise ConsultationError(f"{name[:40]!r} names no parameter; {NAMING}")
    text, *others = [part.strip() for part in value.split("|") if part.strip()]
    options = tuple(others) or (guess.options if guess else ())
    passage = Passage(name, text, guess.question if guess else f"Which {name}?", options)
    if not _apart(prompt, [passage]):
        raise ConsultationError(
            f"{text[:60]!r} does not stand in the prompt to the letter: {prompt}"
        )
    if len(passage.as_data["options"]) < FEWEST_OPTIONS:
        raise ConsultationError(
            f"{name} needs another choice to offer: --set '{name}={text}|ANOTHER CHOICE'."
        )
    return passage


def _literal(text: str) -> str:
    """Text that Jinja prints as it is."""
    return f"{{% raw %}}{text}{{% endraw %}}" if BRACES.search(text) else text


def _suggested(settings: Mapping[str, str]) -> dict[str, Any]:
    try:
        return SuggestedSettings(**settings, why=WHY).model_dump()
    except ValidationError:  # such as gif, which only a call may ask for
        return SuggestedSettings(why=WHY).model_dump()


class _Prose(str):
    """Prose, broken into lines where the file allows it."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(
    _Prose, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style=">")
)
