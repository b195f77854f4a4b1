"""The prompt of the played facilitator: plain sentences, each stretch with its quotes."""

import re
from dataclasses import dataclass, field

from sandbox import phrasebook as book
from sandbox.errors import Json

LETTERED = ("text", "labels")
"""Dimensions whose values are words that stand in the picture."""


@dataclass
class Draft:
    """A prompt as it is written, with the stretches that rest on quotes."""

    tongue: str
    text: str = ""
    sources: list[Json] = field(default_factory=list)

    def add(self, words: str, said: list[Json] | None = None) -> None:
        """Write words, with a capital where a sentence begins."""
        if re.fullmatch(r"|.*[.!?。]\s*", self.text, re.DOTALL):
            words = words[:1].upper() + words[1:]
        self.text += words
        if said:
            self.sources.append({"prompt": words, "said": said})

    def stop(self) -> None:
        """End a sentence."""
        self.text = self.text.rstrip(" ,、") + book.say("stop", self.tongue)
        self.text += "" if self.tongue == "ja" else " "


def write(brief: dict[str, Json], messages: dict[str, str], tongue: str) -> Draft:
    """Write the prompt: the idea, what was decided of it, its lettering, what must not be."""
    draft = Draft(tongue)
    for link, words, said in _chain(_pieces(brief, messages), messages, tongue):
        draft.add(link)
        draft.add(words, [said])
    draft.stop()
    shown = [said for source in draft.sources for said in source["said"]]
    rest = {name: _rest(entry, shown) for name, entry in brief.items()}
    refusals = [said for said in rest.values() if said and _refused(said)]
    plain = [
        name for name, entry in brief.items()
        if name not in LETTERED and (rest[name] or not entry["said"]) and rest[name] not in refusals
    ]  # fmt: skip
    _decisions(draft, {name: (brief[name]["value"], rest[name]) for name in plain})
    _lettering(draft, brief, rest)
    if refusals:
        head, tail = book.say("refusals", tongue).split("{}")
        draft.add(head)
        stretches = [stretch for said in refusals for stretch in _stretches(said, tongue)]
        for place, stretch in enumerate(stretches):
            draft.add(book.say("comma", tongue) if place else "")
            draft.add(*stretch)
        draft.add(tail)
        draft.stop()
    draft.text = draft.text.strip()
    return draft


def value(said: list[Json], messages: dict[str, str], tongue: str) -> str:
    """What quotes say, in one phrase; of two that say the same the longer one."""
    chain = _chain(said, messages, tongue)
    texts = [
        (link, words)
        for place, (link, words, one) in enumerate(chain)
        if not (place and book.numbers(one["quote"]))
        and not any(book.find(words, longer) for _, longer, _ in chain[place + 1 :])
    ]
    return "".join(link * bool(n) + words for n, (link, words) in enumerate(texts))


def lettering(brief: dict[str, Json]) -> list[str]:
    """The texts that are to stand in the picture, to the letter."""
    texts: list[str] = []
    for name in LETTERED:
        entry = brief.get(name, {"said": [], "value": ""})
        quotes = " ".join(said["quote"] for said in entry["said"])
        texts += [next(filter(None, mark.groups())) for mark in book.QUOTED.finditer(quotes)]
        if quotes and not texts and not book.refuses(quotes) and not _optional(entry):
            texts.append(entry["value"])
    return texts


def _optional(entry: Json) -> bool:
    """Whether a text is described, as an option describes it, and not given."""
    known = book.data()["options"]
    return any(
        said["ref"].startswith("q") or any(book.find(n, said["quote"]) for n in book.spellings(key))
        for said in entry["said"]
        for key in known
        if "title" in key or "text" in key or "name" in key
    )


def _pieces(brief: dict[str, Json], messages: dict[str, str]) -> list[Json]:
    """The quotes that the first sentence is made of: the subject, and all that m1 says besides."""
    pieces = list(brief.get("subject", {"said": []})["said"])
    for name, entry in brief.items():
        for said in entry["said"] if name != "subject" else []:
            if any(p["ref"] == said["ref"] and said["quote"] in p["quote"] for p in pieces):
                continue
            around = book.content(book.QUOTED.sub("", said["quote"]))
            lettered = name in LETTERED and around and book.QUOTED.search(said["quote"])
            if said["ref"] == "m1" or lettered or _joins(said):
                at = [_place(p, messages) > _place(said, messages) for p in pieces]
                pieces.insert(at.index(True) if True in at else len(pieces), said)
    return pieces


