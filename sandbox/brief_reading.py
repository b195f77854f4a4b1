"""What the played facilitator makes of the person's newest words: a brief, kept as quotes."""

import re
from dataclasses import dataclass, field

from sandbox import phrasebook as book
from sandbox.openai_errors import Json
from sandbox.request_content import Dialogue

REFERENCE, FORMAT = "reference", "format"

ADDITIVE = ("subject", "avoid")
"""Dimensions to which later words add; of all others they replace what held."""

SAME = {"medium": "style", "colours": "palette"}
"""What lines of a style are about, by their name in a brief."""

LATER = re.compile(r"(?:but|aber)\b", re.IGNORECASE)
"""Begins what is said of the picture behind a choice."""


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
