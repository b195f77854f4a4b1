"""How the played facilitator takes a message apart: every clause into the brief, or set aside."""

import re
from collections.abc import Iterator

from sandbox import phrasebook as book
from sandbox import prose
from sandbox.dialogue import Dialogue
from sandbox.openai_errors import Json

ADDITIVE = ("subject", "avoid")
"""Dimensions to which a later wish adds; in all others it replaces."""

_NAME_WORDS = 6  # a text for the picture is no longer than this unless it stands in quotes


class Listener:
    """The brief as the messages of one turn change it."""

    def __init__(self, dialogue: Dialogue, dimensions: dict[str, list[str]], tongue: str) -> None:
        self.dialogue, self.dimensions, self.tongue = dialogue, dimensions, tongue
        self.brief: dict[str, Json] = {
            entry["dimension"]: {**entry, "said": list(entry["said"])}
            for entry in dialogue.before.get("brief") or []
        }
        self.waiting = [q for q in dialogue.waiting if not self.decides(q["dimension"])]
        self.chosen: list[Json] = []
        self.set_aside: list[Json] = []
        self.back: list[str] = []
        self.news: list[str] = []
        self.ends = False
        self._named: Json | None = None
        self._about: Json | None = None
        self._answered: Json | None = None
        self._ref = ""
        self._spoke: dict[str, str] = {}
        for ref in dialogue.fresh:
            self._hear(ref, dialogue.messages[ref])

    def decides(self, dimension: str) -> bool:
        """Whether nothing about a dimension needs asking."""
        entry = self.brief.get(dimension)
        return entry is not None and not entry["open"]

    def assume(self, dimension: str, value: str) -> None:
        """Decide a dimension that the person left open."""
        entry = {"dimension": dimension, "value": value, "said": [], "open": False}
        self.brief[dimension] = entry
        self.waiting = [q for q in self.waiting if q["dimension"] != dimension]

    def put(self, dimension: str, *quotes: tuple[str, str], half: bool = False) -> None:
        """Decide a dimension by the person's words, after what they say with it or instead."""
        old = self.brief.get(dimension)
        same = self._spoke.get(dimension) == self._ref
        adds = dimension in ADDITIVE or same or (old and old["open"])
        self._spoke[dimension] = self._ref
        if old and not adds:
            for said in old["said"]:
                self._replace(said)
        kept = list(old["said"]) if old and adds else []
        said = kept + [{"ref": ref, "quote": quote} for ref, quote in quotes]
        entry = {"dimension": dimension, "value": "", "said": said, "open": half}
        entry["value"] = prose.value(said, self.dialogue.messages, self.tongue)
        self.brief[dimension] = entry
        self.waiting = [q for q in self.waiting if half or q["dimension"] != dimension]
        self.news.append(dimension)

    def _replace(self, said: Json) -> None:
        """Set words aside that newer ones replace, also where a longer quote holds them."""
        self.set_aside.append({**said, "why": "replaced"})
        for name, entry in list(self.brief.items()):
            rest: list[Json] = []
            for other in entry["said"]:
                rest += [other] if other["ref"] != said["ref"] else _without(other, said["quote"])
            if entry["said"] and not rest:
                del self.brief[name]
            elif rest != entry["said"]:
                entry["said"] = rest
                entry["value"] = prose.value(rest, self.dialogue.messages, self.tongue)

    def _withdraw(self, clause: str, name: str) -> bool:
        """Take back earlier words that a newer clause speaks of; whether there were any."""
        words = book.content(book.trim(clause, self.tongue))
        earlier = [s for s in self.brief.get(name, {"said": []})["said"] if s["ref"] != self._ref]
        gone = [said for said in earlier if _covers(words, book.content(said["quote"]))]
        for said in gone:
            self._replace(said)
        return bool(gone)

    def _aside(self, quote: str, why: str) -> None:
        self.set_aside.append({"ref": self._ref, "quote": quote, "why": why})

    def _hear(self, ref: str, text: str) -> None:
        named = (self.dialogue.state.get("answers") or {}).get(ref)
        self._named = next((q for q in self.waiting if q["id"] == named), None)
        self._ref, self._about, self._answered, left = ref, self._named, None, False
        for clause, sentence in book.clauses(text):
            if book.holds("enough", clause):
                self._aside(clause, "left_to_us")
                self.ends = True
            elif book.holds("left_to_us", clause):
                self._aside(clause, "left_to_us")
                left = left or not self._leave(clause)
            elif self._goes_back(clause, sentence):
                self._aside(clause, "talk")
                self.back.append(clause)
            elif book.is_all("talk", clause) or not book.trim(clause, self.tongue):
                self._aside(clause, "talk")
            elif not self._pick(clause):
                self._take(clause)
        if left:
            self.ends = self.ends or not self.waiting
            for question in [self._named] if self._named else list(self.waiting):
                self.assume(question["dimension"], default(question["options"], self.dialogue))

    def _leave(self, clause: str) -> bool:
        """Decide the one dimension that a clause names and leaves to us."""
        for name, options in self.dimensions.items():
            colours = name == "palette" and book.holds("colours", clause)
            if options and (book.find(name, clause) or colours):
                self.assume(name, default(options, self.dialogue))
                return True
        return False

    def _goes_back(self, clause: str, sentence: str) -> bool:
        """Whether a clause is a question of the person's own, and not an option or a wish."""
        if not re.search(r"[?？]$|か。?$", sentence):
            return False
        asking = "|".join(map(re.escape, book.data()["asking"]))
        asks = bool(re.match(rf"¿?(?:{asking})(?!\w)", clause, re.IGNORECASE))
        if re.search(r"(?<!\w)(?:or|oder|ou|o)(?!\w)", clause):
            asks = asks or bool(re.search(rf", (?:{asking})(?!\w)", sentence, re.IGNORECASE))
        wish = book.trim(clause, self.tongue) != clause
        return asks or bool(self.brief and not wish and not any(self._options(clause)))

    def _pick(self, clause: str) -> bool:
        """Take a clause that is nothing but numbers as the options in these places."""
        places = book.numbers(clause) if self.waiting else []
        targets = [self._named] if self._named else self.waiting
        pairs = list(zip(targets, places, strict=False))
        if any(not 0 < n <= len(q["options"]) for q, (n, _) in pairs):
            self._aside(clause, "talk")  # a number that names no option wishes for nothing
            return True
        for question, (place, words) in pairs:
            self._choose(question, place, words if len(pairs) > 1 else clause)
            self._about = question if len(pairs) == 1 else None
        return bool(pairs)

    def _choose(self, question: Json, place: int, words: str, *more: tuple[str, str]) -> None:
        pick = {"question": question["id"], "option": place, "ref": self._ref, "quote": words}
        self.chosen.append(pick)
        option = (question["id"], question["options"][place - 1])
        self.put(question["dimension"], option, *(more or [(self._ref, words)]))

    def _options(self, clause: str) -> Iterator[tuple[Json, int, str]]:
        """Yield per dimension the option that a clause names: question, place, words."""
        questions = [q for q in self.waiting if self._named in (None, q)]
        known = [{"id": None, "dimension": d, "options": o} for d, o in self.dimensions.items()]
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
                _, place, words = max(hits)
                yield question, -place, words

    def _take(self, clause: str) -> None:
        """Give a clause that wishes for something to the dimensions that it speaks of."""
        opening = "subject" not in self.brief
        asked = [hit for hit in self._options(clause) if hit[0]["id"]]
        if self._about and not asked and (self._named or not book.QUOTED.search(clause)):
            self.put(self._about["dimension"], (self._ref, clause))
            return
        if self._letter(clause, opening):
            return
        if book.refuses(clause) and not (opening and not book.refuses(clause.split(maxsplit=1)[0])):
            self._refuse(clause)
            return
        hits = list(self._options(clause))
        beside = len(book.content(book.trim(clause, self.tongue)))
        beside -= sum(len(book.content(words)) for *_, words in hits)
        whole = bool(hits) and not opening and (beside <= 1 or self._ref != "m1")
        for number, (question, place, words) in enumerate(hits):
            quote = clause if whole and not number else words
            if question["id"]:
                more = [(self._ref, quote)] if book.content(quote) != book.content(words) else []
                self._choose(question, place, words, *more)
            else:
                self.put(question["dimension"], (self._ref, quote))
        if not whole:
            self._wish(clause, opening)

    def _letter(self, clause: str, opening: bool) -> bool:
        """Take a clause with words in quotation marks, which are to stand in the picture."""
        mark = book.QUOTED.search(clause)
        if not mark or book.refuses(clause.replace(mark[0], "")):
            return False
        name = "labels" if "labels" in self.dimensions else "text"
        self.put(name, (self._ref, mark[0] if opening else clause))
        if opening:
            self._wish(clause, opening)
        return True

    def _refuse(self, clause: str) -> None:
        hits = [hit for hit in self._options(clause) if hit[0]["dimension"] != "avoid"]
        if hits and hits[0][0]["id"]:
            question, place, words = hits[0]
            more = [(self._ref, clause)] if words != clause else []
            self._choose(question, place, words, *more)
        elif hits or book.holds("letterings", clause):
            self.put(hits[0][0]["dimension"] if hits else "text", (self._ref, clause))
        else:
            self._withdraw(clause, "subject")
            self.put("avoid", (self._ref, clause))

    def _wish(self, clause: str, opening: bool) -> None:
        """Take own words: for the colours, for the question they answer, else for the subject."""
        parts = [(self._ref, part) for part in book.segments(clause)]
        if opening:
            self.put("subject", *parts)
            return
        bare = book.content(book.trim(clause, self.tongue))
        colours = {book.fold(word) for word in book.data()["colours"]}
        rest = [word for word in bare if word not in colours]
        later = self._ref != "m1"
        if "palette" in self.dimensions and len(rest) < len(bare) and len(rest) <= later:
            self.put("palette", (self._ref, clause))
        elif book.holds("instead", clause) and self.brief.get("subject", {}).get("said"):
            self._replace(self.brief["subject"]["said"][0])
            rest = self.brief.pop("subject", {"said": []})["said"]
            self.put("subject", *parts, *((said["ref"], said["quote"]) for said in rest))
        elif not later or self._adds(clause) or not self._answer(clause):
            back = self._withdraw(clause, "avoid")
            if not back and book.holds("reversal", clause) and "avoid" in self.brief:
                self._replace(self.brief["avoid"]["said"][-1])
            self.put("subject", *parts)

    def _adds(self, clause: str) -> bool:
        return book.holds("adding", clause) or book.holds("reversal", clause)

    def _answer(self, clause: str) -> bool:
        """Take own words as the answer to one open question, the first that they can answer."""
        name_like = len(clause.split()) <= _NAME_WORDS and any(c.isupper() for c in clause)
        target = self._answered or next(
            (q for q in self.waiting if q["dimension"] not in ("text", "labels") or name_like), None
        )
        if target is not None:
            self._answered = target
            self.put(target["dimension"], (self._ref, clause))
        return target is not None


def default(options: list[str], dialogue: Dialogue) -> str:
    """The first option against which nothing that was written speaks."""
    ideas = " ".join(dialogue.messages.values())
    against = book.data()["against"]

    def fits(option: str) -> bool:
        names = book.spellings(option)
        return not any(book.find(w, ideas) for key in against if key in names for w in against[key])

    return next(filter(fits, options), options[0] if options else "")


def _covers(words: list[str], others: list[str]) -> bool:
    """Whether all words of the shorter list are in the longer one, inflected or not."""
    short, long = sorted((words, others), key=len)
    return bool(short) and all(any(a.startswith(b) or b.startswith(a) for b in long) for a in short)


def _without(said: Json, words: str) -> list[Json]:
    """A quote without some of its words: what stands before them and what stands behind."""
    start = said["quote"].find(words)
    if start < 0:
        return [said]
    joins = "|".join(book.data()["joins"])
    before = re.sub(rf"(?:^|\s+)(?:{joins})\s*$", "", said["quote"][:start], flags=re.I)
    parts = [before.strip(" ,"), said["quote"][start + len(words) :].strip(" ,")]
    return [{**said, "quote": part} for part in parts if book.content(part)]