def _joins(said: Json) -> bool:
    """Whether own words go on from what stands before, such as "with a boat"."""
    first = book.tokens(re.sub(r"^(?:but|and|und|aber|et|mais|y|pero) ", "", said["quote"]))[:1]
    return said["ref"].startswith("m") and first in [[word] for word in book.data()["parts"]]


def _place(said: Json, messages: dict[str, str]) -> tuple[int, int]:
    number = int(said["ref"][1:]) if said["ref"] in messages else 0
    return number, messages.get(said["ref"], "").find(said["quote"])


def _chain(
    pieces: list[Json], messages: dict[str, str], tongue: str
) -> list[tuple[str, str, Json]]:
    """Quotes one after the other: what links each to the one before, its words, the quote."""
    chain: list[tuple[str, str, Json]] = []
    for place, said in enumerate(pieces):
        link = _link(pieces[place - 1], said, messages, tongue) if place else ""
        words = book.trim(said["quote"], tongue, inner=link == " ")
        chain.append((link, words or said["quote"], said))
    return chain


def _link(before: Json, said: Json, messages: dict[str, str], tongue: str) -> str:
    """What stands between two stretches: what stood between them in the message."""
    comma = book.say("comma", tongue)
    if before["ref"] != said["ref"]:
        return " " if _joins(said) else comma
    text = messages.get(said["ref"], "")
    start = text.find(before["quote"]) + len(before["quote"])
    between = text[start : max(start, text.find(said["quote"], start))]
    if re.search(r"[.!?。！？\n]", between):
        return book.say("stop", tongue) + ("" if tongue == "ja" else " ")
    return comma if re.search(r"[,;:()、–—-]", between) or not between else " "


def _rest(entry: Json, shown: list[Json]) -> list[Json]:
    return [
        said for said in entry["said"]
        if not any(s["ref"] == said["ref"] and said["quote"] in s["quote"] for s in shown)
    ]  # fmt: skip


def _refused(said: list[Json]) -> bool:
    return any(book.refuses(one["quote"]) for one in said)


def _stretches(said: list[Json], tongue: str) -> list[tuple[str, list[Json]]]:
    """Quotes as stretches; one whose words the next says again goes with it."""
    stretches: list[tuple[str, list[Json]]] = []
    for one in said:
        words = book.trim(one["quote"], tongue) or one["quote"]
        if stretches and book.numbers(one["quote"]):
            stretches[-1][1].append(one)
        elif stretches and book.find(stretches[-1][0], words):
            stretches[-1] = (words, [*stretches[-1][1], one])
        else:
            stretches.append((words, [one]))
    return stretches


def _decisions(draft: Draft, values: dict[str, tuple[str, list[Json]]]) -> None:
    """Say in one sentence what was decided: by words, by an option, or by nobody."""
    tongue = draft.tongue
    for place, (name, (value, said)) in enumerate(values.items()):
        known = book.data()["dimensions"].get(name)
        pattern = known["says"][tongue] if known else book.say("other", tongue)
        head, tail = pattern.replace("{name}", name.replace("_", " ")).split("{}")
        joint = "and" if place == len(values) - 1 else "comma"
        draft.add(book.say(joint, tongue) if place else "")
        draft.add(head)
        for number, stretch in enumerate(_stretches(said, tongue) or [(value, [])]):
            draft.add(book.say("comma", tongue) if number else "")
            draft.add(*stretch)
        draft.add(tail)
    if values:
        draft.stop()


def _lettering(draft: Draft, brief: dict[str, Json], rest: dict[str, list[Json]]) -> None:
    """Say what is to be read in the picture, or that nothing is."""
    tongue, texts = draft.tongue, lettering(brief)
    for name in (name for name in LETTERED if name in brief):
        said = rest[name]
        if not brief[name]["said"]:
            draft.add(book.say("wordless", tongue))
            draft.stop()
        elif said and not _refused(said):
            head, tail = book.say("lettering", tongue).split("{}")
            draft.add(head)
            for place, (words, quotes) in enumerate(_stretches(said, tongue)):
                draft.add(book.say("comma", tongue) if place else "")
                draft.add(f"“{words}”" if words in texts else words, quotes)
            draft.add(tail)
            draft.stop()
    if texts:
        draft.add(book.say("exactly", tongue))
        draft.stop()
