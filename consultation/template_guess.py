"""Guess which passages of a conversation's prompt another picture would have otherwise.

Plain functions: what was decided, and stands in the prompt to the letter, can become a
parameter of a template, with the question that was asked for it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from consultation.errors import ConsultationError
from consultation.lettering import quoted_in
from consultation.words import words_of
from prompts.image_type import ImageType
from prompts.library_template import MOST_PARAMETERS, NAMING, is_parameter_name
from prompts.parameter import FEWEST_OPTIONS, MOST_OPTIONS, Parameter
from storage.tables import Conversation, Question

COLOR = re.compile("colou?r")


@dataclass(frozen=True)
class Guess:
    """A passage of a prompt that becomes a parameter: what it asks, and choices worth offering."""

    name: str
    passage: str
    question: str
    options: tuple[str, ...] = ()

    @property
    def as_data(self) -> dict[str, Any]:
        """The parameter as its file says it."""
        same = [_folded(option) == _folded(self.passage) for option in self.options]
        shown = [self.passage if it else one for it, one in zip(same, self.options, strict=True)]
        color = COLOR.search(self.name) and Parameter(type="color", question="?").fit(self.passage)
        return {
            "type": "color" if color else "choice" if any(same) else "string",
            "question": self.question,
            "options": (shown if any(same) else [self.passage, *shown])[:MOST_OPTIONS],
            "default": self.passage,
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


def guess(conversation: Conversation, types: Mapping[str, ImageType]) -> list[Guess]:
    """What was decided and stands in the prompt to the letter, short passages first.

    What stands within another's passage gives way to the shorter one.
    """
    prompt = prompt_of(conversation)
    asked = {question.dimension: question for question in conversation.questions}
    known = types.get(conversation.image_type)
    kept: list[Guess] = []
    entries = [one for one in conversation.briefs[-1].entries if one["source"] != "open"]
    for entry in sorted(entries, key=lambda one: len(one["value"])):
        name, passage = entry["dimension"], _unquoted(entry["value"].strip())
        if not passage or not is_parameter_name(name):
            continue
        guessed = Guess(name, passage, *_question(name, asked.get(name), known))
        offers = len(guessed.as_data["options"]) >= FEWEST_OPTIONS
        if offers and _stands(prompt, [*kept, guessed]):
            kept.append(guessed)
    return kept[:MOST_PARAMETERS]


def correct(guessed: Iterable[Guess], wishes: Iterable[str], prompt: str) -> list[Guess]:
    """The parameters as a person wants them, in the order in which they stand in the prompt.

    A wish is `NAME=PASSAGE`, with further choices after bars, or `NAME=` for none of that
    name. Raises `ConsultationError`.
    """
    wanted = {one.name: one for one in guessed}
    chosen: list[Guess] = []
    for wish in wishes:
        name, equals, said = wish.partition("=")
        if not equals:
            raise ConsultationError(f"--set takes NAME=PASSAGE, and {wish[:40]!r} has no =.")
        before = wanted.pop(name.strip(), None)
        if said.strip():
            chosen.append(_wished(name.strip(), said, before, prompt))
    free = [one for one in wanted.values() if _stands(prompt, [*chosen, one])]
    return [one for _, _, one in sorted(places(prompt, [*chosen, *free]), key=lambda at: at[:2])]


def places(prompt: str, chosen: Iterable[Guess]) -> Iterator[tuple[int, int, Guess]]:
    """Where each passage stands first, as words of their own."""
    for one in chosen:
        found = re.search(rf"(?<!\w){re.escape(one.passage)}(?!\w)", prompt)
        if found:
            yield found.start(), found.end(), one


def _unquoted(passage: str) -> str:
    """What stands between quotation marks, where all of it does: the template keeps the marks."""
    inside = quoted_in(passage)
    return inside[0] if inside and len(passage) == len(inside[0]) + 2 else passage


def _wished(name: str, said: str, before: Guess | None, prompt: str) -> Guess:
    if not is_parameter_name(name):
        raise ConsultationError(f"{name[:40]!r} names no parameter; {NAMING}")
    passage, *others = [part.strip() for part in said.split("|") if part.strip()]
    options = tuple(others) or (before.options if before else ())
    wished = Guess(name, passage, before.question if before else f"Which {name}?", options)
    if not _stands(prompt, [wished]):
        raise ConsultationError(
            f"{passage[:60]!r} does not stand in the prompt to the letter: {prompt}"
        )
    if len(wished.as_data["options"]) < FEWEST_OPTIONS:
        raise ConsultationError(
            f"{name} needs another choice to offer: --set '{name}={passage}|ANOTHER CHOICE'."
        )
    return wished


def _question(
    name: str, asked: Question | None, known: ImageType | None
) -> tuple[str, tuple[str, ...]]:
    """What to ask for a dimension, and what to offer."""
    if asked:
        return asked.text, tuple(asked.options)
    seeds = known.dimensions.get(name) if known else None
    return (f"{seeds.asks}?", tuple(seeds.options)) if seeds else (f"Which {name}?", ())


def _stands(prompt: str, chosen: list[Guess]) -> bool:
    """Whether all passages stand in the prompt, and none reaches into another."""
    spans = sorted((start, end) for start, end, _ in places(prompt, chosen))
    apart = all(end <= start for (_, end), (start, _) in pairwise(spans))
    return apart and len(spans) == len(chosen)


def _folded(text: str) -> list[str]:
    return [word.text for word in words_of(text)]
