"""Words of any language as they are compared: folded, near each other, refusing.

No list of any language's words is used but the refusing ones (`prompts/refusing.yaml`).
"""

import re
import unicodedata
from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from itertools import groupby, pairwise
from typing import NamedTuple

import yaml
from rapidfuzz.distance import JaroWinkler

from prompts import template_names
from prompts.prompt_files import SHIPPED
from prompts.template_names import UNSPACED

MARKS = "".join(s for s in map(chr, range(0x300, 0xE00)) if unicodedata.category(s)[0] == "M")
"""Accents that stand apart, and the vowels of Hebrew, Arabic and the scripts of India."""

APOSTROPHES = "'’‘\u02bc\uff07"
WORD = re.compile(
    rf"[{UNSPACED}]|(?:(?![{UNSPACED}])"
    rf"(?:[^\W_]|[{MARKS}]|(?<=[^\W_])[{APOSTROPHES}](?=[^\W_])))+"
)
HIRAGANA = re.compile("[\u3041-\u309f]")
QUESTION_MARKS = "?\uff1f؟"
CLAUSE_END = re.compile(r"[,.;:!?()\n،؛؟\u06d4।॥、。\uff0c\uff01\uff1f\uff1b\uff1a]|\s[-–—]\s")

SHORTEST = 4
"""Letters that make a word worth keeping: with 3, half of the honest turns had one left."""

SHORTEST_TO_SHARE = 3
"""Letters of a word that a stretch and its quote may share: `dog`, `red` count there."""

LONG = 5
"""Letters of a word that names one thing and no other: it can tell two options apart. With 4 five
honest turns more of 84 go back, with 6 a lazy answer passes."""

ALIKE = 0.9
"""Likeness of a slip of the pen or an ending: `paint`, `painted`; `warm` and `worm` have 0.85."""

LONGEST_PREFIX = 3
"""Letters of `and`, `in` and `the` that Hebrew and Arabic write onto a word. Scripts with capitals
have none such: `scharf` is not `unscharf`."""

FAR = 8
"""Words beside a refusing one, in its clause, that it may refuse: few clauses go on longer, and
with 4 an honest turn more goes back."""


class Word(NamedTuple):
    """A word of a text, folded, or a sign of a script without spaces, and its place there: the
    letters, and the clause by its number."""

    text: str
    start: int
    end: int
    clause: int
    signed: bool
    refuses: bool
    number: bool


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """The text without case, width, accents and apostrophes, for comparing alone."""
    # Korean syllables fall into their letters, of which a particle at the end is but an ending.
    letters = unicodedata.normalize("NFKD", template_names.fold(text))
    return "".join(sign for sign in letters if sign not in APOSTROPHES)


Languages = frozenset[str]
"""Subtags such as `pt` of those in which words refuse beside the English ones."""

_LANGUAGES: ContextVar[Languages] = ContextVar("languages", default=frozenset())


@contextmanager
def spoken(languages: Iterable[str]) -> Iterator[None]:
    """Have words refuse that do so in these languages, by their BCP 47 tags: "en" refuses in
    Finnish and is "in" in Spanish."""
    token = _LANGUAGES.set(frozenset(tag.split("-")[0].lower() for tag in languages))
    try:
        yield
    finally:
        _LANGUAGES.reset(token)


class Refusing(NamedTuple):
    """What refuses in some languages: whole words, those among them that stand behind what they
    refuse, those of a prompt that put one thing in place of another, and pieces of words."""

    words: frozenset[str]
    behind: frozenset[str]
    contrasting: frozenset[str]
    pieces: re.Pattern[str]


@cache
def _lists() -> dict[str, dict[str, list[str]]]:
    """The words of the file by their kind and language."""
    lists: dict[str, dict[str, list[str]]]
    lists = yaml.safe_load((SHIPPED / "refusing.yaml").read_text(encoding="utf-8"))
    return lists


@cache
def _refusing_in(languages: Languages) -> Refusing:
    data = _lists()
    harmless = {fold(word) for one in languages for word in data["harmless"].get(one, ())}

    def listed(kind: str) -> list[str]:
        return [word for one in {*languages, "en"} for word in data[kind].get(one, ())]

    words, behind, contrasting = (
        frozenset(map(fold, listed(kind))) - harmless for kind in ("words", "behind", "contrasting")
    )
    pieces = map(re.escape, sorted(listed("pieces"), key=len, reverse=True))
    return Refusing(words | behind, behind, contrasting, re.compile("|".join(pieces) or "(?!)"))


