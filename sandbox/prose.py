"""The prompt of the played facilitator: plain sentences, each stretch with its quotes."""

import re

from sandbox import phrasebook as book
from sandbox.openai_errors import Json

LETTERED = ("text", "labels")
"""Dimensions whose values are words that stand in the picture."""

Stretch = tuple[str, list[Json]]
"""Words of the prompt and the quotes they rest on; with no quotes they are our own."""


def write(brief: dict[str, Json], messages: dict[str, str], tongue: str) -> tuple[str, list[Json]]:
    """The prompt and its sources: the idea, what was decided, lettering, what must not be."""
    opening = _opening(brief, messages)
    options = [said for entry in brief.values() for said in entry["said"]]
    first = [
        (words, [*quotes, *(one for one in options if quotes and _echoes(one, quotes[0]))])
        for words, quotes in _chain(opening, messages, tongue)
    ]
    sentences, decisions, refusals = [first], list[list[Stretch]](), list[Stretch]()
    for name, entry in brief.items():
        said = [one for one in entry["said"] if not _within(one, opening)]
        refusals += _stretches([one for one in said if book.refuses(one["quote"])], tongue)
        said = [one for one in said if not book.refuses(one["quote"])]
        stretches = _stretches(said, tongue) if entry["said"] else [(entry["value"], [])]
        if name in LETTERED and not said:
            sentences += [] if entry["said"] else [[(book.say("wordless", tongue), [])]]
        elif name in LETTERED:
            texts = [(f"“{w}”" if w in lettering(brief) else w, quotes) for w, quotes in stretches]
            sentences.append(_fill(book.say("lettering", tongue), texts, tongue))
        elif stretches:
            decisions.append(_fill(_pattern(name, tongue), stretches, tongue))
    sentences.insert(1, _joined(decisions, book.say("and", tongue), tongue))
    if lettering(brief):
        sentences.append([(book.say("exactly", tongue), [])])
    if refusals:
        sentences.append(_fill(book.say("refusals", tongue), refusals, tongue))
    return _assemble(sentences, tongue)


def value(said: list[Json], messages: dict[str, str], tongue: str) -> str:
    """What quotes say, in one phrase; of two that say the same the longer one."""
    picks = [one for n, one in enumerate(said) if not (n and book.numbers(one["quote"]))]
    longer = [
        one
        for n, one in enumerate(picks)
        if not any(book.find(one["quote"], other["quote"]) for other in picks[n + 1 :])
    ]
    return "".join(words for words, _ in _chain(longer, messages, tongue))


def gist(brief: dict[str, Json], messages: dict[str, str], tongue: str) -> str:
    """What a brief says, in a phrase for the idea and one for each further decision."""
    opening = _opening(brief, messages)
    rest = [[s for s in entry["said"] if not _within(s, opening)] for entry in brief.values()]
    phrases = [value(said, messages, tongue) for said in (opening, *rest)]
    return "; ".join(filter(None, phrases))


def lettering(brief: dict[str, Json]) -> list[str]:
    """The texts that are to stand in the picture, to the letter."""
    texts: list[str] = []
    for entry in (brief[name] for name in LETTERED if name in brief):
        quotes = " ".join(said["quote"] for said in entry["said"])
        marks = [next(filter(None, mark.groups())) for mark in book.QUOTED.finditer(quotes)]
        own = quotes and not (book.refuses(quotes) or _describes(entry))
        texts += marks or ([entry["value"]] if own else [])
    return texts


def _describes(entry: Json) -> bool:
    """Whether a text is described, as an option describes it, and not given."""
    kinds = [k for k in book.data()["options"] if book.holds("letterings", k)]
    names = [name for kind in kinds for name in book.spellings(kind)]
    quotes = [said["quote"] for said in entry["said"]]
    asked = any(said["ref"].startswith("q") for said in entry["said"])
    return asked or any(book.find(name, quote) for name in names for quote in quotes)


def _opening(brief: dict[str, Json], messages: dict[str, str]) -> list[Json]:
    """The quotes of the first sentence: the subject, all else of m1, and what goes on from it."""
    pieces = list(brief.get("subject", {"said": []})["said"])
    for name, entry in brief.items():
        for said in entry["said"]:
            around = book.content(book.QUOTED.sub("", said["quote"]))
            lettered = name in LETTERED and around and book.QUOTED.search(said["quote"])
            if (said["ref"] == "m1" or lettered or _goes_on(said)) and not _within(said, pieces):
                pieces.insert(_index(said, pieces, messages), said)
    return pieces


