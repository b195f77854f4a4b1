"""The facilitator: a model's part in the dialogue, played from rules so that it never varies."""

import json
from textwrap import shorten

from sandbox import dialogue, misbehaviour, prose
from sandbox import phrasebook as book
from sandbox.dialogue import Dialogue
from sandbox.listening import Listener, default
from sandbox.openai_errors import Json

SCHEMA_NAME = "facilitator_turn"

_PER_TURN = {"quick": 3, "guided": 3, "explorer": 4}
_WORTH = {"quick": 4, "guided": 5, "explorer": 99}  # how many dimensions a mode asks about
_LIKELY = 4  # points from which a type is recognised; one shared word is chance
_LONG = 5  # letters from which a shared word says something about a type
_MOST_OPTIONS = 5
_TITLE_WORDS = 7
_AGAIN = 200  # letters of what the reply says again


def reply(body: Json, fault: str | None) -> str:
    """The facilitator's turn as JSON, or what a misbehaving model would answer."""
    talk = dialogue.read(body)
    answer = turn(talk)
    return misbehaviour.spoil(answer, talk, fault) or json.dumps(answer, ensure_ascii=False)


def turn(talk: Dialogue) -> Json:
    """The next turn of a dialogue."""
    tongue = talk.before.get("language")
    for ref in talk.fresh:
        tongue = book.language(talk.messages[ref], tongue)
    tongue = tongue if tongue in book.LANGUAGES else "en"
    kind = _image_type(talk)
    heard = Listener(talk, _options(kind), tongue)
    _look(talk, heard)
    asks_back = bool(heard.counter and heard.waiting and not heard.news)
    ends = heard.ends or talk.state.get("finish") or talk.before.get("prompt")
    ends = ends or (talk.state.get("questions_left", 0) <= 0 and not asks_back)
    questions = [] if ends or asks_back else _questions(talk, heard, kind)
    prompt, sources = "", list[Json]()
    if ends or not (questions or heard.waiting):
        _assume(heard)
        prompt, sources = prose.write(heard.brief, talk.messages, tongue)
    title = prose.gist(heard.brief, talk.messages, tongue) or kind["name"]
    return {
        "language": tongue,
        "title": " ".join(title.split()[:_TITLE_WORDS])[:60].rstrip(" ,;."),
        "image_type": kind["name"],
        "reply": _answer(talk, heard, "ready" if prompt else "asks"),
        "brief": list(heard.brief.values()),
        "chosen": heard.chosen,
        "questions": questions,
        "prompt": prompt,
        "sources": sources,
        "lettering": prose.lettering(heard.brief) if prompt else [],
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
    """The options of each dimension, in whichever of its two forms the state gives them."""
    return {
        name: list(listed if isinstance(listed, list) else listed.get("options") or [])
        for name, listed in (kind.get("dimensions") or {}).items()
    }


def _look(talk: Dialogue, heard: Listener) -> None:
    """Take what a reference picture shows as a decision, unless it is one already."""
    known = {said["ref"] for entry in heard.brief.values() for said in entry["said"]}
    for ref in [ref for ref in talk.references if ref not in known]:
        name = "reference" if heard.decides("palette") else "palette"
        heard.put(name, (ref, book.say("reference", heard.tongue)), adds=True)


def _questions(talk: Dialogue, heard: Listener, kind: Json) -> list[Json]:
    """The next questions, in the order of the type's dimensions."""
    mode = talk.state.get("mode", "guided")
    before = {question.get("dimension") for question in talk.questions.values()}
    names = [name for name in heard.dimensions if name != "avoid"][: _WORTH.get(mode, 5)]
    names = [name for name in names if name not in before and not heard.decides(name)]
    questions = [_question(talk, heard, name, kind["dimensions"][name]) for name in names]
    most = min(_PER_TURN.get(mode, 3) - len(heard.waiting), talk.state.get("questions_left", 0))
    return [q for q in questions if len(q["options"]) > 1][: max(0, most)]


def _question(talk: Dialogue, heard: Listener, name: str, listed: object) -> Json:
    """A question with the options of the type, in the person's language where they are known."""
    tongue, known = heard.tongue, book.data()["dimensions"].get(name)
    asks = f" ({listed['asks']})" if isinstance(listed, dict) and listed.get("asks") else ""
    disliked = talk.state.get("dislikes") or []
    options = [
        option
        for option in dict.fromkeys(heard.dimensions[name])
        if not any(book.find(option, words) for words in disliked)
    ][:_MOST_OPTIONS]
    other = book.say("ask", tongue).format(name=name.replace("_", " ")) + asks
    return {
        "dimension": name,
        "text": known["text"][tongue] if known else other,
        "why": known["why"][tongue] if known else book.say("why", tongue),
        "options": [book.translate(option, tongue) for option in options],
        "default": book.translate(default(options, talk), tongue),
        "follows": None,
    }


def _assume(heard: Listener) -> None:
    """Decide what a prompt needs and nobody decided, never against the idea."""
    for name in book.data()["assumable"]:
        options = heard.dimensions.get(name) or []
        if name == "text":
            options = [option for option in options if book.refuses(option)]
        if options and name not in heard.brief:
            heard.assume(name, options)


def _answer(talk: Dialogue, heard: Listener, then: str) -> str:
    """One or two sentences to the person: an answer to what they ask, or what was understood."""
    tongue, terms = heard.tongue, book.data()["glossary"]
    if heard.counter:
        asked = " ".join(heard.counter)
        known = [t for t in terms if any(book.find(name, asked) for name in book.spellings(t))]
        about = book.say("term", tongue).format(terms[known[0]][tongue]) if known else ""
        return about or book.say("yours", tongue)
    news = {name: entry for name, entry in heard.brief.items() if name in heard.news}
    again = shorten(prose.gist(news, talk.messages, tongue), _AGAIN, placeholder=" …")
    understood = book.say("understood", tongue).format(again) + " " if news else ""
    return understood + book.say(then, tongue)
