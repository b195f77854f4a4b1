"""What options look like: colours or a small drawing, by words that name them in any language."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated

from pydantic import Field

from prompts.source import FileModel, read_yaml

LOOKS = "looks.yaml"

Look = Annotated[str, Field(pattern=r"^(#[0-9a-f]{6}( #[0-9a-f]{6})*|M[A-Za-z0-9 .,-]+)$")]
"""Colours side by side, or the path of an SVG, 24 wide and high."""


class Looks(FileModel):
    """The looks of `looks.yaml` by dimension, each with words that name it."""

    dimensions: dict[str, dict[Look, list[str]]]


@lru_cache(maxsize=64)
def parse_looks(source: str) -> Looks:
    """Read `looks.yaml`, the same text once. Raises `PromptError` with line and fix."""
    return read_yaml(LOOKS, source, begin="dimensions: {palette: ...}").parse(Looks)


def look_of(option: str, looks: Mapping[str, list[str]]) -> str:
    """The look that the longest words in an option name, whatever follows them; else ""."""
    text = option.casefold()
    named = [
        (len(word), look)
        for look, words in looks.items()
        for word in words
        # Japanese has no spaces between words, so only letters of ours keep a word from beginning.
        if re.search(rf"(?<![a-zß-ž]){re.escape(word.casefold())}", text)
    ]
    return max(named, default=(0, ""))[1]
