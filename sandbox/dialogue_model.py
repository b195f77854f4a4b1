"""The facilitator: a model's part in the dialogue, played from rules so that it never varies.

The brief is kept as quotes by dimension; the prompt is these quotes in two or three sentences.
"""

import json
import re
from dataclasses import dataclass, field
from textwrap import shorten

from sandbox import misbehaviour, request_content
from sandbox import phrasebook as book
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

REFERENCE, FORMAT = "reference", "format"
UNSEEN = (REFERENCE, FORMAT)
"""What no sentence of the prompt says: what is taken of a reference stands under its aspect."""

ADDITIVE = ("subject", "avoid")
"""Dimensions to which later words add; of all others they replace what held."""

SAME = {"medium": "style", "colours": "palette"}
"""What lines of a style are about, by their name in a brief."""

THEIRS = re.compile(
    r"\b(?:of|from|like|von|aus|wie) (?:my|our|mein\w*|unser\w*)\b.*", re.IGNORECASE
)
"""What the person has already."""

LATER = re.compile(r"(?:but|aber)\b", re.IGNORECASE)
"""Begins what is said of the picture behind a choice."""

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
    questions = [] if ends or (reading.answer and reading.waiting) else _questions(reading)
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


@dataclass
class BriefReading:
    """What the newest messages make of the brief of the turn before, each value by its quotes.

    `latest` are the messages that decided a dimension in this turn, `ours` is what nobody said,
    `answer` says something to what the person asks back.
    """

    talk: Dialogue
    options: dict[str, list[str]]
    tongue: str
    brief: dict[str, list[Json]] = field(default_factory=dict)
    latest: dict[str, str] = field(default_factory=dict)
    ours: dict[str, str] = field(default_factory=dict)
    chosen: list[Json] = field(default_factory=list)
    set_aside: list[Json] = field(default_factory=list)
    answer: str = ""
    ends: bool = False

    def __post_init__(self) -> None:
        """Read the messages, then what styles and reference pictures bring."""
        for entry in self.talk.before.get("brief") or []:
            said = [quote for quote in entry["said"] if not quote["ref"].startswith("style:")]
            self.brief |= {entry["dimension"]: said} if said else {}
        for ref in self.talk.fresh:
            self._read(ref)
            for marker in self.talk.markers.get(ref, []):
                self._set_aside(ref, marker, "talk")
        self.take_of_references(self.aspects)
        for style in self.talk.state.get("styles") or []:
            self._take_style(style)

    @property
    def waiting(self) -> list[Json]:
        """The questions that nothing answers yet; with the prompt none is put any more."""
        questions = [] if self.talk.before.get("prompt") else self.talk.questions.values()
        return [question for question in questions if question["dimension"] not in self.brief]

    @property
    def aspects(self) -> list[str]:
        """What of the reference pictures the person's words, or their answer, speak of."""
        answers = [quote["quote"] for quote in self.brief.get(REFERENCE, [])]
        text = "\n".join([*self.talk.messages.values(), *answers])
        known = book.data()["aspects"].items()
        return [aspect for aspect, words in known if any(book.find(word, text) for word in words)]

    def take_of_references(self, aspects: list[str]) -> None:
        """Take these of the reference pictures, where nothing else is known of them."""
        sight = book.say("sight", self.tongue)
        for aspect in aspects if self.talk.references else []:
            said = [{"ref": ref, "quote": sight} for ref in self.talk.references]
            self.brief.setdefault(aspect, said)

    def _read(self, ref: str) -> None:
        """Read a message clause by clause, of which each answers one question at most."""
        asked = (self.talk.state.get("answers") or {}).get(ref)
        question, message = self.talk.questions.get(asked or ""), self.talk.messages[ref]
        if question and len(book.places(message)) > 1:
            self.answer = book.say("one", self.tongue)
            self._set_aside(ref, message, "talk")
            return
        for clause, asks in book.clauses(message):
            waiting = [one for one in self.waiting if asked in (None, one["id"])]
            places, shape = book.places(clause), book.shape(clause)[1]
            if (asks and waiting) or book.holds("unsure", clause):
                self.answer = book.say("yours", self.tongue)
                self._set_aside(ref, clause, "talk")
            elif book.holds("ends", clause):
                self.ends = True
                self._set_aside(ref, clause, "left_to_us")
            elif book.is_talk(clause) or self._is_asked_again(clause):
                self._set_aside(ref, clause, "talk")
            elif places:
                self._pick(ref, places, clause, waiting)
            else:
                alone = shape and not book.content(clause.replace(shape, "", 1))
                if not alone:
                    self._take(ref, clause, question)
                if shape:
                    self._put(FORMAT, ref, {"ref": ref, "quote": clause if alone else shape})

    def _is_asked_again(self, clause: str) -> bool:
        """Whether a clause says more of a title whose letters are missing: "but darker"."""
        return self.answer == book.say("letters", self.tongue) and bool(LATER.match(clause))

    def _pick(
        self, ref: str, places: list[tuple[int, str]], clause: str, waiting: list[Json]
    ) -> None:
        """Take numbers as the options in these places, one of each question."""
        for place, word in places:
            words = word if len(places) > 1 else clause
            fitting = [one for one in waiting if 0 < place <= len(one["options"])]
            if fitting:
                waiting = [one for one in waiting if one is not fitting[0]]
                self._choose(ref, words, fitting[0], place)
            else:
                self.answer = book.say("beyond", self.tongue).format(word)
                self._set_aside(ref, words, "talk")

    def _choose(self, ref: str, words: str, question: Json, place: int, *own: Json) -> None:
        """Take an option, and the own words that name it; that of a text says not which."""
        option = {"ref": question["id"], "quote": question["options"][place - 1]}
        if question["dimension"] == "text" and not (
            book.refuses(option["quote"]) or any(book.lettering(quote["quote"]) for quote in own)
        ):
            self.answer = book.say("letters", self.tongue)
            self._set_aside(ref, words, "talk")
            return
        pick = {"question": question["id"], "option": place, "ref": ref, "quote": words}
        self.chosen.append(pick)
        self._put(question["dimension"], ref, option, *own)

    def _take(self, ref: str, clause: str, question: Json | None) -> None:
        """Take own words: as an option, as the answer to a question, or for what they are of."""
        quote, refuses = {"ref": ref, "quote": clause}, book.refuses(clause)
        for put in [question] if question else [*self.waiting, *self.talk.questions.values()]:
            for place, option in enumerate(put["options"], 1):
                words = book.find(option, clause)
                if words and book.refuses(option) == refuses:
                    self._choose(ref, words, put, place, quote)
                    return
        bare = book.content(clause)
        same = [
            name
            for name, own in self.options.items()
            if bare in map(book.content, (*own, *book.translate(own, self.tongue)))
        ]
        waiting = [] if ref in self.latest.values() else self.waiting
        if refuses and bare:
            about = "text" if book.holds("lettering", clause) else "avoid"
        elif book.lettering(clause):
            about = "text"
        elif same:
            about = same[0]
        elif question:
            about = question["dimension"]
        elif book.begins(clause):
            about = book.begins(clause)
        else:
            has_subject = "subject" in self.brief and waiting
            about = waiting[0]["dimension"] if has_subject else "subject"
        self._put(about, ref, quote)

    def _put(self, dimension: str, ref: str, *quotes: Json) -> None:
        """Decide a dimension; a later message adds to some and replaces what held of others."""
        said = self.brief.setdefault(dimension, [])
        if dimension not in ADDITIVE and self.latest.get(dimension) != ref:
            for old in [quote for quote in said if quote["ref"].startswith("m")]:
                self._set_aside(old["ref"], old["quote"], "replaced")
            said.clear()
        said.extend(quotes)
        self.latest[dimension] = ref

    def _set_aside(self, ref: str, quote: str, why: str) -> None:
        self.set_aside.append({"ref": ref, "quote": quote, "why": why})

    def _take_style(self, style: Json) -> None:
        """Take each line of a style as it is, but where the person decides the same."""
        own = {name for name, said in self.brief.items() if said[0]["ref"][0] in "mq"} - {"avoid"}
        for aspect in [key for key in style if key not in {"id", "degree"}]:
            name = SAME.get(aspect, aspect)
            if name in own:
                self._set_aside(style["id"], style[aspect], "replaced")
            else:
                quote = {"ref": style["id"], "quote": style[aspect]}
                self.brief.setdefault(name, []).append(quote)


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


