"""What a prompt file gives, to be looked at: its samples filled in, and how long they are."""

import os
from typing import Any

from prompts.file_kinds import PromptFile
from prompts.image_type import ImageType
from prompts.store import PromptStore
from prompts.word_lists import Ways

LETTERS_PER_TOKEN = 4
"""A rule of thumb for English; no tokenizer is at hand."""
FACILITATOR, VARY = "consultation/facilitator", "generation/vary"


def previews(place: PromptFile, parsed: Any, library: PromptStore) -> dict[str, str]:
    """What a file gives, by sample; nothing for lists of words. Raises `PromptError`.

    An image type is shown as the facilitator is told of it, a way to vary as the
    assistant model is told of it.
    """
    match place.kind:
        case "template":
            return {name: parsed.render(**values) for name, values in parsed.header.samples.items()}
        case "image type":
            return _of_type(parsed, library)
        case "library":
            return {"example": parsed.render(parsed.example.values)}
    return _of_ways(parsed, library) if isinstance(parsed, Ways) else {}


def tokens(text: str) -> int:
    """About how many tokens a text has: an estimate."""
    return -(-len(text) // LETTERS_PER_TOKEN)


def stable_prefix(texts: list[str]) -> str:
    """What all texts begin with: the part that OpenAI's prompt cache can hold."""
    return os.path.commonprefix(texts)  # noqa: RUF071  # letter by letter is meant


def _of_type(image_type: ImageType, library: PromptStore) -> dict[str, str]:
    return {
        mode: library.render(FACILITATOR, mode=mode, image_types=[image_type]).text
        for mode in ("guided", "explorer")
    }


def _of_ways(ways: Ways, library: PromptStore) -> dict[str, str]:
    return {
        f"{thing}: {way.name}": library.render(VARY, say=way.say, strategy=thing).text
        for thing, listed in ways
        for way in listed
    }
