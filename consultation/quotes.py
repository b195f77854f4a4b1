"""Compare what a model claims that a person said with what the person said.

Plain functions on text. Comparison ignores case, width, punctuation and spacing, so it
also works for scripts without spaces.
"""

import re
import unicodedata
from functools import cache

from prompts.prompt_files import SHIPPED
from prompts.source import read_text
from prompts.word_lists import WORDING, Wording, parse_list

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
MARK = re.compile(r"[,.;:!?()\n、。！？；،؛؟]|\s[-–—]\s")
LONGEST_WISH = 6


@cache
def wording() -> Wording:
    """Read the lists once."""
    lists: Wording = parse_list(WORDING, read_text(SHIPPED / WORDING, WORDING))
    return lists


def words(text: str) -> list[str]:
    """The words of a text as they are compared."""
    return WORD.findall(_folded(text))


def content(text: str) -> list[str]:
    """The words that say something: neither joining ones nor courtesy."""
    lists = wording()
    return [word for word in words(text) if word not in lists.joining | lists.courtesy]


def occurs(phrase: str, text: str) -> bool:
    """Whether a text says a phrase: the same letters in a row, or all its words somewhere."""
    if _letters(phrase) in _letters(text):
        return True
    there = set(words(text))
    return all(word in there or word in wording().joining for word in words(phrase))


def share_said(phrase: str, text: str) -> float:
    """How much of a phrase's content a text says, from 0 to 1."""
    said = content(phrase)
    if not said or occurs(phrase, text):
        return 1.0
    there = set(words(text))
    return sum(word in there for word in said) / len(said)


def quoted(text: str) -> list[str]:
    """The texts between quotation marks, as typed."""
    found: list[tuple[int, str]] = []
    for pair in wording().quotes:
        opening, closing = pair[0], pair[1]
        pattern = f"{re.escape(opening)}([^{re.escape(opening + closing)}\n]+){re.escape(closing)}"
        found += [(match.start(), match[1].strip()) for match in re.finditer(pattern, text)]
    # An ASCII apostrophe quotes only where it stands at the edges of words.
    found += [
        (match.start(), match[1].strip())
        for match in re.finditer(r"(?<!\w)'([^'\n]+(?:'\w[^'\n]*)*)'(?!\w)", text)
    ]
    return list(dict.fromkeys(quote for _, quote in sorted(found) if quote))


def leaves_open(text: str) -> bool:
    """Whether a text leaves the choice to us, or ends the questions, and says nothing else."""
    return " ".join(word for word in words(text) if word not in wording().courtesy) in _leaving()


@cache
def _leaving() -> frozenset[str]:
    """The ways to leave a choice, without courtesy."""
    bare = (
        " ".join(word for word in words(entry) if word not in wording().courtesy)
        for entry in wording().leaving
    )
    return frozenset(bare)


def refusals(text: str) -> list[str]:
    """The wishes of the kind "no people", each with its refusing word."""
    wishes: list[str] = []
    for part in MARK.split(_without_quotes(text)):
        after = re.search(rf"\S*?\w({'|'.join(sorted(wording().refusing_after))})", part)
        wishes += [after[0].strip("」』”»")] if after else []
        found = part.split()
        for at, word in enumerate(found):
            if _bare(word) in wording().refusing and (wish := _wish(found[at + 1 :])):
                wishes.append(f"{word} {wish}")
    return wishes


def mentions(text: str, wish: str) -> bool:
    """Whether a text speaks of what a wish refuses."""
    return bool(set(_refused(wish)) & set(words(text))) or _refused_letters(wish) in _letters(text)


def refuses(text: str, wish: str) -> bool:
    """Whether a text refuses the same, in these words or with another refusing word."""
    if occurs(wish, text):
        return True
    found = set(words(text))
    return set(_refused(wish)) <= found and bool(found & wording().refusing)


def _refused(wish: str) -> list[str]:
    return [word for word in content(wish) if word not in wording().refusing]


def _refused_letters(wish: str) -> str:
    letters = "".join(_refused(wish))
    for ending in wording().refusing_after:
        letters = letters.removesuffix(ending)
    return letters


def _letters(text: str) -> str:
    return "".join(words(text))


def _wish(following: list[str]) -> str:
    taken: list[str] = []
    for word in following[:LONGEST_WISH]:
        if _bare(word) in wording().ending | wording().refusing:
            break
        taken.append(word)
    if not taken or _bare(taken[0]) in wording().no_wish:
        return ""
    return " ".join(taken)


def _without_quotes(text: str) -> str:
    for quote in quoted(text):
        text = text.replace(quote, ",")
    return text


def _bare(word: str) -> str:
    return "".join(words(word))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
