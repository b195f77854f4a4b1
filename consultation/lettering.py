"""Texts that are to stand in the picture: to the letter, as the person typed them."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal, NamedTuple

from rapidfuzz import fuzz

from consultation.quotes import Fault, closest
from consultation.transcript import Transcript, message_number
from consultation.turn import FacilitatorTurn
from consultation.words import words_of

QUOTED = re.compile('“([^“”]+)”|„([^„“”]+)[“”]|«([^«»]+)»|「([^「」]+)」|『([^『』]+)』|"([^"]+)"')

NUMBERING = re.compile(r"^\d{1,2}[.):]?\s+")
"""A running number before words that were said: `1 Collect`."""

ALIKE = 80
"""Per cent of letters that a text has in common with what it misspells: of a short word, such as
Liman, one letter of five may be another."""

Standing = Literal["said", "composed", "changed"]


class Letters(NamedTuple):
    """A text for the picture, and whether the person gave it, or the model made it up."""

    text: str
    standing: Standing


def judge_lettering(
    turn: FacilitatorTurn, transcript: Transcript
) -> tuple[list[Letters], list[Fault]]:
    """Each text with where it comes from; and what is wrong: letters that differ from what was
    said, and texts that the prompt has otherwise."""
    options = transcript.option_texts(turn)
    judged: list[Letters] = []
    faults: list[Fault] = []
    for listed in dict.fromkeys(filter(None, map(str.strip, turn.lettering))):
        run = closest(listed, turn.prompt)
        is_tidied = run.is_exact and listed not in turn.prompt
        text = run.quote.quote if is_tidied else listed  # 21:30h for 21:30 h
        # Newer words may have changed the letters: what they quote is no slip.
        quoted = [q.ref for s in turn.sources if text in s.prompt for q in s.said]
        newest = max(map(message_number, quoted), default=0)
        marked = [m for r, m in transcript.messages.items() if message_number(r) >= newest]
        standing = _standing(text, [*transcript.messages.values(), *options.values()], marked)
        judged.append(Letters(text, standing))
        if standing == "changed":
            advice = f'"{text}" changes a number or a mark of what the person typed. '
            faults.append(Fault("lettering", "lettering", f"{advice}Copy it to the letter."))
        if turn.prompt and not all(line in _plain(turn.prompt) for line in _lines(text)):
            advice = f"the text `{text}` does not stand in the prompt in quotation marks, letter "
            faults.append(Fault("lettering", "prompt", f"{advice}by letter. Write it there."))
    return judged, faults


def _standing(text: str, every: Sequence[str], marked: Sequence[str]) -> Standing:
    """Whether a text was said, line by line, changes what was, or is put together anew.

    It changes a number that was said, or what `marked` messages have in quotation marks.
    """
    bare = NUMBERING.sub("", text)
    messages = [one.upper() if text.isupper() else one for one in map(_plain, every)]
    if all(any(line in one for one in messages) for line in _lines(bare)):
        return "said"  # also where it is to stand in capitals
    numbers = {word.text for one in every for word in words_of(one) if word.number}
    new = {word.text for word in words_of(bare) if word.number} - numbers
    given = (quoted for one in marked for quoted in quoted_in(one))
    is_changed = (new and numbers) or any(fuzz.ratio(text, one) >= ALIKE for one in given)
    return "changed" if is_changed else "composed"


def _lines(text: str) -> list[str]:
    return [_plain(line) for line in text.split("\n") if line.strip()]


def _plain(text: str) -> str:
    """Spaces, width and the form of apostrophes made one; case and accents stay."""
    flat = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'")
    return " ".join(flat.replace("″", '"').split())


def quoted_in(text: str) -> list[str]:
    """What stands in quotation marks in a text."""
    return [next(filter(None, match.groups())) for match in QUOTED.finditer(text)]
