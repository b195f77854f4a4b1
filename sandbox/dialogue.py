"""A dialogue as it lies in a request, and how the played facilitator reads it into a brief."""

import json
from dataclasses import dataclass, field

from sandbox import phrasebook as book
from sandbox import request_content
from sandbox.faults import without_markers
from sandbox.openai_errors import Json

LETTERED = ("text", "labels")
"""Dimensions whose values are words that stand in the picture."""

_ADDITIVE = ("subject", "avoid")  # a later wish adds to these; in all others it replaces

Stretch = tuple[str, list[Json]]
"""Words for the prompt and the quotes that they rest on; with no quotes they are our own."""

Hit = tuple[Json, int, str]
"""A question, or a dimension that was not asked about; the place of an option; words for it."""


@dataclass
class Dialogue:
    """Everything the facilitator may know; of each message, how many turns came before it."""

    messages: dict[str, str] = field(default_factory=dict)
    turns_before: dict[str, int] = field(default_factory=dict)
    references: list[str] = field(default_factory=list)
    turns: list[Json] = field(default_factory=list)
    state: Json = field(default_factory=dict)

    @property
    def before(self) -> Json:
        """The newest turn, or an empty one."""
        return self.turns[-1] if self.turns else {}

    @property
    def fresh(self) -> list[str]:
        """The messages since the newest turn."""
        return [ref for ref, turns in self.turns_before.items() if turns == len(self.turns)]

    def questions(self, ref: str = "") -> dict[str, Json]:
        """Every question put so far, or before a message, by its id."""
        turns = self.turns[: self.turns_before.get(ref)]
        questions = [question for turn in turns for question in turn.get("questions") or []]
        return {question["id"]: question for question in questions if "id" in question}


def read(body: Json) -> Dialogue:
    """Return the dialogue that a request carries, up to its state: a turn sent back follows it."""
    talk = Dialogue()
    for item in request_content.items(body):
        words, *notes = [*request_content.texts(item), ""]
        if item.get("role") == "user":
            parts = map(_json, [words, *notes])
            talk.references += [str(note["reference"]) for note in parts if "reference" in note]
            if words and "reference" not in _json(words):
                ref = f"m{len(talk.messages) + 1}"
                talk.messages[ref] = without_markers(words)
                talk.turns_before[ref] = len(talk.turns)
        elif {"mode", "parameters"} & (note := _json(words)).keys():
            talk.state = note
            break
        elif item.get("role") == "assistant" and note:
            talk.turns.append(note)
    return talk


def _json(text: str) -> Json:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


