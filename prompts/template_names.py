"""What people call a template, and which one an idea speaks of: plain text in any language."""

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache
from itertools import chain

from prompts.library_template import LibraryTemplate

WORD = re.compile(r"[^\W_]+")
SHORT = 2
"""Letters of words that are passed over: "set of icons", "aquarelle d'un paysage"."""

PLURALS = ("s", "es", "e", "n", "en", "er", "x")
"""Endings by which a plural differs from its singular in en, de, fr and es, once folded."""

STEM = 4
"""Letters of a word that can have a plural, so that `gas` and `new` stay what they are."""

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Thai to Khmer, kana and ideographs: scripts without spaces between words, of which a sign is
compared, and a name looked for sign by sign."""

KATAKANA = "[\u30a1-\u30fa\u30fc]"
VOICED = "\u3099\u309a"
"""Marks of kana (ga from ka) that make another sound; other marks are accents."""


def suggest(idea: str, templates: Collection[LibraryTemplate]) -> LibraryTemplate | None:
    """The one template whose name an idea says, as people call it in any language, or nothing."""
    lengths = {one.name: _longest_name(idea, one) for one in templates}
    longest = max(lengths.values(), default=0)
    # "character sheet" says more than the "sheet" of another template.
    close = [one for one in templates if longest and lengths[one.name] == longest]
    return close[0] if len(close) == 1 else None


def _longest_name(idea: str, template: LibraryTemplate) -> int:
    """Letters of the longest name of a template that an idea says, else 0."""
    names = [template.name.replace("_", " "), *chain(*template.called.values())]
    return max((len(name) for name in names if says(idea, name)), default=0)


def fold(text: str) -> str:
    """A text without case, width and accents, for comparing alone."""
    flat = unicodedata.normalize("NFKD", text).casefold()
    plain = (s for s in flat if unicodedata.category(s) != "Mn" or s in VOICED)
    return unicodedata.normalize("NFC", "".join(plain))


@lru_cache(maxsize=2048)  # an idea is held against each name of each template, about 600
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, folded, without very short ones."""
    return tuple(word for word in WORD.findall(fold(text)) if len(word) > SHORT)


def says(idea: str, name: str) -> bool:
    """Whether an idea has a name in it: its whole words in a row, one or many of the thing.

    Two words may be written as one, and one as two (`Icon-Set`, `Iconset`).
    """
    if re.search(f"[{UNSPACED}]", name):
        return bool(re.search(_without_neighbours(fold(name)), fold(idea)))
    words, parts = words_of(idea), words_of(name)
    if not parts:
        return False
    whole, count = "".join(parts), len(parts)
    for start in range(len(words)):
        run = words[start : start + count]
        if len(run) == count and all(map(_alike, run, parts)):
            return True
        if any(_alike("".join(words[start : start + n]), whole) for n in range(1, count + 2)):
            return True
    return False


def _without_neighbours(name: str) -> str:
    """The pattern of a name; one that ends in katakana is not the beginning of a longer word."""
    before = f"(?<!{KATAKANA})" if re.match(KATAKANA, name) else ""
    after = f"(?!{KATAKANA})" if re.search(f"{KATAKANA}$", name) else ""
    return before + re.escape(name) + after


def _alike(one: str, other: str) -> bool:
    """Whether two words are the same, or one is the plural of the other."""
    short, long = sorted((one, other), key=len)
    if short == long:
        return True
    return len(short) >= STEM and long.startswith(short) and long[len(short) :] in PLURALS
