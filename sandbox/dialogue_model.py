"""The facilitator: a model's part in the dialogue, played from rules so that it never varies.

The brief is kept as quotes by dimension; the prompt is these quotes in two or three sentences.
"""

import json
import re
from textwrap import shorten

from sandbox import misbehaviour, request_content
from sandbox import phrasebook as book
from sandbox.brief_reading import ADDITIVE, FORMAT, REFERENCE, BriefReading
from sandbox.openai_errors import Json
from sandbox.request_content import Dialogue

PER_TURN = {"quick": 2, "guided": 3, "explorer": 4}
"""Questions at once by mode: few enough to be answered in one line."""

WORTH = {"quick": 4, "guided": 5, "explorer": 99}
"""How many dimensions of a type a mode asks about, so that a prompt does not wait for details."""

MOST_OPTIONS = 5
"""Of a question: of more nobody keeps the first in mind."""

AGAIN = 200
"""Letters of what the reply says again: two lines of a terminal."""

UNSEEN = (REFERENCE, FORMAT)
"""What no sentence of the prompt says: what is taken of a reference stands under its aspect."""

THEIRS = re.compile(
    r"\b(?:of|from|like|von|aus|wie) (?:my|our|mein\w*|unser\w*)\b.*", re.IGNORECASE
)
"""What the person has already."""

Phrase = tuple[str, list[Json]]
"""Words for the prompt and the quotes that they rest on; with none they are our own."""


def reply(body: Json, fault: str) -> str:
    """The facilitator's turn as JSON, or what a misbehaving model would answer."""
    talk = request_content.read_dialogue(body)
    answer = turn(talk)
    misbehaviour.spoil(answer, talk, fault)
    return json.dumps(answer, ensure_ascii=False)


def turn(talk: Dialogue) -> Json:
    """The next turn of a dialogue."""
    kind = _image_type(talk)
    known = (kind.get("dimensions") or {}).items()  # in whichever of two forms
    options = {
        name: list(o if isinstance(o, list) else o.get("options") or []) for name, o in known
    }
    reading = BriefReading(talk, options, book.language([*talk.messages.values()]))
    ends = reading.ends or talk.state.get("finish") or talk.before.get("prompt")
    questions = [] if ends else _questions(reading)
    prompt, sources = "", list[Json]()
    if ends or not (questions or reading.waiting):
        _assume(reading)
        prompt, sources = write(reading)
    values = {
        name: ", ".join(words for words, _ in _phrases(name, said, reading.tongue))
        for name, said in reading.brief.items()
    }
    if FORMAT in values:
        values[FORMAT] = book.shape(values[FORMAT])[0]
    return {
        "language": reading.tongue,
        "title": talk.title,
        "image_type": kind["name"],
        "reply": _reply(reading, "ready" if prompt else "asks"),
        "brief": [
            {"dimension": name, "value": value, "said": reading.brief.get(name, []), "open": False}
            for name, value in (values | reading.ours).items()
        ],
        "chosen": reading.chosen,
        "questions": questions,
        "prompt": prompt,
        "sources": sources,
        "lettering": book.lettering(prompt),
        "set_aside": reading.set_aside,
    }


def _image_type(talk: Dialogue) -> Json:
    """The type that was recognised, else one that the messages name, else the general."""
    types = talk.state.get("image_types") or [talk.state.get("image_type") or {"name": "general"}]
    clauses = [one for words in talk.messages.values() for one, _ in book.clauses(words)]
    # "Portrait format" is a shape, no portrait, and "the colours of my photo" want none.
    wishes = [one.replace(book.shape(one)[1], "") for one in clauses if not book.refuses(one)]
    text = "; ".join(THEIRS.sub("", wish) for wish in wishes)
    fitting = [one for one in types if book.find(one["name"].replace("_", " "), text)]
    general = [one for one in types if one["name"] == "general"]
    first: Json = [*fitting, *general, *types][0]
    return first


def _phrases(name: str, said: list[Json], tongue: str) -> list[Phrase]:
    """The quotes of a dimension as words; an option that own words name stands with these."""
    own = [quote["quote"] for quote in said if quote["ref"][0] == "m"]
    phrases = dict[str, list[Json]]()
    for quote in said:
        text = next((one for one in own if book.find(quote["quote"], one)), quote["quote"])
        text = book.quote(book.trim(text), tongue) if text in own else text
        if name == "text" and not (book.lettering(text) or book.refuses(text)):
            text = book.say("quoted", tongue).format(text)
        phrases.setdefault(text, []).append(quote)
    return [*phrases.items()]


def _told(reading: BriefReading) -> list[tuple[str, Phrase]]:
    """What a brief says of each dimension, but for words that stand in others of it."""
    quotes = [one for said in reading.brief.values() for one in said]
    return [
        (name, phrase)
        for name, said in reading.brief.items()
        for phrase in _phrases(name, said, reading.tongue)
        if name in ADDITIVE or not any(_is_within(phrase[1][0], one) for one in quotes)
    ]


def _is_within(quote: Json, other: Json) -> bool:
    same = quote["ref"] == other["ref"] and quote["ref"][0] == "m"
    return bool(same and quote["quote"] in other["quote"] and quote != other)