class Reading:
    """What a dialogue comes to, read from its first message to its newest.

    `chosen`, `set_aside`, `counter`, what the person asks back, and `beyond`, numbers that no
    option has, are of the fresh messages.
    """

    def __init__(self, talk: Dialogue, dimensions: dict[str, list[str]]) -> None:
        self.talk, self.dimensions = talk, dimensions
        self.brief: dict[str, list[Stretch]] = {}
        self.ends, self.answered = False, set[str]()
        # The last where a call only ends the dialogue: it says nothing new.
        for ref in ("", *talk.messages, *([] if talk.fresh else [""])):
            if ref in ("", *talk.fresh[:1]):
                self.chosen, self.set_aside = list[Json](), list[Json]()
                self.counter, self.beyond = list[str](), list[str]()
            for clause, asks in book.clauses(talk.messages.get(ref, "")):
                self._read_clause(ref, clause, asks)

    @property
    def _by_id(self) -> dict[str, str]:
        """The messages that were given to a question by its id."""
        return self.talk.state.get("answers") or {}

    def waiting(self, ref: str = "") -> list[Json]:
        """The questions that nothing answers yet; of a message, those that it may answer."""
        only, questions = self._by_id.get(ref), self.talk.questions(ref).values()
        # An answer by id may say something else, such as the format: the question is past then.
        past = {*self.brief, *self.answered}
        fitting = [question for question in questions if only in (None, question["id"])]
        return [one for one in fitting if not {one["dimension"], one["id"]} & past]

    def put(self, dimension: str, words: str, *said: tuple[str, str]) -> None:
        """Decide a dimension, or add to it; the first of the quotes is the newest."""
        refuses, wish = book.refuses(words), book.content(words)
        for name, old in [(name, old) for name, own in self.brief.items() for old in own]:
            turns = book.refuses(old[0]) != refuses
            other = name == dimension not in _ADDITIVE and (turns or name not in LETTERED)
            back = turns and not refuses and [w for w in book.content(old[0]) if w in wish]
            if old[1][0]["ref"] != said[0][0] and (other or back):
                self._drop(name, old)
        self.brief = {name: stretches for name, stretches in self.brief.items() if stretches}
        quotes = [{"ref": ref, "quote": quote} for ref, quote in said]
        self.brief.setdefault(dimension, []).append((words, quotes))
        if dimension == "use" and book.shape(words)[0] == "use":
            self.put("format", words, *said)

    def _drop(self, name: str, old: Stretch) -> None:
        """Take back what newer words replace; words that give a format may still say a use."""
        self.brief[name].remove(old)
        left = [quote for own in self.brief.values() for _, said in own for quote in said]
        gone = [quote for quote in old[1] if quote["ref"][0] == "m" and quote not in left]
        self.set_aside += [{**quote, "why": "replaced"} for quote in gone]

    def _read_clause(self, ref: str, clause: str, asks: bool) -> None:
        why = "left_to_us" if book.holds("ends", clause) else "talk"
        if asks and self.waiting(ref):
            self.counter.append(clause)
        elif why == "left_to_us":
            self.ends = True
        elif self._agree(ref, clause):
            return
        elif not (book.is_talk(clause) or not book.trim(clause)):
            if not (self._replace(ref, clause) or self._pick(ref, clause)):
                self._take(ref, clause)
            self.answered.add(self._by_id.get(ref, ""))
            return
        self.set_aside.append({"ref": ref, "quote": clause, "why": why})

    def _agree(self, ref: str, clause: str) -> bool:
        """Take a yes for what the first open question proposes, a no for what refuses there."""
        says, waiting = book.agrees(clause), self.waiting(ref)
        if says is None or book.agrees(self.talk.messages[ref]) is None or not waiting:
            return False
        options = enumerate(waiting[0]["options"], 1)
        fitting = [place for place, option in options if book.refuses(option) != says]
        if fitting:
            self._choose(ref, (waiting[0], fitting[0], clause), "")
        return bool(fitting)

    def _replace(self, ref: str, clause: str) -> bool:
        """Take "a wolf instead of the fox": what held goes, the new words have its place."""
        new, old = book.replaced(clause)
        held = [(name, stretch) for name, own in self.brief.items() for stretch in own]
        gone = [one for one in held if any(book.find(w, old) for w in book.content(one[1][0]))]
        if old and gone and book.content(new):
            for name, stretch in gone:
                self._drop(name, stretch)
            self.put(gone[0][0], book.trim(new), (ref, new))
            self.set_aside.append({"ref": ref, "quote": old, "why": "replaced"})
        return bool(old and gone and book.content(new))

    def _pick(self, ref: str, clause: str) -> bool:
        """Take a clause that is nothing but numbers as the options in these places."""
        waiting, places = self.waiting(ref), [] if book.shape(clause)[0] else book.places(clause)
        for place, word in places:
            words = word if len(places) > 1 else clause
            fitting = [question for question in waiting if place <= len(question["options"])]
            if fitting:
                waiting.remove(fitting[0])
                self._choose(ref, (fitting[0], place, words), "")
            else:
                self.beyond.append(word)
                self.set_aside.append({"ref": ref, "quote": words, "why": "talk"})
        return bool(places)

    def _choose(self, ref: str, hit: Hit, own: str) -> None:
        """Take an option, and the own words that name it in its place."""
        question, place, words = hit
        quotes = [(ref, own or words)]
        if "id" in question:
            pick = {"question": question["id"], "option": place, "ref": ref, "quote": words}
            self.chosen.append(pick)
            quotes.append((question["id"], question["options"][place - 1]))
        self.put(question["dimension"], book.trim(own) or quotes[-1][1], *quotes)

    def _options(self, ref: str, clause: str) -> list[Hit]:
        """Per dimension the longest option that a clause names, of open questions first."""
        common, (name, words, _) = book.data()["options"], book.shape(clause)
        shape: dict[str, Hit] = {name: ({"dimension": name, "options": []}, 1, words)}
        hits = shape if name == "format" else {}
        known = [
            {"dimension": name, "options": [*options, *common.get(name, [])]}
            for name, options in self.dimensions.items()
            if name not in _ADDITIVE
        ]
        for question in [*self.waiting(ref), *known]:
            places = [
                (len(words), -place, words)
                for place, option in enumerate(question["options"], 1)
                for words in (book.find(name, clause) for name in book.names(option))
                if words and book.refuses(clause) == book.refuses(option)
            ]
            if places:
                hits.setdefault(question["dimension"], (question, -max(places)[1], max(places)[2]))
        return [*(hits | (shape if name == "use" and name not in hits else {})).values()]

    def _take(self, ref: str, clause: str) -> None:
        """Give a clause, or each part of it, to the dimensions that it speaks of."""
        hits, text = self._options(ref, clause), [*LETTERED][("labels" in self.dimensions)]
        if ref in self._by_id and (waiting := self.waiting(ref)):
            self._reply(ref, clause, waiting[0], hits)
            return
        if book.refuses(clause):
            about = text if book.holds("lettering", clause) else "avoid"
            self.put(hits[0][0]["dimension"] if hits else about, book.trim(clause), (ref, clause))
            return
        whole = any(book.tokens(words) == book.tokens(clause) for *_, words in hits)
        for part in [clause] if whole else book.parts(clause):
            hits = self._options(ref, part)
            if book.QUOTED.search(part):
                self.put(text, book.trim(part), (ref, part))
            elif hits and hits[0][0]["options"] and ref != "m1":
                self._choose(ref, hits[0], part)
            elif hits:
                self._divide(ref, part, hits[0])
            else:
                self._answer(ref, part)

    def _reply(self, ref: str, clause: str, question: Json, hits: list[Hit]) -> None:
        """Take words that were given to a question by its id, as an option of it or their own."""
        hit = next((hit for hit in hits if hit[0].get("id") == question["id"]), None)
        own, name = book.trim(clause), question["dimension"]
        if hit:
            self._choose(ref, hit, clause)
        elif hits and hits[0][0]["dimension"] == "format":
            self._divide(ref, clause, hits[0])
        else:
            lettered = name in LETTERED and not book.refuses(clause)
            self.put(name, f"“{own}”" if lettered else own, (ref, clause))

    def _divide(self, ref: str, part: str, hit: Hit) -> None:
        """Give the words of an option to its dimension, and what stands beside them theirs."""
        before, words, behind = part.partition(hit[2])
        words = words if book.content(before) else before + words
        words += "" if book.content(behind) else behind
        self._choose(ref, hit, words.strip())
        for side in (side.strip() for side in (before, behind) if book.content(side)):
            others = self._options(ref, side)
            self._divide(ref, side, others[0]) if others else self._answer(ref, side)

    def _answer(self, ref: str, part: str) -> None:
        """Take own words: as they begin, for the first open question, or for the subject."""
        about, words, waiting = book.begins(part), book.trim(part), self.waiting(ref)
        if about not in ("subject", *self.dimensions):
            quotes = [q for own in self.brief.values() for _, said in own for q in said]
            has_answer = any(quote["ref"] == ref for quote in quotes)
            free = "subject" in self.brief and waiting and not has_answer
            about = waiting[0]["dimension"] if free else "subject"
        self.put(about, f"“{words}”" if about in LETTERED else words, (ref, part))
