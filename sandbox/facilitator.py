"""The facilitator: a model's part in the dialogue, played from rules so that it never varies."""

import json
from textwrap import shorten

from sandbox import dialogue, misbehaviour, prose
from sandbox import phrasebook as book
from sandbox.dialogue import Dialogue
from sandbox.errors import Json
from sandbox.listening import Listener, default

SCHEMA_NAME = "facilitator_turn"

_PER_TURN = {"quick": 3, "guided": 3, "explorer": 4}
_WORTH = {"quick": 4, "guided": 5, "explorer": 99}
"""How many of a type's dimensions, in their order, a mode asks about."""

_LIKELY = 4  # points from which a type is recognised; one shared word is chance
_LONG = 5  # letters from which a shared word says something about a type
_TITLE_WORDS = 7
_LONGEST = 200  # letters of what the reply says again
_MOST_OPTIONS = 5


def reply(body: Json, fault: str | None) -> str:
    """The facilitator's turn as JSON, or what a misbehaving model would answer."""
    talk = dialogue.read(body)
    answer = turn(talk)
    return misbehaviour.spoil(answer, talk, fault) or json.dumps(answer, ensure_ascii=False)


def turn(talk: Dialogue) -> Json:
    """The next turn of a dialogue."""
    tongues = [book.language(talk.messages[ref]) for ref in reversed(talk.fresh)]
    tongue = next(filter(None, [*tongues, talk.before.get("language")]), "en")
    tongue = tongue if tongue in book.LANGUAGES else "en"
    kind = _image_type(talk)
    name, dimensions = kind["name"], _options(kind)
    heard = Listener(talk, dimensions, tongue)
    _look(talk, heard, tongue)
    questions = [] if _ends(talk, heard) else _questions(talk, heard, kind, tongue)
    waits = heard.waiting and not questions and not _ends(talk, heard)
    prompt = prose.Draft(tongue)
    if not questions and not waits:
        _assume(talk, heard, dimensions, tongue)
        prompt = prose.write(heard.brief, talk.messages, tongue)
    subject = heard.brief.get("subject", {"value": name})["value"]
    return {
        "language": tongue,
        "title": " ".join(subject.split()[:_TITLE_WORDS])[:60] or name,
        "image_type": name,
        "reply": _answer(heard, bool(prompt.text), tongue),
        "brief": list(heard.brief.values()),
        "chosen": heard.chosen,
        "questions": questions,
        "prompt": prompt.text,
        "sources": prompt.sources,
        "lettering": prose.lettering(heard.brief) if prompt.text else [],
        "set_aside": heard.set_aside,
    }


def _image_type(talk: Dialogue) -> Json:
    """The type that was recognised, or the one that the messages speak of most."""
    types: list[Json] = talk.state.get("image_types") or []
    if "image_type" in talk.state or not types:
        return talk.state.get("image_type") or {"name": "general", "dimensions": {}}
    words = " ".join(talk.messages.values())
    best = max(types, key=lambda kind: _points(kind, words))
    general = next((kind for kind in types if kind["name"] == "general"), best)
    return best if _points(best, words)[0] >= _LIKELY else general


def _points(kind: Json, words: str) -> tuple[int, int]:
    """How much speaks for a type, its names most; of equals the one that is named first."""
    names = [kind["name"].replace("_", " "), *book.data()["types"].get(kind["name"], [])]
    spans = [(span, name) for name in names if (span := book.find(name, words))]
    named = max((len(book.tokens(name)) for _, name in spans), default=0)
    about = {w for w in book.tokens(kind["recognise"]) if len(w) >= _LONG}
    options = [o for listed in _options(kind).values() for o in listed if book.find(o, words)]
    points = 8 * named + 2 * len(about & {*book.tokens(words)}) + len(options)
    return points, -min((span[0] for span, _ in spans), default=0)


def _options(kind: Json) -> dict[str, list[str]]:
    """The options of each dimension, in whichever of its two forms the state tells them."""
    return {
        name: list(told if isinstance(told, list) else told.get("options") or [])
        for name, told in (kind.get("dimensions") or {}).items()
    }