def words_of(text: str) -> tuple[Word, ...]:
    """The words of a text in order; of scripts without spaces each sign is one."""
    return _words_of(text, _LANGUAGES.get())


@lru_cache(maxsize=1024)
def _words_of(text: str, languages: Languages) -> tuple[Word, ...]:
    known = _refusing_in(languages)
    refused = {at for match in known.pieces.finditer(text) for at in range(*match.span())}
    ends = [match.start() for match in CLAUSE_END.finditer(text)]
    words = []
    for match in WORD.finditer(text):
        folded, (start, end) = fold(match[0]), match.span()
        signed = re.match(f"[{UNSPACED}]", match[0]) is not None
        refuses = folded in known.words or not refused.isdisjoint(range(start, end))
        number = any(sign.isdigit() for sign in folded)  # numbers are compared to the digit
        words.append(Word(folded, start, end, bisect(ends, start), signed, refuses, number))
    return tuple(words)


def content(words: Iterable[Word], shortest: int = SHORTEST) -> list[Word]:
    """Those that say something of their own: long enough, a number, refusing, a sign."""
    return [w for w in words if len(w.text) >= shortest or w.signed or w.refuses or w.number]


def letters_of(words: Iterable[Word]) -> str:
    """The letters of words, however they are spaced."""
    return "".join(word.text for word in words)


def scripts_of(words: Iterable[Word]) -> set[str]:
    """The scripts that words are written in, such as LATIN; a number is of none."""
    return {unicodedata.name(sign).split()[0] for sign in {*letters_of(words)} if sign.isalpha()}


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
    if one.signed or other.signed or one.number or other.number:
        return False
    if one.refuses or other.refuses:  # nix for nichts
        return one.refuses and other.refuses
    return _alike(one.text, other.text)


@lru_cache(maxsize=65536)
def _alike(a: str, b: str) -> bool:
    short, long = sorted((a, b), key=len)
    if long.endswith(short) and not short.islower():
        return len(short) >= SHORTEST and len(long) - len(short) <= LONGEST_PREFIX
    if len(short) < SHORTEST_TO_SHARE or a[0] != b[0]:
        return False
    return JaroWinkler.similarity(a, b, score_cutoff=ALIKE) > 0


def among(word: Word, others: Iterable[Word]) -> bool:
    """Whether a word is near one of others."""
    return any(near(word, other) for other in others)


def shares(some: Iterable[Word], others: Iterable[Word]) -> bool:
    """Whether one of some words is near one of others.

    Hiragana are mostly grammar: two in a row have to stand so in both.
    """
    mine, theirs = (content(words, SHORTEST_TO_SHARE) for words in (some, others))
    rows = {one.text + other.text for one, other in pairwise(theirs)}
    return any(one.text + other.text in rows for one, other in pairwise(mine)) or any(
        among(word, theirs) for word in mine if not HIRAGANA.match(word.text)
    )


def refusals(text: str) -> Mapping[Word, list[Word]]:
    """What each refusing word of a text refuses.

    That stands behind it in its clause, or before it where the language refuses after: "you
    don't see her, only the hands" refuses no hands.
    """
    return _refusals(text, _LANGUAGES.get())


@lru_cache(maxsize=1024)
def _refusals(text: str, languages: Languages) -> Mapping[Word, list[Word]]:
    known, refused = _refusing_in(languages), {}
    for _, clause in groupby(_words_of(text, languages), key=lambda word: word.clause):
        words = [*clause]
        for number, word in enumerate(words):
            if word.refuses:
                before = [w for w in words[max(0, number - FAR) : number] if not w.refuses]
                ahead = [w for w in words[number + 1 : number + 1 + FAR] if not w.refuses]
                # Signs of Chinese refuse what comes, those of Japanese what was: 不要 does both.
                is_listed = word.text in known.words and word.text not in known.behind
                forward = is_listed or not before
                refused[word] = ahead if forward else before
    return refused


def refused_words(text: str) -> list[Word]:
    """What the refusing words of a text refuse."""
    return [word for refused in refusals(text).values() for word in refused]


def refuses(text: str) -> bool:
    """Whether a stretch of a prompt says that something is not to be."""
    contrasting = _refusing_in(_LANGUAGES.get()).contrasting
    return any(word.refuses or word.text in contrasting for word in words_of(text))
