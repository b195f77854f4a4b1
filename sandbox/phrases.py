"""The refined prompt as phrases, each with where it comes from; joined, they are the prompt."""

import re

from sandbox import facilitator_contradictions as contradictions
from sandbox import lexicon
from sandbox.dialogue import Dialogue
from sandbox.listening import Heard, split
from sandbox.openai_errors import Json

_ENDS = (".", "!", "?", "。", "！", "？", "؟")


def compose(dialogue: Dialogue, heard: Heard) -> list[Json]:
    """Return the phrases: the request to the letter, answers, changes, then assumptions."""
    phrases = [_phrase(part, "request", "m1") for part in _request(dialogue, heard)]
    entries = list(heard.brief.values())
    told = [entry for entry in entries if entry["source"] != "assumption"]
    for entry in told:
        if entry["ref"] != "m1" and entry["value"] and not _is_told(entry, phrases):
            phrases.append(_phrase(entry["value"], entry["source"], entry["ref"]))
    phrases += _additions(dialogue, heard)
    worth = lexicon.data()["worth_saying"]
    for entry in entries:
        if entry["source"] == "assumption" and entry["dimension"] in worth:
            phrases.append(_phrase(entry["value"], "assumption", None))
    return _joined(phrases)


def _phrase(text: str, source: str, ref: str | None) -> Json:
    return {"text": text, "source": source, "ref": ref}


def _is_told(entry: Json, phrases: list[Json]) -> bool:
    return any(p["ref"] == entry["ref"] and entry["value"] in p["text"] for p in phrases)


def _request(dialogue: Dialogue, heard: Heard) -> list[str]:
    """Return the first message without the words that a later one took back."""
    words = dialogue.said[0] if dialogue.said else ""
    gone = [
        passage for dimension in lexicon.order() for passage in _taken_back(words, dimension, heard)
    ]
    gone += [piece for piece in split(words) if lexicon.wants_end(piece)]
    if not gone:
        return [words] if words else []
    cut = re.split("|".join(map(re.escape, gone)), words)
    kept = [part for part in cut if part.strip(" ,.;")]
    return [*kept[:-1], kept[-1].rstrip(" ,;")] if kept else []


def _taken_back(words: str, dimension: str, heard: Heard) -> list[str]:
    """Return what the request says of a dimension and something later has replaced."""
    entry = heard.brief.get(dimension, {})
    if entry.get("ref") == "m1":
        return []
    if contradictions.holds_both(dimension, words):
        return contradictions.loser(dimension, str(entry.get("value")), words)
    return lexicon.spans(words, weak=False).get(dimension, [])


def _additions(dialogue: Dialogue, heard: Heard) -> list[Json]:
    """Return later words that answered nothing and decided nothing, but were said."""
    answered = heard.answered + [a for turn in dialogue.turns for a in turn.get("answered") or []]
    answers = [str(given.get("answer")) for given in answered]
    values = [entry["value"] for entry in heard.brief.values()]
    return [
        _phrase(piece, "request", f"m{number}")
        for number, words in enumerate(dialogue.said[1:], start=2)
        for piece in split(words)
        if lexicon.has_subject(piece)
        and not (lexicon.declines(piece) or lexicon.wants_end(piece))
        and not lexicon.spans(piece, weak=True)
        and not any(piece in known or known in piece for known in (*answers, *values))
    ]


def _joined(phrases: list[Json]) -> list[Json]:
    """Put commas and spaces between phrases, into the later one of each pair."""
    before = ""
    for phrase in phrases:
        bare = phrase["text"]
        if before and phrase["ref"] == "m1":
            phrase["text"] = bare if before[-1].isspace() or bare[0] in " ,." else f" {bare}"
            if before[-1].isspace():
                phrase["text"] = bare.lstrip()
        elif before:
            phrase["text"] = f" {bare}" if before.rstrip().endswith(_ENDS) else f", {bare}"
        before = phrase["text"]
    return phrases
