"""What the person's words decide: the first request, answers in plain words, changes of mind."""

import re
from dataclasses import dataclass, field

from sandbox import lexicon
from sandbox.dialogue import Dialogue
from sandbox.openai_errors import Json

_NUMBERED = re.compile(r"(?:^|\s)\d+\s*[.):]\s+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？؟])\s*")
_SEMICOLON = re.compile("[;；]")
_COMMA = re.compile(r",\s+|[、،]\s*")
_EDGES = " \t\n,;.。、،；"


@dataclass
class Heard:
    """The brief after the newest message, by dimension, and what was answered in it."""

    brief: dict[str, Json] = field(default_factory=dict)
    answered: list[Json] = field(default_factory=list)
    wants_end: bool = False

    def decided(self, dimension: str) -> bool:
        """Return whether a dimension needs no question any more."""
        return dimension in self.brief

    def settle(self, dimension: str, value: str, source: str, ref: str | None) -> None:
        """Write one decision into the brief."""
        self.brief[dimension] = {
            "dimension": dimension,
            "value": value,
            "source": source,
            "ref": ref,
        }


def listen(dialogue: Dialogue, tongue: str) -> Heard:
    """Return the brief of the last turn with everything said since then worked in."""
    before = dialogue.turns[-1].get("brief") or [] if dialogue.turns else []
    other_names = {name for also in lexicon.data()["also"].values() for name in also.values()}
    known = [e for e in before if e["source"] != "open" and e["dimension"] not in other_names]
    heard = Heard({entry["dimension"]: entry for entry in known})
    structured = _take_answers(heard, dialogue, tongue)
    for number in dialogue.fresh:
        words = dialogue.said[number - 1]
        if not words:
            continue
        heard.wants_end |= any(map(lexicon.wants_end, split(words)))
        waiting = _waiting(heard, dialogue)
        if number == 1:
            _first(heard, words)
        elif waiting and not structured:
            _answer(heard, waiting, words, number, tongue)
        elif waiting and any(map(lexicon.declines, split(words))):
            _assume(heard, [entry["dimension"] for entry in waiting], tongue)
        else:
            for piece in split(words):
                _amend(heard, piece, number)
    return heard


def split(words: str) -> list[str]:
    """Return the parts of a message: lines, numbers, semicolons, sentences or commas."""
    pieces = words.splitlines()
    if len(pieces) <= 1:
        pieces = _NUMBERED.split(words) if len(_NUMBERED.findall(words)) > 1 else [words]
    for pattern in (_SEMICOLON, _SENTENCE, _COMMA):
        if len(pieces) > 1:
            break
        pieces = pattern.split(words)
    cleaned = [_NUMBERED.sub("", piece).strip(_EDGES) for piece in pieces]
    return [piece for piece in cleaned if piece]


def _take_answers(heard: Heard, dialogue: Dialogue, tongue: str) -> bool:
    for given in dialogue.answers:
        dimension = dialogue.dimension(given.get("question_id"))
        answer = str(given.get("answer") or "").strip()
        if dimension and lexicon.declines(answer):
            _assume(heard, [dimension], tongue)
        elif dimension and answer:
            _note(heard, {"id": given["question_id"], "dimension": dimension}, answer)
    return bool(dialogue.answers)


def _note(heard: Heard, question: Json, answer: str) -> None:
    heard.settle(question["dimension"], answer, "answer", question["id"])
    heard.answered.append({"question_id": question["id"], "answer": answer})


def _waiting(heard: Heard, dialogue: Dialogue) -> list[Json]:
    """Return the open questions whose dimension is still undecided, with their options."""
    options = {entry.get("id"): entry.get("options") or [] for entry in dialogue.asked}
    return [
        {**entry, "options": options.get(entry["id"], [])}
        for entry in dialogue.open_questions
        if not heard.decided(entry["dimension"])
    ]


def _first(heard: Heard, words: str) -> None:
    if lexicon.has_subject(words):
        heard.settle("subject", words, "request", "m1")
    for dimension, found in lexicon.spans(words, weak=False).items():
        heard.settle(dimension, ", ".join(found), "request", "m1")


def _assume(heard: Heard, dimensions: list[str], tongue: str) -> None:
    for dimension in dimensions:
        default = lexicon.question(dimension, tongue)["default"]
        heard.settle(dimension, default, "assumption", None)


def _answer(heard: Heard, waiting: list[Json], words: str, number: int, tongue: str) -> None:
    words = _take_long_options(heard, waiting, words)
    said = split(words)
    pieces = [piece for piece in said if not lexicon.wants_end(piece)]
    if len(waiting) == 1 and pieces == said and not any(map(lexicon.declines, said)):
        _note(heard, waiting[0], words)
        return
    rest = _match(heard, waiting, pieces, number, tongue)
    for place, piece in enumerate(rest):
        if not waiting:
            return
        if lexicon.declines(piece):
            last = place == len(rest) - 1
            given_up = list(waiting) if last else waiting[:1]
            _assume(heard, [entry["dimension"] for entry in given_up], tongue)
            del waiting[: len(given_up)]
        else:
            _note(heard, waiting.pop(0), piece)


def _take_long_options(heard: Heard, waiting: list[Json], words: str) -> str:
    """Take options that are whole sentences before commas part them; return the other words."""
    for question in list(waiting):
        for option in question["options"]:
            found = re.search(re.escape(option), words, re.IGNORECASE)
            if found and _COMMA.search(option):
                waiting.remove(question)
                _note(heard, question, found[0])
                words = words.replace(found[0], "\n").strip(_EDGES)
                break
    return words


def _match(
    heard: Heard, waiting: list[Json], pieces: list[str], number: int, tongue: str
) -> list[str]:
    """Give each piece to the question whose option or keyword it holds; return the others."""
    rest = []
    for piece in pieces:
        about = lexicon.spans(piece, weak=True)
        question = next((q for q in waiting if _has_option(q, piece)), None) or next(
            (q for q in waiting if q["dimension"] in about), None
        )
        if question is None:
            if about and not lexicon.declines(piece):
                _amend(heard, piece, number)
            else:
                rest.append(piece)
            continue
        waiting.remove(question)
        if lexicon.declines(piece):
            _assume(heard, [question["dimension"]], tongue)
        else:
            _note(heard, question, piece)
    return rest


def _has_option(question: Json, piece: str) -> bool:
    said = piece.casefold()
    return any(option.casefold() in said for option in question["options"])


def _amend(heard: Heard, piece: str, number: int) -> None:
    """Let a piece of a later message change what it speaks of, and nothing else."""
    if lexicon.wants_end(piece) or lexicon.declines(piece):
        return
    about = lexicon.spans(piece, weak=True)
    for place, (dimension, found) in enumerate(about.items()):
        exact = dimension in ("text", "avoid") or place > 0
        heard.settle(dimension, ", ".join(found) if exact else piece, "request", f"m{number}")
    if not about and not heard.decided("subject") and lexicon.has_subject(piece):
        heard.settle("subject", piece, "request", f"m{number}")
