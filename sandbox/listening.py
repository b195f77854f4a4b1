"""How the played facilitator takes a message apart: every clause into the brief, or set aside."""

import re
from collections.abc import Iterator

from sandbox import phrasebook as book
from sandbox import prose
from sandbox.dialogue import Dialogue
from sandbox.openai_errors import Json

_ADDITIVE = ("subject", "avoid")  # a later wish adds to these; in all others it replaces
_NAME_WORDS = 6  # a text for the picture is no longer than this unless it stands in quotes

Hit = tuple[Json, int, str]
"""An option that words name: the question (with no id where it was not put), place, words."""


class Listener:
    """The brief as the fresh messages of a dialogue change it."""

    def __init__(self, talk: Dialogue, dimensions: dict[str, list[str]], tongue: str) -> None:
        self.talk, self.dimensions, self.tongue = talk, dimensions, tongue
        self.brief: dict[str, Json] = {
            entry["dimension"]: {**entry, "said": [self._whole(said) for said in entry["said"]]}
            for entry in talk.before.get("brief") or []
        }
        ids = [entry["id"] for entry in talk.state.get("open_questions") or []]
        questions = [talk.questions[one] for one in ids]
        self.waiting = [q for q in questions if not self.decides(q["dimension"])]
        self.chosen: list[Json] = []
        self.set_aside: list[Json] = []
        self.counter: list[str] = []  # what the person asks back
        self.news: set[str] = set()
        self.ends = False
        self._answered: Json | None = None
        self._spoke: dict[str, str] = {}  # the message that last spoke of a dimension
        for ref in talk.fresh:
            self._hear(ref, talk.messages[ref])

    def _whole(self, said: Json) -> Json:
        """A quote with its quotation marks, which the application leaves out."""
        text = self.talk.messages.get(said["ref"], "")
        return {**said, "quote": book.widen(said["quote"], text)}

    def decides(self, dimension: str) -> bool:
        """Whether nothing about a dimension needs asking."""
        return dimension in self.brief and not self.brief[dimension]["open"]

    def put(self, dimension: str, *quotes: tuple[str, str], adds: bool = False) -> None:
        """Decide a dimension by quotes, or with none by the first option that fits the idea."""
        old = self.brief.get(dimension, {"said": [], "open": False})
        same = self._spoke.get(dimension) == self._ref
        adds = adds or same or dimension in _ADDITIVE or old["open"]
        self._spoke[dimension] = self._ref
        for said in old["said"] if not adds else []:
            self._replace(said)
        said = [*(old["said"] if adds else []), *({"ref": r, "quote": q} for r, q in quotes)]
        self.brief[dimension] = {"dimension": dimension, "value": "", "said": said, "open": False}
        self.brief[dimension]["value"] = prose.value(said, self.talk.messages, self.tongue)
        self.waiting = [q for q in self.waiting if q["dimension"] != dimension]
        self.news.add(dimension)

    def assume(self, dimension: str, options: list[str]) -> None:
        """Decide a dimension that nobody decided, by the first option that fits the idea."""
        value = book.translate(default(options, self.talk), self.tongue)
        entry = {"dimension": dimension, "value": value, "said": [], "open": False}
        self.brief[dimension] = entry
        self.waiting = [q for q in self.waiting if q["dimension"] != dimension]

    def _replace(self, said: Json) -> None:
        """Set words aside that newer ones replace, also where a longer quote holds them."""
        if said["ref"] in self.talk.messages:
            # A number that picked what is no longer wanted wishes for nothing by itself.
            why = "talk" if book.numbers(said["quote"]) else "replaced"
            self.set_aside.append({**said, "why": why})
        for name, entry in list(self.brief.items()):
            rest: list[Json] = []
            for other in entry["said"]:
                rest += [other] if other["ref"] != said["ref"] else _without(other, said["quote"])
            if entry["said"] and not rest:
                del self.brief[name]
            elif rest != entry["said"]:
                entry.update(said=rest, value=prose.value(rest, self.talk.messages, self.tongue))

    def _withdraw(self, clause: str, name: str) -> bool:
        """Take back earlier words that a newer clause speaks of; whether there were any."""
        words = book.content(book.trim(clause, self.tongue))
        earlier = [s for s in self.brief.get(name, {"said": []})["said"] if s["ref"] != self._ref]
        gone = [said for said in earlier if _covers(words, book.content(said["quote"]))]
        for said in gone:
            self._replace(said)
        return bool(gone)

    def _hear(self, ref: str, text: str) -> None:
        named = (self.talk.state.get("answers") or {}).get(ref)
        self._ref, left = ref, False
        self._named = next((q for q in self.waiting if q["id"] == named), None)
        self._about, self._answered = self._named, None
        for clause, sentence in book.clauses(text):
            why = "talk"
            if book.holds("enough", clause) or book.holds("left_to_us", clause):
                why = "left_to_us"
                self.ends = self.ends or book.holds("enough", clause)
                left = left or not (self.ends or self._leave(clause))
            elif self._asks_back(clause, sentence):
                self.counter.append(clause)
            elif (
                not book.is_talk(clause)
                and book.trim(clause, self.tongue)
                and (self._pick(clause) or self._take(clause))
            ):
                continue
            self.set_aside.append({"ref": ref, "quote": clause, "why": why})
        if left:
            self.ends = self.ends or not self.waiting
            for question in [self._named] if self._named else list(self.waiting):
                self.assume(question["dimension"], question["options"])

    def _leave(self, clause: str) -> bool:
        """Decide the one dimension that a clause names and leaves to us."""
        for name, options in self.dimensions.items():
            colours = name == "palette" and book.holds("colours", clause)
            if options and (book.find(name, clause) or colours):
                self.assume(name, options)
                return True
        return False

    def _asks_back(self, clause: str, sentence: str) -> bool:
        """Whether a clause is a question of the person's own, and not an option or a wish."""
        if not re.search(r"[?？]$|か。?$", sentence):
            return False
        asking = "|".join(map(re.escape, book.data()["asking"]))
        place = ", |^" if re.search(r"(?<!\w)(?:or|oder|ou|o)(?!\w)", clause) else "^"
        start = sentence if place != "^" else clause
        if re.search(rf"(?:{place})¿?(?:{asking})(?!\w)", start, re.IGNORECASE):
            return True
        wish = book.trim(clause, self.tongue) != clause
        return bool(self.brief and not wish and not any(self._options(clause)))

    def _pick(self, clause: str) -> bool:
        """Take a clause that is nothing but numbers as the options in these places."""
        places = book.numbers(clause) if self.waiting else []
        targets = [self._named] if self._named else list(self.waiting)
        for place, words in places:
            fitting = [q for q in targets if place <= len(q["options"])][:1]
            for question in fitting:
                targets.remove(question)
                self._choose((question, place, words if len(places) > 1 else clause))
                self._about = question if len(places) == 1 else None
            if not fitting:  # a number that names no option wishes for nothing
                self.set_aside.append({"ref": self._ref, "quote": words, "why": "talk"})
        return bool(places)

    def _choose(self, hit: Hit, *more: tuple[str, str]) -> None:
        question, place, words = hit
        pick = {"question": question["id"], "option": place, "ref": self._ref, "quote": words}
        self.chosen.append(pick)
        option = (question["id"], question["options"][place - 1])
        self.put(question["dimension"], option, *(more or [(self._ref, words)]))

    def _options(self, clause: str) -> Iterator[Hit]:
        """Yield per dimension the option that a clause names, those of open questions first."""
        questions = [q for q in self.waiting if self._named in (None, q)]
        common = book.data()["common"]
        known = [
            {"id": None, "dimension": name, "options": [*options, *common.get(name, [])]}
            for name, options in self.dimensions.items()
        ]
        met = {"subject"} - {q["dimension"] for q in questions}
        for question in (*questions, *known):
            hits = [
                (span[1] - span[0], -place, clause[slice(*span)])
                for place, option in enumerate(question["options"], 1)
                for name in book.spellings(option)
                if (span := book.find(name, clause)) and book.refuses(clause) == book.refuses(name)
            ]
            if hits and question["dimension"] not in met:
                met.add(question["dimension"])
                yield question, -max(hits)[1], max(hits)[2]

    def _opens(self) -> bool:
        return "subject" not in self.brief

    def _take(self, clause: str) -> bool:
        """Give a clause that wishes for something to the dimensions that it speaks of."""
        hits, mark = list(self._options(clause)), book.QUOTED.search(clause)
        about, wished = self._about, bool(self._named) or not (mark or book.refuses(clause))
        if about and wished and all(q["dimension"] == about["dimension"] for q, *_ in hits):
            self.put(about["dimension"], (self._ref, clause))
        elif mark and not book.refuses(clause.replace(mark[0], "")):
            name = "labels" if "labels" in self.dimensions else "text"
            if self._opens():
                self._divide(clause, [(name, mark[0])])
            else:
                again = not (book.holds("instead", clause) or self._refused(name))
                self.put(name, (self._ref, clause), adds=again)
        elif book.refuses(clause) and not (
            self._opens() and not book.refuses(clause.split(maxsplit=1)[0])
        ):
            self._refuse(clause, hits)
        else:
            self._name(clause, hits)
        return True

    def _refused(self, name: str) -> bool:
        said = self.brief.get(name, {"said": []})["said"]
        return any(book.refuses(one["quote"]) for one in said)

    def _name(self, clause: str, hits: list[Hit]) -> None:
        """Take the options that a clause names, and in m1 what else it says as the subject."""
        colours = {book.fold(word) for word in book.data()["colours"]}
        bare = [w for w in book.content(book.trim(clause, self.tongue)) if w not in colours]
        named = [w for *_, words in hits for w in book.content(words) if w not in colours]
        beside = len(bare) - len(named)
        if not hits or self._opens() or (beside > 1 and self._ref == "m1"):
            self._wish(clause, [(question["dimension"], words) for question, _, words in hits])
            return
        for number, (question, place, words) in enumerate(hits):
            whole = number == 0 and (beside > 0 or len(hits) == 1)
            quote = (self._ref, clause if whole else words)
            if question["id"]:
                pick = quote[1] if beside <= 0 else words
                self._choose((question, place, pick), *([quote] if beside > 0 and whole else []))
            else:
                self.put(question["dimension"], quote)

    def _refuse(self, clause: str, hits: list[Hit]) -> None:
        hits = [hit for hit in hits if hit[0]["dimension"] != "avoid"]
        if hits and hits[0][0]["id"]:
            self._choose(hits[0], *([(self._ref, clause)] if hits[0][2] != clause else []))
        elif hits or book.holds("letterings", clause):
            self.put(hits[0][0]["dimension"] if hits else "text", (self._ref, clause))
        else:
            self._withdraw(clause, "subject")
            self.put("avoid", (self._ref, clause))

    def _wish(self, clause: str, marks: list[tuple[str, str]]) -> None:
        """Take own words: for the colours, for the question they answer, else for the subject."""
        if marks or self._opens():
            self._divide(clause, marks)
            return
        parts = [(self._ref, part) for part in book.segments(clause)]
        bare = book.content(book.trim(clause, self.tongue))
        colours = {book.fold(word) for word in book.data()["colours"]}
        rest = [word for word in bare if word not in colours]
        later, returns = self._ref != "m1", book.holds("reversal", clause)
        if "palette" in self.dimensions and len(rest) < len(bare) and len(rest) <= later:
            self.put("palette", (self._ref, clause))
        elif book.holds("instead", clause):
            if not any(aside["why"] == "replaced" for aside in self.set_aside):
                self._replace(self.brief["subject"]["said"][0])
            others = self.brief.pop("subject", {"said": []})["said"]
            self.put("subject", *parts, *((said["ref"], said["quote"]) for said in others))
        elif not later or returns or book.holds("adding", clause) or not self._answer(clause):
            if not self._withdraw(clause, "avoid") and returns and "avoid" in self.brief:
                self._replace(self.brief["avoid"]["said"][-1])
            self.put("subject", *parts)

    def _divide(self, clause: str, marks: list[tuple[str, str]]) -> None:
        """Give some words of a clause to their dimensions and the rest to the subject."""
        rest = book.segments(clause)
        for dimension, words in marks:
            rest = rest if any(words in part for part in rest) else [clause]
            at = next(n for n, part in enumerate(rest) if words in part)
            if self.tongue == "ja":  # particles hang on both sides of every word
                self.put(dimension, (self._ref, words))
                continue
            before, small, behind = book.around(words, rest[at])
            self.put(dimension, (self._ref, small))
            rest[at : at + 1] = [side for side in (before, behind) if side]
        if rest:
            self.put("subject", *((self._ref, part) for part in rest))

    def _answer(self, clause: str) -> bool:
        """Take own words as the answer to one open question, the first that they can answer."""
        name_like = len(clause.split()) <= _NAME_WORDS and any(c.isupper() for c in clause)
        can = [q for q in self.waiting if name_like or q["dimension"] not in prose.LETTERED]
        self._answered = self._answered or next(iter(can), None)
        if self._answered:
            self.put(self._answered["dimension"], (self._ref, clause))
        return self._answered is not None


