"""Words of any language as they are compared: folded, near each other, related, refusing.

No list of any language's words is used but the refusing ones (`prompts/refusing.yaml`).
Thresholds come from 552 honest and 792 dishonest changes of quotes in written dialogues.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Literal, NamedTuple

import yaml
from rapidfuzz.distance import OSA

from prompts.prompt_files import SHIPPED

Script = Literal["spaced", "hangul", "unspaced"]

UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
"""Thai to Khmer, kana and ideographs: scripts in which a sign is compared, not a word."""

HIRAGANA = re.compile("[\u3041-\u309f]")
HANGUL = re.compile("[\uac00-\ud7a3]")
CLAUSE_END = re.compile(r"[,.;:!?()\n،؛؟、。\uff01\uff1f\uff1b\uff1a]|\s[-–—]\s")
QUESTION_MARKS = ("?", "\uff1f", "؟")
APOSTROPHES = "'’‘\u02bc\uff07"

SHORTEST = 4
"""Letters that make a word worth keeping: with 3, half of the honest turns had one left."""

LONG_ENOUGH_TO_SHARE = 3
"""Letters of a word that a stretch and its quote may share: `dog`, `red` count there."""

LONG = 7
"""Letters from which on two slips of the pen are one word; `warm` and `worm` are two."""

LONGEST_ENDING = 3
"""Letters by which one word may outgrow the other: `Leute`, `Leuten`; `paint`, `painted`."""


class Word(NamedTuple):
    """A word of a text, folded: its place there, and whether it refuses or holds a digit."""

    text: str
    start: int
    end: int
    script: Script
    refuses: bool
    number: bool


class Refusing(NamedTuple):
    """What refuses, of all languages at once, folded."""

    words: frozenset[str]
    pieces: re.Pattern[str]
    contrasting: frozenset[str]


def fold(text: str) -> str:
    """The text without case, width, accents and apostrophes, for comparing alone."""
    flat = unicodedata.normalize("NFKD", text).casefold()
    kept = (
        sign
        for sign in flat
        # The marks of kana (ga from ka) make another sound, so they stay.
        if not (unicodedata.category(sign) == "Mn" and sign not in "\u3099\u309a")
    )
    return unicodedata.normalize("NFC", "".join(kept)).translate(
        dict.fromkeys(map(ord, APOSTROPHES))
    )


@cache
def refusing() -> Refusing:
    """The words that refuse, read once from their file."""
    data = yaml.safe_load((SHIPPED / "refusing.yaml").read_text(encoding="utf-8"))
    pieces = sorted({p for some in data["pieces"].values() for p in some}, key=len, reverse=True)
    return Refusing(
        words=frozenset(fold(word) for some in data["words"].values() for word in some),
        pieces=re.compile("|".join(map(re.escape, pieces))),
        contrasting=frozenset(fold(word) for word in data["contrasting"]),
    )


@lru_cache(maxsize=1024)
def words_of(text: str) -> tuple[Word, ...]:
    """The words of a text in order; of scripts without spaces each sign is one."""
    refused = [match.span() for match in refusing().pieces.finditer(text)]
    found: list[Word] = []
    start = None
    for place, sign in enumerate(f"{text} "):
        if _belongs(sign, text, place) and not UNSPACED.match(sign):
            start = place if start is None else start
            continue
        if start is not None:
            found.append(_word(text, start, place, refused))
            start = None
        if UNSPACED.match(sign):
            found.append(_word(text, place, place + 1, refused))
    return tuple(found)


def _belongs(sign: str, text: str, place: int) -> bool:
    """Whether a sign is part of a word: a letter, a mark upon one, an apostrophe between two."""
    if sign.isalnum() or unicodedata.category(sign).startswith("M"):
        return True
    inside = sign in APOSTROPHES and 0 < place < len(text) - 1
    return inside and text[place - 1].isalnum() and text[place + 1].isalnum()


def _word(text: str, start: int, end: int, refused: list[tuple[int, int]]) -> Word:
    own = text[start:end]
    folded = fold(own)
    script: Script = "spaced"
    if UNSPACED.match(own):
        script = "unspaced"
    elif HANGUL.search(own):
        script = "hangul"
    refuses = folded in refusing().words or (
        script != "spaced" and any(a < end and start < b for a, b in refused)
    )
    number = any(sign.isdigit() for sign in folded)  # numbers are compared to the digit
    return Word(folded, start, end, script, refuses, number)


def is_content(word: Word, shortest: int = SHORTEST) -> bool:
    """Whether a word says something of its own: long enough, a number, refusing, a sign."""
    if word.script == "unspaced":
        return True
    if word.script == "hangul":
        return len(word.text) > 1
    return len(word.text) >= shortest or word.refuses or word.number


def asks(text: str, end: int) -> bool:
    """Whether a question mark follows where words of a text end."""
    return text[end:].lstrip().startswith(QUESTION_MARKS)


def distinct(words: Iterable[Word]) -> list[Word]:
    """Each word once, however often it stands there: a long message repeats most of its own."""
    return list({(word.text, word.refuses): word for word in words}.values())


def content(words: Iterable[Word], shortest: int = SHORTEST) -> list[Word]:
    """Those of the words that say something of their own."""
    return [word for word in words if is_content(word, shortest)]


def size(words: Iterable[Word]) -> int:
    """How much words say: one for each content word, one for two signs that are not grammar."""
    telling = content(words)
    signs = sum(word.script == "unspaced" for word in telling)
    names = sum(word.script == "unspaced" and not HIRAGANA.match(word.text) for word in telling)
    return len(telling) - signs + (names + 1) // 2


def near(one: Word, other: Word) -> bool:
    """Whether two words are one: a slip of the pen, an ending; never a number or a refusal."""
    if one.text == other.text:
        return True
    if one.refuses or other.refuses:  # nix for nichts; never a sign of a refusal for another
        return one.refuses and other.refuses and "unspaced" not in (one.script, other.script)
    if one.number or other.number or "unspaced" in (one.script, other.script):
        return False
    if "hangul" in (one.script, other.script):  # particles hang on the end
        return min(len(one.text), len(other.text)) > 1 and one.text[:2] == other.text[:2]
    return _near(one.text, other.text)


@lru_cache(maxsize=65536)
def _near(a: str, b: str) -> bool:
    short = min(len(a), len(b))
    if short == SHORTEST - 1:  # dog, dogs; she, shes
        return abs(len(a) - len(b)) == 1 and (a.startswith(b) or b.startswith(a))
    if short < SHORTEST or a[0] != b[0]:
        return False
    if a[:short] == b[:short] and abs(len(a) - len(b)) <= LONGEST_ENDING:
        return True
    apart = 1 if short < LONG else 2
    return OSA.distance(a, b, score_cutoff=apart) <= apart


def related(one: Word, other: Word) -> bool:
    """Wider than `near`, for sharing something: also compounds and derived words."""
    if near(one, other):
        return True
    if one.refuses != other.refuses or one.number or other.number:
        return False
    return "unspaced" not in (one.script, other.script) and _related(one.text, other.text)


@lru_cache(maxsize=65536)
def _related(a: str, b: str) -> bool:
    short = min(len(a), len(b))
    same = next((n for n in range(short) if a[n] != b[n]), short)
    if short >= SHORTEST and same >= max(SHORTEST, short - LONGEST_ENDING):
        return True
    if "\u0600" <= a[0] <= "\u06ff":  # Arabic sets "and", "the", "with" before the word
        return short >= LONG_ENOUGH_TO_SHARE and (a.endswith(b) or b.endswith(a))
    return short > SHORTEST and (a in b or b in a)


def share(some: Iterable[Word], others: Iterable[Word]) -> list[Word]:
    """Those of `some` that are related to one of `others`; grammar's signs do not count."""
    theirs = [word for word in content(others, LONG_ENOUGH_TO_SHARE) if _tells(word)]
    mine = [word for word in content(some, LONG_ENOUGH_TO_SHARE) if _tells(word)]
    return [word for word in mine if any(related(word, other) for other in theirs)]


def _tells(word: Word) -> bool:
    return not HIRAGANA.match(word.text)