def _questions(reading: BriefReading) -> list[Json]:
    """The next questions, in the order of the type's dimensions; none whose option was named.

    What an answer to its question left open is put once more; where we answer, nothing else is.
    """
    state, messages = reading.talk.state, "\n".join(reading.talk.messages.values())
    mode, left = state.get("mode", "guided"), state.get("questions_left", 0)
    waiting = [one["dimension"] for one in reading.waiting]
    put = {one["text"]: one["dimension"] for one in reading.talk.questions.values()}
    names = [name for name in reading.options if name != "avoid"][: WORTH.get(mode, 5)]
    options = {name: reading.options[name] for name in names}
    if reading.talk.references and not reading.aspects:
        options = {REFERENCE: [*book.data()["options"][REFERENCE]], **options}
    questions = list[Json]()
    for name, choices in options.items():
        again = name in put.values()
        named = any(book.find(one, messages) for one in (*choices, *book.known(name)))
        is_open = len(choices) > 1 and name not in {*waiting, *reading.brief}
        if is_open and (again or not (named or (reading.answer and waiting))):
            questions.append(_question(name, choices, reading, again=again))
    questions = [question for question in questions if question["text"] not in put]
    return questions[: max(0, min(PER_TURN.get(mode, 3) - len(waiting), left))]


def _question(name: str, options: list[str], reading: BriefReading, *, again: bool) -> Json:
    """A question with the options of the type, what is liked as its default."""
    liked = " ".join(one["value"] for one in reading.talk.state.get("preferences") or [])
    disliked = " ".join(reading.talk.state.get("dislikes") or [])
    options = [option for option in options if not book.find(option, disliked)][:MOST_OPTIONS]
    usual = next((place for place, option in enumerate(options) if book.find(option, liked)), 0)
    if again:  # whoever picked a title wants no "no text" for its missing letters
        usual = next((at for at, option in enumerate(options) if not book.refuses(option)), 0)
    # In the order of the type: who types numbers finds them where they were.
    options = book.translate(options, reading.tongue)
    texts = {form: book.say_of(name, form, reading.tongue) for form in ("text", "why")}
    if again:
        texts["text"] = book.say("again", reading.tongue).format(texts["text"])
    choice = {"options": options, "default": [*options[usual:], *options, ""][0], "follows": None}
    return {"dimension": name, **texts, **choice}


def _assume(reading: BriefReading) -> None:
    """Decide what is against no idea: colours of a picture, no text, a subject."""
    if not reading.aspects and REFERENCE not in reading.brief:
        reading.take_of_references(["palette"])
    messages, known = " ".join(reading.talk.messages.values()), reading.brief
    letters = "text" in known or book.holds("lettering", messages) or book.lettering(messages)
    if "text" in reading.options and not letters:
        reading.ours["text"] = book.say("no_text", reading.tongue)
    if not known:
        reading.ours["subject"] = book.say("anything", reading.tongue)


def _reply(reading: BriefReading, then: str) -> str:
    """One or two sentences to the person: an answer to what they ask, or what was understood."""
    tongue = reading.tongue
    fresh = {*reading.talk.fresh, *(pick["question"] for pick in reading.chosen)}
    told = [words for _, (words, said) in _told(reading) if fresh & {q["ref"] for q in said}]
    again = shorten("; ".join(told), AGAIN, placeholder=" …")
    understood = book.say("understood", tongue).format(again) + " " if again else ""
    return understood + ((then == "asks" and reading.answer) or book.say(then, tongue))


def write(reading: BriefReading) -> tuple[str, list[Json]]:
    """The prompt and its sources: the idea, the decisions, lettering, what must not be, styles."""
    styles, tongue = reading.talk.state.get("styles") or [], reading.tongue
    touches = {style["id"] for style in styles if "touch" in style["degree"]}
    idea, refusals, avoids = list[Phrase](), list[Phrase](), list[Phrase]()
    decisions, looks = dict[str, list[Phrase]](), dict[str, list[Phrase]]()
    if "subject" in reading.ours:
        idea.append((reading.ours["subject"], []))
    for name, (words, said) in [one for one in _told(reading) if one[0] not in UNSEEN]:
        ref = said[0]["ref"]
        if ref.startswith("style:") and name == "avoid":
            avoids.append((f"no {words}", said))
        elif ref.startswith("style:"):
            lead = "a touch of " if ref in touches else ""
            looks.setdefault(name, []).append((lead + words, said))
        elif book.refuses(words):
            refusals.append((words, said))
        elif ref == "m1" or name in ("subject", book.begins(words)):
            idea.append((words, said))
        else:
            decisions.setdefault(name, []).append((words, said))
    own = " ".join(words for phrases in (idea, *decisions.values()) for words, _ in phrases)
    fixed = "exactly" if book.lettering(own) else "wordless" * ("text" in reading.ours)
    return _assemble(
        _list(idea),
        _frame(decisions, tongue),
        [(book.say(fixed, tongue), [])] if fixed else [],
        _list(refusals),
        _frame(looks, "en"),  # a style is told in English, whatever the person speaks
        _list(avoids),
    )


def _list(phrases: list[Phrase]) -> list[Phrase]:
    return [part for one in phrases for part in ((", ", list[Json]()), one)][1:]


def _frame(phrases: dict[str, list[Phrase]], tongue: str) -> list[Phrase]:
    """A sentence that says of each dimension what it is."""
    parts = list[Phrase]()
    for name, own in phrases.items():
        head, tail = book.say_of(name, "says", tongue).split("{}")
        joint = ", " if parts else ""
        parts += [(joint + head, []), *_list(own), (tail, [])]
    return parts


def _assemble(*sentences: list[Phrase]) -> tuple[str, list[Json]]:
    """Put sentences together, each with a capital and a full stop."""
    prompt, sources = "", list[Json]()
    for sentence in filter(None, sentences):
        prompt, begins = prompt + (" " if prompt else ""), True
        for words, said in sentence:
            text = words[:1].upper() + words[1:] if begins else words
            begins, prompt = begins and not words, prompt + text
            sources += [{"prompt": text, "said": said}] if said else []
        prompt += "."
    return prompt, sources
