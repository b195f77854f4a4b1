"""What the played facilitator knows of words: it finds phrases, tells languages, cuts clauses."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

QUOTED = re.compile(
    # An apostrophe quotes only at the edges of words, an inch mark never.
    r"(?<!\d)\"([^\"\n]+)\"|“([^”\n]+)”|„([^“”\n]+)[“”]|«\s?([^»\n]+?)\s?»|「([^」\n]+)」"
    r"|『([^』\n]+)』|(?<!\w)[‘']([^'’\n]+(?:['’]\w[^'’\n]*)*)['’](?!\w)"
)
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_BREAK = re.compile(
    r"(?<!\d)[.,:]|[.,:](?!\d)|[;!?()\n、。！？]|\s[-–—]\s|\s(?=(?:but|aber|mais|pero|sondern)\s)"
)
_RATIO = re.compile(
    # A time has two digits behind its colon, as have no ratios but these; edges are of pixels.
    r"(?<![\d:.])\d{1,2}(?:\.\d+)?:(?:\d|16|21)(?![\d:])|(?<!\w)\d{3,4}\s?[x\u00d7]\s?\d{3,4}(?!\w)"
)
_SIGNS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_LONGEST_NUMBER = 3  # digits: 2024 is a year
_LONG = 4  # letters from which a word may have an ending: warm, warmen
_TITLE = 60  # letters: a line of a list
_SAYS = 3  # letters of a word that may say something


@cache
def data() -> Any:
    """The lists and sentences of `facilitator.yaml`."""
    return yaml.safe_load(Path(__file__).with_name("facilitator.yaml").read_text("utf-8"))


def say(name: str, tongue: str) -> str:
    """A fixed sentence of the facilitator's voice."""
    return str(data()["voice"][name][tongue])


