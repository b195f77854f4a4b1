"""The facilitator: a model's part in the dialogue, played from rules so that it never varies."""

import json

from sandbox import dialogue, lexicon, misbehaviour, phrases
from sandbox.dialogue import Dialogue
from sandbox.errors import Json
from sandbox.listening import Heard, listen

SCHEMA_NAME = "facilitator_turn"
_TITLE_WORDS = 7


def reply(body: Json, fault: str | None) -> str:
    """Return the facilitator's turn as JSON, or what a misbehaving model would say."""
    talk = dialogue.read(body)
    made = turn(talk)
    return misbehaviour.spoil(made, talk, fault) or json.dumps(made, ensure_ascii=False)


def turn(talk: Dialogue) -> Json:
    """Return the next turn of a dialogue."""
    tongue = _language(talk)
    heard = listen(talk, tongue)
    for reference in talk.references:
        if not heard.decided("palette"):
            heard.settle("palette", lexicon.data()["seen"][tongue], "reference", reference)
    asking = [] if _ends(talk, heard) else _questions(talk, heard, tongue)
    if not asking:
        for dimension in lexicon.data()["worth_saying"]:
            if not heard.decided(dimension):
                default = lexicon.question(dimension, tongue)["default"]
                heard.settle(dimension, default, "assumption", None)
    kind = _image_type(talk)
    return {
        "language": tongue,
        "title": _title(talk),
        "image_type": kind,
        "brief": _brief(heard),
        "answered": heard.answered,
        "questions": asking,
        "ready": not asking,
        "phrases": [] if asking else phrases.compose(talk, heard),
        "suggested": lexicon.suggestion(kind, "\n".join(talk.said)),
    }


def _language(talk: Dialogue) -> str:
    """Return the language of the newest words that show one."""
    for words in reversed(talk.said):
        tongue = lexicon.language(words)
        if tongue:
            return tongue
    return str(talk.turns[-1].get("language", "en")) if talk.turns else "en"


def _ends(talk: Dialogue, heard: Heard) -> bool:
    if talk.state.get("finish") or heard.wants_end or talk.questions_left <= 0:
        return True
    if talk.was_ready:
        return True
    return not talk.turns and all(map(heard.decided, lexicon.data()["complete"]))


def _questions(talk: Dialogue, heard: Heard, tongue: str) -> list[Json]:
    asked = {entry.get("dimension") for entry in (*talk.asked, *talk.open_questions)}
    known = lexicon.data()
    ladder = known["quick"] if talk.mode == "quick" else known["order"]
    undecided = [d for d in ladder if not heard.decided(d) and d not in asked]
    most = min(talk.questions_left, known["per_turn"][talk.mode])
    return [lexicon.question(dimension, tongue) for dimension in undecided[:most]]


def _brief(heard: Heard) -> list[Json]:
    known = lexicon.order()
    extra = [dimension for dimension in heard.brief if dimension not in known]
    return [
        heard.brief.get(dimension)
        or {"dimension": dimension, "value": "", "source": "open", "ref": None}
        for dimension in (*known, *extra)
    ]


def _image_type(talk: Dialogue) -> str:
    kinds = [lexicon.image_type(words) for words in talk.said]
    return next((kind for kind in kinds if kind != "general"), "general")


def _title(talk: Dialogue) -> str:
    words = (talk.said[0] if talk.said else "").split()
    return " ".join(words[:_TITLE_WORDS])[:60].rstrip(" ,.;:") or "Untitled"
