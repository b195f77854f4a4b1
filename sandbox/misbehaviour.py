"""What a model does wrong, on demand: each method breaks a good turn in the way of its name."""

import re

from sandbox import phrasebook as book
from sandbox.openai_errors import Json
from sandbox.request_content import Dialogue

INVENTED = "a golden dragon"
MORE = ("palette", "mood", "style", "light", "use", "composition", "background", "text", "detail")


def spoil(turn: Json, talk: Dialogue, fault: str) -> None:
    """Break a turn, where the fault is one of the facilitator's."""
    getattr(_Misbehaviour(turn, talk), f"_{fault}", lambda: None)()


class _Misbehaviour:
    """A good turn, and a method for each fault of a facilitator in `faults.FAULTS`."""

    def __init__(self, turn: Json, talk: Dialogue) -> None:
        self.turn, self.talk = turn, talk
        self.brief, self.sources = turn["brief"], turn["sources"]
        # What rests on the person's own words, refusals and the longest first.
        own = [one for one in self.sources if all(q["ref"][0] == "m" for q in one["said"])]
        self.own = sorted(own, key=lambda s: (not book.refuses(s["prompt"]), -len(s["prompt"])))
        self.quotes = [q for one in (*self.sources, *self.brief) for q in one["said"]]

    def _invented_quote(self) -> None:
        said = [{"ref": "m1", "quote": INVENTED}]
        self.brief.append({"dimension": "detail", "value": INVENTED, "said": said, "open": False})
        if self.turn["prompt"]:
            self.turn["prompt"] += f" Above it flies {INVENTED}."
            self.sources.append({"prompt": INVENTED, "said": said})

    def _cut_refusal(self) -> None:
        self._turned_round()
        for said in [said for said in self.quotes if said["ref"].startswith("m")]:
            said["quote"] = _wish(said["quote"])

    def _turned_round(self) -> None:
        for source in self.own:
            self._reword(source["prompt"], _wish(source["prompt"]))

    def _stretch_not_in_prompt(self) -> None:
        for source in self.own[:1]:
            source["prompt"] += f" beneath {INVENTED}"

    def _lost_words(self) -> None:
        for source in self.own[:1]:
            self.sources.remove(source)
            self.turn["prompt"] = self.turn["prompt"].replace(source["prompt"], "", 1).lstrip(" ,.")
            for entry in self.brief:
                entry["said"] = [said for said in entry["said"] if said not in source["said"]]

    def _dumped_as_talk(self) -> None:
        said = [quote for one in self.own[:1] for quote in one["said"]]
        self.turn["set_aside"] += [{**quote, "why": "talk"} for quote in said]
        self._lost_words()

    def _shares_nothing(self) -> None:
        own = [source for source in self.own if not book.refuses(source["prompt"])]
        for one, other in [own[:2]] if len(own) > 1 else []:
            one["said"], other["said"] = other["said"], one["said"]

    def _long_quote(self) -> None:
        ref = max(self.talk.messages, key=lambda ref: len(self.talk.messages[ref]))
        own = [one for one in self.own if {quote["ref"] for quote in one["said"]} == {ref}]
        for one in own[-1:]:
            one["said"] = [{"ref": ref, "quote": self.talk.messages[ref]}]
        self.turn["sources"] = [one for one in self.sources if one not in own[:-1]]

    def _changed_lettering(self) -> None:
        for place, text in enumerate(self.turn["lettering"]):  # "Summer Fair" becomes "Summer Fiar"
            self.turn["lettering"][place] = re.sub(r"\b(\w)(\w)(\w)(?=\w*\W*$)", r"\1\3\2", text)
            self._reword(text, self.turn["lettering"][place])

    def _changed_decision(self) -> None:
        before = [e["dimension"] for e in self.talk.before.get("brief") or [] if e["said"]]
        for entry in [entry for entry in self.brief if entry["dimension"] in before][-1:]:
            entry.update(value=INVENTED, said=[])

    def _too_many_questions(self) -> None:
        most = max(int(self.talk.state.get("questions_left", 0)), 5) + 2
        names = [*MORE, *(f"detail {number}" for number in range(most))]
        self._ask(*(_question(name, "plain", "rich") for name in names[:most]))

    def _asks_decided(self) -> None:
        names = [entry["dimension"] for entry in self.brief if entry["said"]]
        again = _question([*names, "subject"][0], "as it is", "otherwise")
        self._ask(again, *self.turn["questions"])

    def _options_alike(self) -> None:
        put = {form["dimension"] for form in self.talk.questions.values()}
        self._ask(_question(next(name for name in MORE if name not in put), "warm", "WARM"))

    def _wrong_option(self) -> None:
        for pick in self.turn["chosen"][:1]:
            options = self.talk.questions[pick["question"]]["options"]
            right, pick["option"] = pick["option"], pick["option"] % len(options) + 1
            for said in self.quotes:
                if said == {"ref": pick["question"], "quote": options[right - 1]}:
                    said["quote"] = options[pick["option"] - 1]

    def _neither_asks_nor_writes(self) -> None:
        self._ask()

    def _ask(self, *questions: Json) -> None:
        self.turn.update(questions=[*questions], prompt="", sources=[], lettering=[])

    def _reword(self, old: str, new: str) -> None:
        for holder in (self.turn, *self.sources):
            holder["prompt"] = holder["prompt"].replace(old, new)


def _question(dimension: str, *options: str) -> Json:
    form = {"dimension": dimension, "text": f"What about the {dimension}?", "options": [*options]}
    return {**form, "why": "It changes the picture.", "default": options[0], "follows": None}


def _wish(text: str) -> str:
    """A refusal without the words that refuse, such as "a photo" out of "not a photo"."""
    wish = " ".join(word for word in text.split() if not book.refuses(word))
    return wish if wish and wish in text else text
