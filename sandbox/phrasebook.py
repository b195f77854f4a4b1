"""What the played facilitator knows of words: it finds phrases, tells languages, cuts clauses."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

QUOTED = re.compile(
    # An apostrophe quotes only at the edges of words, an inch mark never.
    r"(?<!\d)\"([^\"\n]+)\"|“([^”\n]+)”|„([^“”\n]+)[“”]|«\s?([^»\n]+?)\s?»|「([^」\n]+)」"
    r"|(?<!\w)[‘']([^'’\n]+(?:['’]\w[^'’\n]*)*)['’](?!\w)"
)
TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
BREAK = re.compile(r"(?<!\d)[.,:]|[.,:](?!\d)|[;!?()\n、。！？]|\s[-–—]\s|\s(?=(?:but|aber)\s)")
MEASURE = r"\b\d{1,2}:(?:\d|16|21)\b|\b\d{3,4} ?[x\u00d7] ?\d{3,4}(?: ?px)?\b|\bA\d\b"
"""A ratio, edges, paper. A time has two digits behind its colon."""
SHORTEST = 3
"""Letters of a word that may say something, and of one that has no ending."""

ENDING = 2
"""Letters that a word may end in besides: warm, warmes."""

NEAR = 0.85
"""How much alike a typing error is to what was meant: "secnd" has 0.91, paint to print 0.8."""


@cache
def data() -> Any:
    """The lists and sentences of `facilitator.yaml`."""
    return yaml.safe_load(Path(__file__).with_name("facilitator.yaml").read_text("utf-8"))


def say(name: str, tongue: str) -> str:
    """A fixed sentence of the facilitator's voice."""
    return str(data()["voice"][name][tongue])


def say_of(dimension: str, form: str, tongue: str) -> str:
    """A sentence about a dimension: its question, why it is put, or how the prompt says it."""
    known = data()["dimensions"]
    sentence = {**known["other"], **known.get(dimension, {})}[form][tongue]
    return str(sentence).replace("{name}", dimension.replace("_", " "))


@lru_cache(4096)
def tokens(text: str) -> list[str]:
    """The words of a text without case and British spelling."""
    plain = text.casefold().replace("’", "'")
    return TOKEN.findall(plain.replace("colour", "color").replace("grey", "gray"))


def content(text: str) -> list[str]:
    """The words that say something: no small ones, none that are trimmed, none that refuse."""
    small = {word for words in data()["languages"].values() for word in words}
    words = [word for word in tokens(trim(text)) if len(word) >= SHORTEST or not word.isascii()]
    return [word for word in words if word not in small and not refuses(word)]


@lru_cache(4096)
def find(phrase: str, text: str) -> str:
    """The words of a text that are a phrase, inflected or not; empty where there are none."""
    endings = [rf"{word}\w{{0,{ENDING * (len(word) > SHORTEST)}}}" for word in tokens(phrase)]
    spelled = r"[\s-]*".join(endings).replace("color", "colou?r").replace("gray", "gr[ae]y")
    spelled = spelled.replace("ss", "(?:ss|ß)")
    match = re.search(rf"(?<!\w){spelled}(?!\w)", text.replace("’", "'"), re.I) if endings else None
    return text[match.start() : match.end()] if match else ""


def is_near(phrase: str, text: str) -> bool:
    """Whether a text is a phrase but for a typing error."""
    words, own = (" ".join(word for word in content(one)) for one in (phrase, text))
    return words != own and bool(get_close_matches(own, [words], cutoff=NEAR))


def asks(text: str) -> bool:
    """Whether a question begins as one that wants to know something, and is no polite wish."""
    return {*tokens(trim(text))[:1]} <= {*data()["asking"]}


def known(dimension: str) -> list[str]:
    """What decides a common dimension: its options in both languages, and the like."""
    options = data()["options"].get(dimension, {})
    return [*options, *options.values(), *data()["looks"].get(dimension, ())]


def holds(name: str, text: str) -> bool:
    """Whether a text holds a phrase of a list, such as `ends`."""
    return any(find(phrase, text) for phrase in data()[name])


def is_talk(text: str) -> bool:
    """Whether a text wishes for nothing: a greeting, thanks, a yes, "no worries"."""
    polite = {word for words in data()["talk"] for word in tokens(words)}
    return {*tokens(text)} <= polite or holds("harmless", text) or not trim(text)