def _look(talk: Dialogue, heard: Listener, tongue: str) -> None:
    """Take what a reference picture shows as a decision, unless it is one already."""
    for ref in talk.references:
        if not any(s["ref"] == ref for e in heard.brief.values() for s in e["said"]):
            seen = book.say("reference", tongue)
            heard.put("reference" if heard.decides("palette") else "palette", (ref, seen))


def _ends(talk: Dialogue, heard: Listener) -> bool:
    """Whether nothing more is asked; a question of the person's own is answered first."""
    if talk.state.get("finish") or heard.ends or talk.before.get("prompt"):
        return True
    only_asks_back = heard.back and not heard.news and heard.waiting
    return talk.state.get("questions_left", 0) <= 0 and not only_asks_back


def _questions(talk: Dialogue, heard: Listener, kind: Json, tongue: str) -> list[Json]:
    """The next questions, in the order of the type's dimensions."""
    if heard.back and heard.waiting and not heard.news:
        return []
    mode = talk.state.get("mode", "guided")
    put = {q.get("dimension") for turn in talk.turns for q in turn.get("questions") or []}
    put |= {q["dimension"] for q in heard.waiting}
    dimensions = {d: o for d, o in _options(kind).items() if d != "avoid"}
    questions = [
        _question(talk, name, kind["dimensions"][name], options, tongue)
        for name, options in list(dimensions.items())[: _WORTH.get(mode, 5)]
        if not heard.decides(name) and name not in put
    ]
    most = min(_PER_TURN.get(mode, 3) - len(heard.waiting), talk.state.get("questions_left", 0))
    return [q for q in questions if len(q["options"]) > 1][: max(0, most)]


def _question(talk: Dialogue, name: str, told: object, options: list[str], tongue: str) -> Json:
    """A question with the options of the type, in the person's language where they are known."""
    asks = told.get("asks") if isinstance(told, dict) else None
    known = book.data()["dimensions"].get(name)
    disliked = talk.state.get("dislikes") or []
    fitting = [
        o for o in dict.fromkeys(options) if not any(book.find(o, word) for word in disliked)
    ]
    liked = [p["value"] for p in talk.state.get("preferences") or [] if p["dimension"] == name]
    first = next((o for o in fitting if o in liked), default(fitting, talk))
    text = book.say("ask", tongue).format(name=name.replace("_", " "))
    text = f"{text} ({asks})" if asks else text
    return {
        "dimension": name,
        "text": known["text"][tongue] if known else text,
        "why": known["why"][tongue] if known else book.say("why", tongue),
        "options": [book.translate(option, tongue) for option in fitting[:_MOST_OPTIONS]],
        "default": book.translate(first, tongue),
        "follows": None,
    }


def _assume(talk: Dialogue, heard: Listener, dimensions: dict[str, list[str]], tongue: str) -> None:
    """Decide what a prompt needs and nobody decided, never against the idea."""
    if "subject" not in heard.brief:
        first = (dimensions.get("subject") or [""])[0]
        heard.assume("subject", book.translate(first, tongue) or "an open landscape")
    for name in book.data()["assumable"]:
        options = dimensions.get(name) or []
        option = default(options, talk)
        wordless = name != "text" or book.refuses(option)
        if options and wordless and not heard.decides(name):
            heard.assume(name, book.translate(option, tongue))


def _answer(heard: Listener, ready: bool, tongue: str) -> str:
    """One or two sentences to the person: an answer to what they ask, or what was understood."""
    if heard.back:
        terms = book.data()["glossary"]
        asked = " ".join(heard.back)
        names = (t for t in terms if any(book.find(name, asked) for name in book.spellings(t)))
        term = next(names, None)
        yours = book.say("yours", tongue)
        return book.say("term", tongue).format(terms[term][tongue]) if term else yours
    values = [heard.brief[name]["value"] for name in {**heard.brief} if name in heard.news]
    news = [v for v in values if not any(v != other and v in other for other in values)]
    again = shorten("; ".join(news), _LONGEST, placeholder=" …")
    understood = book.say("understood", tongue).format(again)
    after = book.say("ready" if ready else "asks", tongue)
    return f"{understood} {after}" if news else after
