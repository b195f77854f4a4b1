"""What the played facilitator knows of words: it finds phrases, tells languages, trims clauses."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

LANGUAGES = ("en", "de", "fr", "es", "ja")
TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
QUOTED = re.compile(
    # An apostrophe quotes only at the edges of words, an inch mark never.
    r"(?<!\d)\"([^\"\n]+)\"|“([^”\n]+)”|„([^“”\n]+)[“”]|«\s?([^»\n]+?)\s?»|「([^」\n]+)」"
    r"|『([^』\n]+)』|(?<!\w)[‘']([^'’\n]+(?:['’]\w[^'’\n]*)*)['’](?!\w)"
)
_BREAK = re.compile(
    r"(?<!\d)[.,:]|[.,:](?!\d)|[;!?()\n、。！？]|\s[-–—]\s|\s(?=(?:but|aber|mais|pero|sondern)\s)"
)
_SIGNS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_PARTICLES = re.compile(r"番目?|つ目|[のをでがに]|お願いします|です|いい")
_ENDING = 2  # letters by which an inflected word may be longer: warm, warmen
_STEM = 4  # letters from which a word may be inflected
_SHORT = 2  # letters, or words, that are too few to stand alone


@cache
def data() -> Any:
    """The lists and sentences of `facilitator.yaml`."""
    return yaml.safe_load(Path(__file__).with_name("facilitator.yaml").read_text("utf-8"))


@lru_cache(4096)
def fold(text: str) -> str:
    """A text without case, accents, and British spelling."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c) or c in "\u3099\u309a")
    plain = unicodedata.normalize("NFKC", plain).replace("’", "'")
    return plain.replace("colour", "color").replace("grey", "gray")


@lru_cache(4096)
def tokens(text: str) -> list[str]:
    """The folded words of a text."""
    return TOKEN.findall(fold(text))


def find(phrase: str, text: str) -> tuple[int, int] | None:
    """Where a phrase stands in a text, as whole words or, in Japanese, as signs."""
    if _SIGNS.search(phrase):
        place = text.find(phrase)
        return (place, place + len(phrase)) if place >= 0 else None
    wanted, words = tokens(phrase), [fold(mark[0]) for mark in TOKEN.finditer(text)]
    for start in range(len(words) - len(wanted) + 1):
        if wanted and all(map(_near, words[start : start + len(wanted)], wanted)):
            marks = list(TOKEN.finditer(text))
            return marks[start].start(), marks[start + len(wanted) - 1].end()
    return None


def _near(word: str, wanted: str) -> bool:
    inflected = len(wanted) >= _STEM and len(word) - len(wanted) <= _ENDING
    return word == wanted or (inflected and word.startswith(wanted))


def holds(name: str, text: str) -> bool:
    """Whether a text holds a phrase of a list, such as `reversal`."""
    return any(find(phrase, text) for phrase in data()[name])


def is_talk(text: str) -> bool:
    """Whether a text is nothing but a greeting, thanks, or a yes, or begins "no worries"."""
    return holds("harmless", text) or tokens(text) in [tokens(words) for words in data()["talk"]]


def refuses(text: str) -> bool:
    """Whether a text says what must not be."""
    words = {fold(word) for word in data()["refusing"]} & {*tokens(text)}
    return bool(re.search(data()["refusing_endings"], text)) or (
        bool(words) and not holds("harmless", text)
    )


def content(text: str) -> list[str]:
    """The folded words that say something: no small words, none that refuse."""
    return [w for w in tokens(text) if w not in _small() and (len(w) > _SHORT or _SIGNS.search(w))]


@cache
def _small() -> frozenset[str]:
    known = data()
    lists = [known["joins"], known["refusing"], known["around_a_number"]]
    return frozenset(fold(w) for words in (*lists, *known["languages"].values()) for w in words)


def language(text: str, before: str | None = None) -> str | None:
    """The language of a text by its script and its commonest words; the one before if it may be."""
    known, plain = data(), text.casefold()
    words = re.findall(r"[^\W\d_]+", plain)
    counts = {
        one: sum(map(listed.__contains__, words)) for one, listed in known["languages"].items()
    }
    for one, signs in known["letters"].items():
        if re.search(signs, plain):
            counts[one] = counts.get(one, 0) + (len(words) + 1 if one == "ja" else _SHORT)
    best = max(counts, key=lambda one: (counts[one], one == before))
    return best if counts[best] else before


def say(name: str, tongue: str) -> str:
    """A fixed sentence of the facilitator's voice."""
    return str(data()["voice"][name][tongue])