def _questions(reading: BriefReading) -> list[Json]:
    """The next questions, in the order of the type's dimensions; none whose option was named."""
    state, messages = reading.talk.state, "\n".join(reading.talk.messages.values())
    mode, left = state.get("mode", "guided"), state.get("questions_left", 0)
    common = book.data()["options"]  # a type tells two options at first
    known = {one["dimension"] for one in reading.talk.questions.values()} | {*reading.brief}
    names = [name for name in reading.options if name != "avoid"][: WORTH.get(mode, 5)]
    options = {name: reading.options[name] for name in names}
    if reading.talk.references and not reading.aspects:
        options = {REFERENCE: [*common[REFERENCE]], **options}
    questions = [
        _question(name, choices, reading)
        for name, choices in options.items()
        if name not in known
        and len(choices) > 1
        and not any(book.find(one, messages) for one in (*choices, *common.get(name, ())))
    ]
    return questions[: max(0, min(PER_TURN.get(mode, 3) - len(reading.waiting), left))]


def _question(name: str, options: list[str], reading: BriefReading) -> Json:
    """A question with the options of the type, what is liked as its default."""
    liked = " ".join(one["value"] for one in reading.talk.state.get("preferences") or [])
    disliked = " ".join(reading.talk.state.get("dislikes") or [])
    options = [option for option in options if not book.find(option, disliked)][:MOST_OPTIONS]
    usual = next((place for place, option in enumerate(options) if book.find(option, liked)), 0)
    # In the order of the type: who types numbers finds them where they were.
    options = book.translate(options, reading.tongue)
    texts = {form: book.say_of(name, form, reading.tongue) for form in ("text", "why")}
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
    if reading.answer and reading.waiting:
        return reading.answer
    fresh = {*reading.talk.fresh, *(pick["question"] for pick in reading.chosen)}
    news = [
        words
        for name, said in reading.brief.items()
        for words, quotes in _phrases(name, said, tongue)
        if fresh & {quote["ref"] for quote in quotes}
    ]
    again = shorten("; ".join(news), AGAIN, placeholder=" …")
    understood = book.say("understood", tongue).format(again) + " " if again else ""
    return understood + book.say(then, tongue)


def write(reading: BriefReading) -> tuple[str, list[Json]]:
    """The prompt and its sources: the idea, the decisions, lettering, what must not be, styles."""
    styles, tongue = reading.talk.state.get("styles") or [], reading.tongue
    touches = {style["id"] for style in styles if "touch" in style["degree"]}
    idea, refusals, avoids = list[Phrase](), list[Phrase](), list[Phrase]()
    decisions, looks = dict[str, list[Phrase]](), dict[str, list[Phrase]]()
    if "subject" in reading.ours:
        idea.append((reading.ours["subject"], []))
    seen = [(name, said) for name, said in reading.brief.items() if name not in UNSEEN]
    phrases = [(name, one) for name, said in seen for one in _phrases(name, said, tongue)]
    for name, (words, said) in phrases:
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
