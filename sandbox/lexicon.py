"""The words the facilitator knows: which language, which dimension, is there a subject at all."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from sandbox.openai_errors import Json

_FILE = Path(__file__).with_name("facilitator.yaml")
_NO_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_ARABIC = re.compile(r"[\u0600-\u06ff]")
_LATIN = re.compile(r"[^\W\d_\u0600-\u06ff\u3040-\u30ff\u3400-\u9fff]")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_JAPANESE_CONTENT = re.compile(r"[\u30a1-\u30ff\u3400-\u9fff]")
_UMLAUT = re.compile(r"[äöüß]", re.IGNORECASE)
_ENOUGH_COLOURS = 2
_GAP = re.compile(r"[ ,、،]{0,2}(?:(?:and|und|or|oder|&|と|و) ?)?")


@cache
def data() -> dict[str, Any]:
    """Return the data file."""
    loaded: dict[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return loaded


def order() -> list[str]:
    """Return the dimensions, those worth asking first in front."""
    return list(data()["order"])


@cache
def _pattern(*path: str | int) -> re.Pattern[str]:
    words: Any = data()
    for key in path:
        words = words[key]
    longest_first = sorted(map(str, words), key=len, reverse=True)
    return re.compile("|".join(map(_expression, longest_first)), re.IGNORECASE)


def _expression(word: str) -> str:
    stem, inflected = word.removesuffix("*"), word.endswith("*")
    exact = re.escape(stem).replace("'", "['’]")
    if _NO_SPACES.search(stem):
        return exact
    tail = r"\w*" if inflected else r"(?!\w)"
    if _ARABIC.search(stem):
        return rf"(?<!\w)[وبلف]?(?:ال)?{exact}{tail}"
    return rf"(?<!\w){exact}{tail}"


@cache
def _quoted() -> re.Pattern[str]:
    return re.compile(data()["quoted"])


@cache
def _avoided() -> re.Pattern[str]:
    return re.compile("|".join(data()["avoid"]), re.IGNORECASE)


def quotes(words: str) -> list[str]:
    """Return the quoted passages, quotation marks included."""
    return _quoted().findall(words)


def language(words: str) -> str | None:
    """Return the language of a text by its script and small words, None if neither tells.

    Quoted text does not count; a name in another script does not outweigh a sentence.
    """
    words = _quoted().sub(" ", words)
    latin = len(_LATIN.findall(words))
    if 2 * len(_NO_SPACES.findall(words)) > latin:
        return "ja"
    if len(_ARABIC.findall(words)) > latin:
        return "ar"
    said = [word.lower() for word in _WORD.findall(words)]
    german = sum(word in data()["language_words"]["de"] for word in said)
    german += len(_UMLAUT.findall(words))
    english = sum(word in data()["language_words"]["en"] for word in said)
    if german == english:
        return None
    return "de" if german > english else "en"


def question(dimension: str, tongue: str) -> Json:
    """Return the question about a dimension in a language, English if there is none."""
    asked = data()["ask"][dimension]
    chosen = asked.get(tongue) or asked["en"]
    options = list(dict.fromkeys([*chosen["options"], chosen["default"]]))
    return {"dimension": dimension, **chosen, "options": options}


def avoided(words: str) -> list[str]:
    """Return the wishes of the kind "no people"."""
    return _passages(_avoided(), _quoted().sub(lambda match: "\n" * len(match[0]), words))


def side(dimension: str, number: int, words: str) -> list[str]:
    """Return what a text says for one of the two sides of a contradiction."""
    bare = _avoided().sub("\n", _quoted().sub("\n", words))
    return _pattern("contradictions", dimension, number).findall(bare)


def changes_mind(words: str) -> bool:
    """Return whether a text says that it replaces what was said before."""
    return bool(_pattern("changes").search(words))


def spans(words: str, *, weak: bool) -> dict[str, list[str]]:
    """Return the passages that decide a dimension, by dimension.

    With `weak`, one colour word is enough to decide the palette: true of an answer, not of a
    first request, where a red fox is a subject.
    """
    bare = _quoted().sub(lambda match: "\n" * len(match[0]), words)
    found = {key: _passages(_pattern("keywords", key), bare) for key in data()["keywords"]}
    colours = _pattern("colours").findall(bare)
    strong = len(set(map(str.lower, colours))) >= _ENOUGH_COLOURS or _in_colour(bare)
    if colours and (strong or weak or found["palette"]):
        found["palette"] = _passages(_any_colour(), bare)
    found["avoid"] = [p for p in avoided(words) if p not in found["text"]]
    found["text"] = quotes(words) or found["text"]
    return {key: list(dict.fromkeys(found[key])) for key in order() if found.get(key)}


@cache
def _any_colour() -> re.Pattern[str]:
    both = (_pattern("keywords", "palette"), _pattern("colours"))
    return re.compile("|".join(pattern.pattern for pattern in both), re.IGNORECASE)


def _passages(pattern: re.Pattern[str], words: str) -> list[str]:
    """Return what a pattern finds, joining finds that only a small word or a comma parts."""
    joined: list[tuple[int, int]] = []
    for match in pattern.finditer(words):
        near = joined and _GAP.fullmatch(words, joined[-1][1], match.start())
        start = joined.pop()[0] if near else match.start()
        joined.append((start, match.end()))
    return [words[start:end].strip() for start, end in joined]


def _in_colour(words: str) -> bool:
    return bool(re.search(rf"(?<!\w)in (?:{_pattern('colours').pattern})", words, re.I))


def has_subject(words: str) -> bool:
    """Return whether a text names a thing, once adjectives, settings and small words are gone."""
    rest = _quoted().sub(" ", words)
    # Whole phrases go before the small words that they are made of.
    patterns = [_avoided(), _pattern("skip"), _pattern("finish")]
    patterns += [_pattern("keywords", key) for key in data()["keywords"]]
    patterns += [_pattern("colours"), _pattern("salad"), _pattern("fillers")]
    for pattern in patterns:
        rest = pattern.sub(" ", rest)
    if _JAPANESE_CONTENT.search(rest):
        return True
    return any(len(word) > 1 for word in _WORD.findall(rest))


def declines(words: str) -> bool:
    """Return whether a piece of a message leaves a decision to us, and says nothing else."""
    return bool(_pattern("skip").search(_quoted().sub("", words))) and _is_bare(words)


def wants_end(words: str) -> bool:
    """Return whether a piece of a message asks for no more questions, and says nothing else."""
    return bool(_pattern("finish").search(_quoted().sub("", words))) and _is_bare(words)


def _is_bare(words: str) -> bool:
    return bool(_NO_SPACES.search(words)) or not has_subject(words)


def image_type(words: str) -> str:
    """Return the kind of picture a text asks for."""
    words = _avoided().sub(" ", _quoted().sub(" ", words))
    types = data()["types"]
    return next((name for name in types if _pattern("types", name).search(words)), "general")


def suggestion(kind: str, words: str) -> Json:
    """Return settings that fit a kind of picture and what was said about its shape."""
    settings = dict(data()["suggested"][kind])
    for size in data()["sizes"]:
        if _pattern("sizes", size).search(words):
            settings["size"] = size
    if re.search(r"transparen[tz]", words, re.IGNORECASE):
        settings |= {"background": "transparent", "output_format": "png"}
    return settings
