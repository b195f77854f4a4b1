"""What the played facilitator makes of the person's newest words: a brief, kept as quotes."""

from dataclasses import dataclass, field

from sandbox import phrasebook as book
from sandbox.openai_errors import Json
from sandbox.request_content import Dialogue

REFERENCE, FORMAT = "reference", "format"

ADDITIVE = ("subject", "avoid")
"""Dimensions to which later words add; of all others they replace what held."""

SAME = {"medium": "style", "colours": "palette"}
"""What lines of a style are about, by their name in a brief."""

HOW = ("style", "palette", "light")
"""What no answer is about that begins with the thing itself: "the fox should wear a hat"."""


@dataclass
class BriefReading:
    """What the newest messages make of the brief of the turn before, each value by its quotes.

    `latest` are the messages of this turn by the dimension that they decided, or the question that
    they left without its letters, `ours` is what nobody said, `answers` are ids of questions that
    own words answered, of whatever these are, `answer` is said to what the person asks back.
    """

    talk: Dialogue
    options: dict[str, list[str]]
    tongue: str
    brief: dict[str, list[Json]] = field(default_factory=dict)
    latest: dict[str, str] = field(default_factory=dict)
    ours: dict[str, str] = field(default_factory=dict)
    chosen: list[Json] = field(default_factory=list)
    set_aside: list[Json] = field(default_factory=list)
    answers: set[str] = field(default_factory=set)
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
        by_id = self.talk.state.get("answers") or {}
        ids = {put["id"] for put in self.talk.state.get("open_questions") or []}
        ids |= {by_id[ref] for ref in self.talk.fresh if ref in by_id}
        questions = [] if self.talk.before.get("prompt") else self.talk.questions.values()
        return [
            put
            for put in questions
            if put["id"] in ids - self.answers and put["dimension"] not in self.brief
        ]

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
            if (asks and self._asks_back(clause)) or book.holds("unsure", clause):
                self.answer = book.say("yours", self.tongue)
                self._set_aside(ref, clause, "talk")
            elif book.holds("ends", clause):
                self.ends = True
                self._set_aside(ref, clause, "left_to_us")
            elif book.is_talk(clause):
                self._set_aside(ref, clause, "talk")
            elif places:
                self._pick(ref, places, clause, waiting)
            else:
                alone = shape and not book.content(clause.replace(shape, "", 1))
                if not alone:
                    self._take(ref, clause, question)
                if shape:
                    self._put(FORMAT, ref, {"ref": ref, "quote": clause if alone else shape})
        talk = {one["quote"] for one in self.set_aside if (one["ref"], one["why"]) == (ref, "talk")}
        if question and any(clause not in talk for clause, _ in book.clauses(message)):
            self.answers.add(question["id"])

    def _asks_back(self, clause: str) -> bool:
        """Whether a question is one to us: an idea or a change may be a question, too."""
        return book.asks(clause) if self.talk.before.get("prompt") else bool(self.talk.turns)

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
            if not book.lettering(" ".join(self.talk.messages[one] for one in self.talk.fresh)):
                self.answer = book.say("letters", self.tongue)
            self.latest[question["id"]] = ref
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
                is_meant = words or book.is_near(option, clause)
                if is_meant and book.refuses(option) == refuses:
                    self._choose(ref, words or clause, put, place, *([quote] if words else []))
                    return
        looks = self._looks(clause)
        about = self._matter(ref, clause, question, looks)
        self._put(about, ref, quote)
        if about == "text" and not book.lettering(clause):
            return  # a title
        # A pencil drawing of a fox says its style, too.
        for name in [name for name in looks if self.latest.get(name) != ref]:
            self._put(name, ref, {"ref": ref, "quote": looks[name]})

    def _matter(self, ref: str, clause: str, question: Json | None, looks: dict[str, str]) -> str:
        """The dimension that own words are of: what they name, else what they answer."""
        bare = book.content(clause)
        if book.refuses(clause) and bare:
            return "text" if book.holds("lettering", clause) else "avoid"
        if book.lettering(clause):
            return "text"
        for name in {**self.options, **book.data()["looks"]}:
            if "".join(bare) in {"".join(book.content(one)) for one in self._known(name)}:
                return str(name)
        for name, own in book.data()["alone"].items():
            if bare and {*bare} <= {*own}:
                return str(name)
        asked = [question] if question else [one for one in self.waiting if "subject" in self.brief]
        if question["id"] in self.latest if question else ref in self.latest.values():
            asked = []  # a message answers one question in words, and says more of the picture
        about = str(asked[0]["dimension"]) if asked else "subject"
        idea = book.content(self.brief["subject"][0]["quote"]) if "subject" in self.brief else []
        if about in HOW and {*bare[:1]} & {*idea}:
            return "subject"
        changes = [name for name in looks if name in self.brief and about == "subject"]
        return about if question else book.begins(clause) or [*changes, about][0]

    def _looks(self, clause: str) -> dict[str, str]:
        """What a clause names of the look, by dimension; lettering and refusals name nothing."""
        said = "" if book.refuses(clause) else book.QUOTED.sub("|", clause)
        found = {
            name: next(filter(None, (book.find(word, said) for word in self._known(name))), "")
            for name in book.data()["looks"]
        }
        return {name: words for name, words in found.items() if words}

    def _known(self, name: str) -> list[str]:
        """The options of a dimension here and elsewhere."""
        return [*self.options.get(name, ()), *book.known(name)]

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
