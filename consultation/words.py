"""Words of any language as they are compared: folded, near each other, refusing.

No list of any language's words is used but the refusing ones (`prompts/refusing.yaml`).
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

import yaml
from rapidfuzz.distance import JaroWinkler

from prompts.prompt_files import SHIPPED

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Thai to Khmer, kana and ideographs: scripts in which a sign is compared, not a word."""

MARKS = "".join(s for s in map(chr, range(0x300, 0xE00)) if unicodedata.category(s)[0] == "M")
"""Accents that stand apart, and the vowels of Hebrew, Arabic and the scripts of India."""

APOSTROPHES = "'’‘\u02bc\uff07"
WORD = re.compile(
    rf"[{UNSPACED}]|(?:(?![{UNSPACED}])"
    rf"(?:[^\W_]|[{MARKS}]|(?<=[^\W_])[{APOSTROPHES}](?=[^\W_])))+"
)
HIRAGANA = re.compile("[\u3041-\u309f]")
QUESTION_MARKS = "?\uff1f؟"
CLAUSE_END = re.compile(r"[,.;:!?()\n،؛؟、。\uff0c\uff01\uff1f\uff1b\uff1a]|\s[-–—]\s")

SHORTEST = 4
"""Letters that make a word worth keeping: with 3, half of the honest turns had one left."""

SHORTEST_TO_SHARE = 3
"""Letters of a word that a stretch and its quote may share: `dog`, `red` count there."""

LONG = 5
"""Letters of a word that names one thing and no other: it can tell two options apart."""

ALIKE = 0.9
"""Likeness of a slip of the pen or an ending: `paint`, `painted`; `warm` and `worm` have 0.85."""


class Word(NamedTuple):
    """A word of a text, folded, or a sign of a script without spaces, and its place there."""

    text: str
    start: int
    end: int
    signed: bool
    refuses: bool
    number: bool

    @property
    def is_strict(self) -> bool:
        """Whether it is a number or refuses: no other word may stand for it."""
        return self.refuses or self.number

    def tells(self, shortest: int = SHORTEST) -> bool:
        """Whether it says something of its own: long enough, a number, refusing, a sign."""
        return len(self.text) >= shortest or self.signed or self.is_strict


class Refusing(NamedTuple):
    """What refuses, of all languages at once, folded."""

    words: frozenset[str]
    behind: frozenset[str]
    pieces: re.Pattern[str]
    contrasting: frozenset[str]


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """The text without case, width, accents and apostrophes, for comparing alone."""
    # The marks of kana (ga from ka) make another sound, so they stay. Korean syllables fall
    # into their letters, of which a particle at the end is but an ending.
    return "".join(
        sign
        for sign in unicodedata.normalize("NFKD", text).casefold()
        if sign in "\u3099\u309a" or not (unicodedata.category(sign) == "Mn" or sign in APOSTROPHES)
    )


@cache
def refusing() -> Refusing:
    """The words that refuse, read once from their file."""
    data = yaml.safe_load((SHIPPED / "refusing.yaml").read_text(encoding="utf-8"))
    pieces = sorted({p for some in data["pieces"].values() for p in some}, key=len, reverse=True)
    words, behind = (
        frozenset(fold(word) for some in data[name].values() for word in some)
        for name in ("words", "words_behind")
    )
    return Refusing(
        words=words,
        behind=behind,
        pieces=re.compile("|".join(map(re.escape, pieces))),
        contrasting=frozenset(fold(word) for word in data["contrasting"]),
    )


@lru_cache(maxsize=1024)
def words_of(text: str) -> tuple[Word, ...]:
    """The words of a text in order; of scripts without spaces each sign is one."""
    refused = [match.span() for match in refusing().pieces.finditer(text)]
    return tuple(_word(text, *match.span(), refused) for match in WORD.finditer(text))


def _word(text: str, start: int, end: int, refused: list[tuple[int, int]]) -> Word:
    folded = fold(text[start:end])
    signed = re.match(f"[{UNSPACED}]", text[start]) is not None
    known = refusing()
    refuses = folded in known.words | known.behind or any(a < end and start < b for a, b in refused)
    number = any(sign.isdigit() for sign in folded)  # numbers are compared to the digit
    return Word(folded, start, end, signed, refuses, number)


def content(words: Iterable[Word], shortest: int = SHORTEST) -> list[Word]:
    """Those of the words that say something of their own."""
    return [word for word in words if word.tells(shortest)]


def distinct(words: Iterable[Word]) -> list[Word]:
    """Each word once, however often it stands there: a long message repeats most of its own."""
    return list({(word.text, word.refuses): word for word in words}.values())


def size(words: Iterable[Word]) -> float:
    """How much words say: one for each content word, half for a sign that is not grammar."""
    telling = (word for word in content(words) if not HIRAGANA.match(word.text))
    return sum(0.5 if word.signed else 1 for word in telling)


def asks(text: str, start: int, end: int) -> bool:
    """Whether a question mark stands in a piece of a text, or right behind it."""
    return any(sign in text[start:end] + text[end:].lstrip()[:1] for sign in QUESTION_MARKS)


def near(one: Word, other: Word) -> bool:
    """Whether two words are one: a slip of the pen, an ending; never a number or a refusal."""
    if one.text == other.text:
        return True
    signed = one.signed or other.signed
    if signed or one.is_strict or other.is_strict:  # nix for nichts; never one sign for another
        return one.refuses and other.refuses and not signed
    return _alike(one.text, other.text)


@lru_cache(maxsize=65536)
def _alike(a: str, b: str) -> bool:
    if min(len(a), len(b)) < SHORTEST_TO_SHARE or a[0] != b[0]:
        return False
    return JaroWinkler.similarity(a, b, score_cutoff=ALIKE) > 0


def among(word: Word, others: Iterable[Word]) -> bool:
    """Whether a word is near one of others."""
    return any(near(word, other) for other in others)


def share(some: Iterable[Word], others: Iterable[Word]) -> list[Word]:
    """Those of `some` that are near one of `others`.

    Hiragana are mostly grammar: two in a row have to stand so in both.
    """
    mine, theirs = (content(words, SHORTEST_TO_SHARE) for words in (some, others))
    rows = {one.text + other.text for one, other in pairwise(theirs)}
    spelled = {word for row in pairwise(mine) if row[0].text + row[1].text in rows for word in row}
    return [
        word
        for word in mine
        if (word in spelled if HIRAGANA.match(word.text) else among(word, theirs))
    ]