def shape(text: str) -> tuple[str, str]:
    """The shape that a text names, as a brief has it (wide, 9:16, A4 tall), and its words."""
    known, papers = data()["shapes"], data()["papers"]
    names = {phrase: name for name, phrases in known.items() for phrase in phrases}
    beside = {word: name for name, own in data()["beside_a_measure"].items() for word in own}
    side, measure = "|".join([*names, *beside]), "|".join([MEASURE, *papers])
    pattern = rf"(?:\b({side})[\s,]+)?({measure})(?:[\s,]+({side})\b)?"
    if match := re.search(pattern, text, re.I):
        word = (match[1] or match[3] or "").lower()
        name = (names | beside).get(word, "")
        return f"{papers.get(match[2].lower(), match[2])} {name}".strip(), match[0]
    for phrase, name in names.items():
        if words := find(phrase, text):
            return name, words
    alone = data()["shapes_alone"].get(" ".join(tokens(trim(text))), "")
    return alone, text if alone else ""


@lru_cache(4096)
def refuses(text: str) -> bool:
    """Whether a text says what must not be."""
    return bool({*data()["refusing"]} & {*tokens(text)}) and not holds("harmless", text)


def begins(text: str) -> str:
    """The dimension that the first word names, also behind a lead, such as "for" its use."""
    known = data()["begins"]
    first = [*text.casefold().split()[:1], *trim(text).casefold().split()[:1]]
    return next((str(known[word]) for word in first if word in known), "")


def language(messages: list[str]) -> str:
    """The language whose commonest words tell most, from the first message that tells one; a later
    one changes it by two more: "on" and "a" stand in German, too."""
    tongue = ""
    for text in messages:
        words, known = tokens(text), data()["languages"]
        counts = {one: sum(word in known[one] for word in words) for one in known}
        most = max(counts, key=lambda one: counts[one])
        if counts[most] - counts.get(tongue, 0) > bool(tongue):
            tongue = most
    return tongue or "en"


def lettering(text: str) -> list[str]:
    """The texts that stand in quotation marks, to the letter."""
    return [next(filter(None, mark.groups())) for mark in QUOTED.finditer(text)]


def quote(text: str, tongue: str) -> str:
    """A text with the quotation marks of a language."""
    marks = say("quoted", tongue)
    return QUOTED.sub(lambda mark: marks.format(next(filter(None, mark.groups()))), text)


def translate(options: list[str], tongue: str) -> list[str]:
    """Options in a language: those known in it, or all as they stand where these are no choice."""
    known = {
        english: other for group in data()["options"].values() for english, other in group.items()
    }
    there = [known[option] for option in options if option in known] if tongue == "de" else []
    return there if len(there) > 1 else options


@lru_cache(4096)
def trim(text: str) -> str:
    """A text without what leads into it and trails behind it."""
    leads, tails = (re.sub(r"\|\s+", "|", data()[name]) for name in ("leads", "tails"))
    bare: str = re.sub(rf"^(?:(?:{leads})(?!\w)[\s,:]*)+", "", text, flags=re.I)
    bare = re.sub(rf"(?:[\s,]*(?<!\w)(?:{tails})[\s,!.]*)+$", "", bare, flags=re.I)
    return bare.strip(" ,.;:!?、。")


def clauses(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the clauses of a message as they stand, each with whether its sentence asks."""
    spans = [mark.span() for mark in QUOTED.finditer(text)]
    breaks = [b for b in BREAK.finditer(text) if not any(a < b.start() < z - 1 for a, z in spans)]
    edges = [0, *(edge for b in breaks for edge in b.span()), len(text)]
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        clause = text[start:end].strip(" \t¿¡…*")
        # "Take the second, but what is gouache?" asks only behind "but".
        stops = [b[0] for b in breaks if b.start() >= end and b[0].strip() in {"", *".!?。！？"}]
        if TOKEN.search(clause):
            yield clause, stops[:1] in (["?"], ["？"])


def places(clause: str) -> list[tuple[int, str]]:
    """The places of options that a clause names, if it names nothing else, with their words."""
    if shape(clause)[0]:
        return []  # 9:16
    around = data()["around_a_number"]
    words = [word for word in TOKEN.findall(trim(clause)) if word.casefold() not in around]
    numbers = [(place, word) for word in words if (place := _place(word)) is not None]
    return numbers if len(numbers) == len(words) else []


@lru_cache(4096)
def _place(word: str) -> int | None:
    """The number that a word is or means, also with a typing error."""
    if re.fullmatch(r"[0-9]{1,3}", word):  # 2024 is a year
        return int(word)
    known: dict[str, int] = data()["places"]
    near = get_close_matches(word.casefold(), known, 1, NEAR)
    return known[near[0]] if near else None