def _within(said: Json, pieces: list[Json]) -> bool:
    return any(
        said["quote"] in piece["quote"] if piece["ref"] == said["ref"] else _echoes(said, piece)
        for piece in pieces
    )


def _echoes(option: Json, piece: Json) -> bool:
    """Whether own words name the option that they picked, so that it need not be said again."""
    chosen = option["ref"].startswith("q") and piece["ref"].startswith("m")
    return chosen and bool(book.find(option["quote"], piece["quote"]))


def _index(said: Json, pieces: list[Json], messages: dict[str, str]) -> int:
    """Where a quote stands among others: as in its message, else at the end."""
    text = messages.get(said["ref"], "")
    same = [n for n, one in enumerate(pieces) if one["ref"] == said["ref"]]
    place = text.find(said["quote"])
    before = [n for n in same if text.find(pieces[n]["quote"]) < place]
    return before[-1] + 1 if before else [*same, len(pieces)][0]


def _goes_on(said: Json) -> bool:
    """Whether own words go on from what stands before, such as "with a boat"."""
    first = book.tokens(re.sub(r"^(?:but|and|und|aber|et|mais|y|pero) ", "", said["quote"]))[:1]
    return said["ref"].startswith("m") and first in [[word] for word in book.data()["parts"]]


def _chain(pieces: list[Json], messages: dict[str, str], tongue: str) -> list[Stretch]:
    """Quotes one after the other, linked as they were in the message."""
    chain: list[Stretch] = []
    for before, said in zip([None, *pieces], pieces, strict=False):
        link = _link(before, said, messages, tongue) if before else ""
        words = book.trim(said["quote"], tongue, inner=link == " ") or said["quote"]
        if _goes_on(said):  # "For a card." began a sentence of its own, and is now within one
            words = words[:1].lower() + words[1:]
        chain += [(link, []), (words, [said])]
    return chain


def _link(before: Json, said: Json, messages: dict[str, str], tongue: str) -> str:
    comma, text = book.say("comma", tongue), messages.get(said["ref"], "")
    if before["ref"] != said["ref"]:
        return " " if _goes_on(said) else comma
    start = text.find(before["quote"]) + len(before["quote"])
    end = text.find(said["quote"], start)
    if re.search(r"[.!?。！？\n]", text[start:end]):
        return book.say("stop", tongue)
    return (
        comma if end < 0 or re.search(r"[,;:()、–—-]", text[start:end]) else text[start:end] and " "
    )


def _stretches(said: list[Json], tongue: str) -> list[Stretch]:
    """Quotes as stretches; one that is a number or is said again by the next goes with it."""
    stretches: list[Stretch] = []
    for one in said:
        words, last = book.trim(one["quote"], tongue) or one["quote"], [("", []), *stretches][-1]
        if stretches and book.numbers(one["quote"]):
            last[1].append(one)
        elif stretches and book.find(last[0], words):
            stretches[-1] = (words, [*last[1], one])
        else:
            stretches.append((words, [one]))
    return stretches


def _pattern(name: str, tongue: str) -> str:
    known = book.data()["dimensions"].get(name)
    other = book.say("other", tongue).replace("{name}", name.replace("_", " "))
    return str(known["says"][tongue]) if known else other


def _fill(pattern: str, stretches: list[Stretch], tongue: str) -> list[Stretch]:
    head, tail = pattern.split("{}")
    return [(head, []), *_joined([[one] for one in stretches], None, tongue), (tail, [])]


def _joined(groups: list[list[Stretch]], last: str | None, tongue: str) -> list[Stretch]:
    comma, parts = book.say("comma", tongue), list[Stretch]()
    for place, group in enumerate(groups):
        joint = last if last and place == len(groups) - 1 else comma
        parts += [(joint if place else "", []), *group]
    return parts


def _assemble(sentences: list[list[Stretch]], tongue: str) -> tuple[str, list[Json]]:
    """Put sentences together, each with a capital and a full stop."""
    prompt, sources, stop = "", list[Json](), book.say("stop", tongue)
    for parts in filter(None, sentences):
        for words, said in [*parts, (stop, [])]:
            begins = not prompt or prompt.rstrip().endswith(stop)
            space = " " if prompt.endswith(stop) and words and tongue != "ja" else ""
            text = words[:1].upper() + words[1:] if begins else words
            prompt += space + text
            sources += [{"prompt": text, "said": said}] if said else []
    return prompt, sources