def default(options: list[str], talk: Dialogue) -> str:
    """The first option that is liked, or against which nothing that was written speaks."""
    ideas = " ".join(talk.messages.values())
    against = book.data()["against"]
    liked = [entry["value"] for entry in talk.state.get("preferences") or []]

    def fits(option: str) -> bool:
        names = book.spellings(option)
        return not any(book.find(w, ideas) for key in against if key in names for w in against[key])

    fitting = sorted(
        filter(fits, options), key=lambda option: not any(option in value for value in liked)
    )
    return [*fitting, *options, ""][0]


def _covers(words: list[str], others: list[str]) -> bool:
    """Whether all words of the shorter list are in the longer one, inflected or not."""
    short, long = sorted((words, others), key=len)
    return bool(short) and all(any(a.startswith(b) or b.startswith(a) for b in long) for a in short)


def _without(said: Json, words: str) -> list[Json]:
    """A quote without some of its words: what stands before them and what stands behind."""
    before, found, behind = said["quote"].partition(words)
    if not found:
        return [said]
    before = re.sub(rf"(?:^|\s+)(?:{'|'.join(book.data()['joins'])})\s*$", "", before, flags=re.I)
    parts = [part.strip(" ,") for part in (before, behind)]
    return [{**said, "quote": part} for part in parts if book.content(part)]