@cache
def spellings(option: str) -> list[str]:
    """What an option may be called: as it stands, its translations, its synonyms."""
    known = data()
    keys = [
        k for k, others in known["options"].items() if option in others or fold(k) == fold(option)
    ]
    names = [option, *keys]
    for key in keys[:1]:
        names += known["options"][key] + known["synonyms"].get(key, [])
    return [re.sub(r"^(an?|eine?|une?|una|un) ", "", name) for name in names]


def translate(option: str, tongue: str) -> str:
    """An option in a language, as it stands where nothing is known."""
    others = data()["options"].get(option)
    return str(others[LANGUAGES.index(tongue) - 1]) if others and tongue != "en" else option


def trim(clause: str, tongue: str, inner: bool = False) -> str:
    """A clause without what leads into it and what trails behind it, and in no first person.

    The inner part of a clause keeps its first word.
    """
    leads, tails = "(?!)" if inner else data()["leads"], data()["tails"]
    leads, tails = (re.sub(r"\s*;\s*", "|", words) for words in (leads, tails))
    bare = re.sub(rf"^(?:\s*(?:{leads})(?:(?<=['’])|(?!\w))[\s,:]*)+", "", clause, flags=re.I)
    bare = re.sub(rf"(?:[\s,]*(?<!\w)(?:{tails})[\s,!.]*)+$", "", bare, flags=re.I)
    bare = re.sub(data()["endings"] + "$", "", re.sub("^(?:やっぱり|やはり|じゃあ)", "", bare))
    for owner, article in data()["owners"][tongue].items():
        bare = re.sub(rf"(?<!\w){owner}(?!\w)", article, bare, flags=re.I)
    bare = QUOTED.sub(lambda m: f"“{next(filter(None, m.groups()))}”", bare)
    return bare.strip(" ,.;:!?\n、。")


def clauses(text: str) -> Iterator[tuple[str, str]]:
    """Yield the clauses of a message, each with the sentence that it stands in."""
    spans = [mark.span() for mark in QUOTED.finditer(text)]
    breaks = [b for b in _BREAK.finditer(text) if not any(a < b.start() < z - 1 for a, z in spans)]
    edges = [0, *(edge for b in breaks for edge in b.span()), len(text)]
    stops = [0, *(b.end() for b in breaks if b[0] in ".!?。！？\n"), len(text)]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        clause = text[start:end].strip(" \t¿¡…*")
        if TOKEN.search(clause):
            first, last = max(s for s in stops if s <= start), min(s for s in stops if s >= end)
            yield clause, text[first:last].strip()


def segments(clause: str) -> list[str]:
    """Cut a clause before its small words, so that each stretch has a quote of its own."""
    if refuses(clause) or QUOTED.search(clause):
        return [clause]
    small = "|".join(data()["parts"])
    edges = [m.start() for m in re.finditer(rf"\s(?=(?:{small})\s)", clause, re.IGNORECASE)]
    starts = [0]
    for start, end in zip(edges, [*edges, len(clause)][1:], strict=True):
        # "in Cremona" stays with what it belongs to, and so does what is nothing alone.
        if len(tokens(clause[start:end])) > _SHORT and content(clause[starts[-1] : start]):
            starts.append(start)
    return [clause[a:b].strip() for a, b in zip(starts, [*starts, len(clause)][1:], strict=True)]


def around(words: str, text: str) -> tuple[str, str, str]:
    """What stands before words, the words with the small ones that belong to them, what follows."""
    before, _, behind = text.partition(words)
    start = len(before)
    for mark in reversed(list(TOKEN.finditer(before))):
        if content(mark[0]):
            break
        start = mark.start()
    end = 0 if content(behind) else len(behind)
    small = f"{before[start:]}{words}{behind[:end]}".strip(" ,")
    return before[:start].strip(" ,"), small, behind[end:].strip(" ,")


def widen(words: str, text: str) -> str:
    """Words with the quotation marks that stand around them or around a part of them."""
    start = text.find(words)
    end = start + len(words)
    for mark in QUOTED.finditer(text) if start >= 0 else ():
        if start < mark.end() and mark.start() < end:
            start, end = min(start, mark.start()), max(end, mark.end())
    return text[start:end] if start >= 0 else words


def numbers(clause: str) -> list[tuple[int, str]]:
    """The places that a clause names, if it names nothing else, each with its words."""
    places = {fold(w): str(n) for n, words in data()["first"].items() for w in words}
    around = {fold(word) for word in data()["around_a_number"]}
    hits: list[tuple[int, str]] = []
    for word in TOKEN.findall(clause):
        plain = _PARTICLES.sub("", fold(word))
        digit = places.get(plain, plain)
        if len(digit) == 1 and digit in "123456789":
            hits.append((int(digit), word))
        elif plain and fold(word) not in around:
            return []
    return hits