@lru_cache(4096)
def tokens(text: str) -> list[str]:
    """The words of a text without case, width and British spelling."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return _TOKEN.findall(plain.replace("colour", "color").replace("grey", "gray"))


def content(text: str) -> list[str]:
    """The words that say something: no small ones, none that are trimmed, none that refuse."""
    small = {word for words in data()["languages"].values() for word in words}
    words = [word for word in tokens(trim(text)) if len(word) >= _SAYS or _SIGNS.search(word)]
    return [word for word in words if word not in small and not refuses(word)]


@lru_cache(4096)
def find(phrase: str, text: str) -> str:
    """The words of a text that are a phrase, inflected or not; empty where there are none."""
    if _SIGNS.search(phrase):
        return phrase if phrase in text else ""
    endings = [rf"{word}\w{{0,{2 * (len(word) >= _LONG)}}}" for word in tokens(phrase)]
    spelled = r"[\s-]+".join(endings).replace("color", "colou?r").replace("gray", "gr[ae]y")
    match = re.search(rf"(?<!\w){spelled}(?!\w)", text.replace("’", "'"), re.I) if endings else None
    return text[match.start() : match.end()] if match else ""


def title(text: str) -> str:
    """What a conversation is called after its first message, "…" where more was said."""
    words = " ".join(trim(text).split())
    short = words if len(words) <= _TITLE else words[: _TITLE - 1].rstrip() + "…"
    return short or "-"


def holds(name: str, text: str) -> bool:
    """Whether a text holds a phrase of a list, such as `ends`."""
    return any(find(phrase, text) for phrase in data()[name])


def is_talk(text: str) -> bool:
    """Whether a text is a greeting, thanks or a yes, or holds such as "no worries"."""
    is_polite = tokens(text) in [tokens(words) for words in data()["talk"]]
    return is_polite or agrees(text) is not None or holds("harmless", text)


def agrees(text: str) -> bool | None:
    """Whether a text is a yes, with or without a please, or a no; None where it is neither."""
    polite = {word for words in data()["talk"] for word in tokens(words)}
    words = {*tokens(text)} - polite
    answers = {True: {*data()["agrees"]}, False: {*data()["declines"]}}
    return next((says for says, known in answers.items() if words and words <= known), None)


def shape(text: str) -> tuple[str, str, str]:
    """The dimension that gives a picture its shape, the words for it, the shape; or empty ones."""
    if ratio := _RATIO.search(text):
        return "format", ratio[0], ratio[0]
    for dimension, group in (("format", "formats"), ("use", "uses")):
        for known, others in data()[group].items():
            for name in (known, *others):
                words = find(name, text) if name[0].isalpha() else ""
                alone = content(text) == tokens(words) and begins(text) != "subject"
                if words and (alone or " " in name or _SIGNS.search(name)):
                    return dimension, words, known
    return "", "", ""


def replaced(clause: str) -> tuple[str, str]:
    """What a clause names in place of something, and that with the words before it."""
    mark = next(filter(None, (find(phrase, clause) for phrase in data()["instead"])), "")
    at = clause.find(mark) if mark else len(clause)
    return clause[:at].strip(), clause[at:]


@lru_cache(4096)
def refuses(text: str) -> bool:
    """Whether a text says what must not be."""
    match = {*data()["refusing"]} & {*tokens(text)} or re.search(data()["refusing_endings"], text)
    return bool(match) and not holds("harmless", text)


def begins(text: str) -> str:
    """The dimension that the first word of a text names, such as "for" its use."""
    pairs = ((word, name) for name, words in data()["begins"].items() for word in words)
    first = [*text.casefold().split(), ""][0]
    return next((str(name) for word, name in pairs if str(word) == first), "")


def language(text: str, before: str) -> str:
    """The language of a text by its commonest words and letters; the one before if it may be."""
    if not re.search(r"[^\W\d_]{2}", text):
        return before  # a "y" says yes in any language, and "and" in one
    plain, counts = text.casefold(), dict[str, float]()
    words = re.findall(r"[^\W\d_]+", plain)
    for one, known in data()["languages"].items():
        letters = len(re.findall(data()["letters"].get(one, "(?!)"), plain))
        counts[one] = sum(word in known for word in words) + letters + (one == before) / 2
    return max(counts, key=lambda one: counts[one])


@cache
def names(option: str) -> list[str]:
    """What an option may be called: as it stands and in each language."""
    known = [[key, *others] for key, others in _options().items()]
    return next((names for names in known if option in names), [option])


def translate(options: list[str], tongue: str) -> list[str]:
    """Options in a language: those known in it, or all as they stand where these are no choice."""
    place = [*data()["languages"]].index(tongue) - 1
    there = [_options()[option][place] for option in options if option in _options()]
    return there if place >= 0 and len(there) > 1 else options


@cache
def _options() -> dict[str, list[str]]:
    return {key: others for group in data()["options"].values() for key, others in group.items()}


def trim(text: str) -> str:
    """A text without what leads into it and trails behind it; its quotation marks become “”."""
    leads, tails = (re.sub(r"\|\s+", "|", data()[name]) for name in ("leads", "tails"))
    bare = re.sub(rf"^(?:(?:{leads})(?!\w)[\s,:]*)+", "", text, flags=re.I)
    bare = re.sub(rf"(?:[\s,]*(?<![a-zà-ÿ])(?:{tails})[\s,!.]*)+$", "", bare, flags=re.I)
    bare = QUOTED.sub(lambda mark: f"“{next(filter(None, mark.groups()))}”", bare)
    return bare.strip(" ,.;:!?、。")


def clauses(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the clauses of a message as they stand, each with whether its sentence asks."""
    spans = [mark.span() for mark in QUOTED.finditer(text)]
    breaks = [b for b in _BREAK.finditer(text) if not any(a < b.start() < z - 1 for a, z in spans)]
    edges = [0, *(edge for b in breaks for edge in b.span()), len(text)]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        clause = text[start:end].strip(" \t¿¡…*")
        stops = [b[0] for b in breaks if b.start() >= end and b[0] in ".!?。！？\n"]
        if _TOKEN.search(clause):
            yield clause, clause.endswith("か") or stops[:1] in (["?"], ["？"])


def parts(clause: str) -> list[str]:
    """A clause cut before its small words, so that each stretch has a quote of its own."""
    small = "|".join(w for words in (data()["parts"], *data()["begins"].values()) for w in words)
    quoted = QUOTED.search(clause)
    cuts = [0]
    for mark in re.finditer(rf"\s(?=(?:{small})\s)", clause, re.I):
        whole = content(clause[cuts[-1] : mark.start()]) and content(clause[mark.end() :])
        if whole and (quoted is None or mark.start() < quoted.start()):
            cuts.append(mark.end())
    return [clause[a:b].strip() for a, b in zip(cuts, [*cuts[1:], len(clause)], strict=True)]


def places(clause: str) -> list[tuple[int, str]]:
    """The places of options that a clause names, if it names nothing else, with their words."""
    around = data()["around_a_number"]
    words = [word for word in _TOKEN.findall(trim(clause)) if word.casefold() not in around]
    found = [(place, word) for word in words if (place := _place("".join(tokens(word))))]
    return found if len(found) == len(words) else []


def _place(word: str) -> int:
    """The place that a word names, as a number, an ordinal or a count; 0 where it names none."""
    known = {name: place for place, names in data()["places"].items() for name in names}
    match = re.fullmatch(data()["place"], word)
    number = str(known.get(word) or (known.get(match[1], match[1]) if match else ""))
    return int(number) if number.isdecimal() and len(number) <= _LONGEST_NUMBER else 0
