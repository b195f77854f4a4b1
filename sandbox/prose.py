"""The prompt of the played facilitator: plain sentences, each stretch with its quotes."""

from sandbox import phrasebook as book
from sandbox.dialogue import Dialogue
from sandbox.listening import LETTERED, Stretch
from sandbox.openai_errors import Json

Brief = dict[str, list[Stretch]]


def write(brief: Brief, talk: Dialogue, tongue: str) -> tuple[str, list[Json]]:
    """The prompt and its sources: the idea, the decisions, lettering, what must not be."""
    comma, texts = book.say("comma", tongue), lettering(brief)
    said = [(name, one) for name, listed in brief.items() for one in listed if one[1]]
    refusals = [one for _, one in said if book.refuses(one[0])]
    wishes = [(name, one) for name, one in said if one not in refusals]
    first = [one for _, one in wishes if one[1][0]["ref"] == "m1"]
    idea = [one for name, one in wishes if one in first or name in ("subject", book.begins(one[0]))]
    sentences = [linked(idea, talk.messages, comma), list[Stretch]()]
    for name in brief:
        rest = [one for other, one in wishes if other == name and one not in idea]
        if name == "subject" and not brief[name][0][1]:
            rest = brief[name]
        known = book.data()["dimensions"].get(name, book.data()["voice"])["says"]
        pattern = str(known[tongue]).replace("{name}", name.replace("_", " "))
        joint = [(comma, list[Json]())] if sentences[1] else []
        sentences[1] += [*joint, *_fill(pattern, rest, comma)] if rest else []
    ours = any(not one[1] for name in LETTERED for one in brief.get(name, []))
    if texts or ours:
        sentences.append([(book.say("exactly" if texts else "wordless", tongue), [])])
    sentences.append(_fill("{}", refusals, comma) if refusals else [])
    return _assemble(sentences, book.say("stop", tongue), "" if tongue == "ja" else " ")


def lettering(brief: Brief) -> list[str]:
    """The texts that are to stand in the picture, to the letter."""
    words = [one[0] for name in LETTERED for one in brief.get(name, []) if one[1]]
    marks = [mark for one in words for mark in book.QUOTED.finditer(one)]
    return [next(filter(None, mark.groups())) for mark in marks]


def linked(stretches: list[Stretch], messages: dict[str, str], comma: str) -> list[Stretch]:
    """Stretches in the order said, with the space between them in their message or a comma."""
    linked, end = list[Stretch](), ("", 0)
    for ref, text in messages.items():
        own = [one for one in stretches if one[1] and one[1][0]["ref"] == ref]
        for one in sorted(own, key=lambda one: text.find(one[1][0]["quote"])):
            start = text.find(one[1][0]["quote"])
            between = text[end[1] : start] if end[0] == ref else comma
            linked += [(comma if between.strip() else between, [])] if linked else []
            linked.append(one)
            end = ref, start + len(one[1][0]["quote"])
    for one in stretches:  # what a picture shows, and what we chose
        linked += [] if one in linked else [(comma if linked else "", []), one]
    return linked


def _fill(pattern: str, stretches: list[Stretch], comma: str) -> list[Stretch]:
    head, tail = pattern.split("{}")
    listed = [part for one in stretches for part in ((comma, list[Json]()), one)][1:]
    return [(head, []), *listed, (tail, [])]


def _assemble(sentences: list[list[Stretch]], stop: str, space: str) -> tuple[str, list[Json]]:
    """Put sentences together, each with a capital and a full stop."""
    prompt, sources = "", list[Json]()
    for stretches in filter(None, sentences):
        prompt, begins = prompt + (space if prompt else ""), True
        for words, said in stretches:
            text = words[:1].upper() + words[1:] if begins else words
            begins, prompt = begins and not words, prompt + text
            sources += [{"prompt": text, "said": said[::-1]}] if said else []
        prompt += stop
    return prompt, sources
