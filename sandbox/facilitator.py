"""The facilitator: a model's part in the dialogue, played from rules so that it never varies."""

import json

from sandbox import dialogue, lexicon, misbehaviour, phrases
from sandbox import facilitator_contradictions as contradictions
from sandbox.dialogue import Dialogue
from sandbox.listening import Heard, listen
from sandbox.openai_errors import Json

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
    asking = [] if _ends(talk, heard) else _asking(talk, heard, tongue)
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
        "brief": _brief(heard, kind),
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
    finished = talk.state.get("finish") or heard.wants_end or talk.questions_left <= 0
    return bool(finished or talk.was_ready)


def _asking(talk: Dialogue, heard: Heard, tongue: str) -> list[Json]:
    """Return the next questions: contradictions first, then what is open unless all is said."""
    conflicts = contradictions.questions(talk, tongue)
    for question in conflicts:
        heard.brief.pop(question["dimension"], None)
    unclear = {question["dimension"] for question in conflicts}
    told = all(heard.decided(d) or d in unclear for d in lexicon.data()["complete"])
    clear_so_far = all(entry["dimension"] in contradictions.dimensions() for entry in talk.asked)
    known = lexicon.data()
    most = min(talk.questions_left, known["per_turn"][talk.mode])
    rest = [] if told and clear_so_far else _undecided(talk, heard)
    asking = [lexicon.question(d, tongue) for d in rest if d not in unclear]
    return [*conflicts, *asking][:most]


def _undecided(talk: Dialogue, heard: Heard) -> list[str]:
    asked = {entry.get("dimension") for entry in (*talk.asked, *talk.open_questions)}
    ladder = lexicon.data()["ladder"][talk.mode]
    return [d for d in ladder if not heard.decided(d) and d not in asked]


def _brief(heard: Heard, kind: str) -> list[Json]:
    """Return an entry per dimension; what a type calls otherwise is said under both names."""
    known = lexicon.order()
    extra = [dimension for dimension in heard.brief if dimension not in known]
    also = lexicon.data()["also"].get(kind, {})
    return [
        *(
            heard.brief.get(dimension)
            or {"dimension": dimension, "value": "", "source": "open", "ref": None}
            for dimension in (*known, *extra)
        ),
        *(
            {**heard.brief[ours], "dimension": theirs}
            for ours, theirs in also.items()
            if heard.decided(ours)
        ),
    ]


def _image_type(talk: Dialogue) -> str:
    kinds = [lexicon.image_type(words) for words in talk.said]
    return next((kind for kind in kinds if kind != "general"), "general")


def _title(talk: Dialogue) -> str:
    words = (talk.said[0] if talk.said else "").split()
    return " ".join(words[:_TITLE_WORDS])[:60].rstrip(" ,.;:") or "Untitled"
