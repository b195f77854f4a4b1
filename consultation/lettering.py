"""Texts that are to stand in the picture: to the letter, as the person typed them."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal, NamedTuple

from consultation.evidence import Fault
from consultation.transcript import Transcript, message_number
from consultation.turn import FacilitatorTurn
from consultation.words import near, words_of

QUOTED = re.compile('“([^“”]+)”|„([^„“”]+)[“”]|«([^«»]+)»|「([^「」]+)」|『([^『』]+)』|"([^"]+)"')
"""Texts in quotation marks. Straight ones come last, and not around inches (18" x 24")."""

INCHES = re.compile(r'(?<=\d)"')
"""A straight mark right behind a number is a measure, also inside a text: Gus's 12" Hero."""

PARTS = re.compile(r"(?<!\s)\s*(?:\n|\s[-–—/|·•]\s)\s*")
"""Where a text of several lines is parted."""

NUMBERING = re.compile(r"^\d{1,2}[.):]?\s+")
"""A running number before words that were said: `1 Collect`."""

CLOSING_MARK = re.compile(r"(?<![.,])[.,]$")
"""A mark that a sentence may put inside the quotation marks: of `...` none goes."""

Standing = Literal["said", "composed", "changed"]


class Letters(NamedTuple):
    """A text for the picture, and whether the person gave it, or the model made it up."""

    text: str
    standing: Standing


def settle_lettering(turn: FacilitatorTurn, transcript: Transcript) -> list[Letters]:
    """Each text in the form that a message has; others are composed, or changed."""
    said = [*map(_plain, (*transcript.messages.values(), *transcript.option_texts(turn).values()))]
    settled = []
    for text in dict.fromkeys(filter(None, map(str.strip, turn.lettering))):
        alike = [one for one in quoted_in(turn.prompt) if _letters(one) == _letters(text)]
        own = next((form for form in (*alike, text) if _stands(form, said)), text)
        changed = _changes_marks(own, turn, transcript)
        settled.append(Letters(own, "changed" if changed else _standing(own, said)))
    return settled


def faults_of_lettering(turn: FacilitatorTurn, letters: Sequence[Letters]) -> list[Fault]:
    """Texts whose letters differ from what was said, and texts that the prompt has otherwise."""
    faults = []
    for text, standing in letters:
        if standing == "changed":
            advice = f'"{text}" changes a number, a mark or the spelling of what the person typed. '
            advice += "Copy it to the letter."
            faults.append(Fault("lettering", "lettering", advice, words=text))
        if turn.prompt and not all(part in _plain(turn.prompt) for part in PARTS.split(text)):
            advice = f"the text `{text}` does not stand in the prompt in quotation marks, letter "
            advice += "by letter. Write it there."
            faults.append(Fault("lettering", "prompt", advice, words=text))
    for text in quoted_in(turn.prompt):
        if not any(_letters(text) in _letters(one.text) for one in letters):
            advice = f'"{text}" stands in quotation marks in the prompt. List it in lettering, or '
            advice += "write it without the marks."
            faults.append(Fault("lettering", "lettering", advice, serious=False))
    return faults


def quoted_in(text: str) -> list[str]:
    """What stands in quotation marks in a text."""
    plain = INCHES.sub("″", text)  # a double prime, so that it closes nothing
    found = (next(filter(None, match.groups())) for match in QUOTED.finditer(plain))
    return [one.replace("″", '"') for one in found]


def _stands(text: str, said: Sequence[str]) -> bool:
    """Whether a text stands in a message to the letter, as whole words."""
    whole = re.compile(rf"(?<!\w){re.escape(_plain(text))}(?!\w)")
    spaced = not any(word.signed for word in words_of(text))
    return any(whole.search(one) if spaced else _plain(text) in one for one in said)


def _changes_marks(text: str, turn: FacilitatorTurn, transcript: Transcript) -> bool:
    """Whether messages have a text in quotation marks, and never with these marks.

    Where its stretch rests on newer words too, those may be what changes it.
    """
    given = {
        ref: one
        for ref, message in transcript.messages.items()
        for one in quoted_in(message)
        if _letters(one) == _letters(text)
    }
    newest = max(map(message_number, given), default=0)
    said = (quote for source in turn.sources if text in source.prompt for quote in source.said)
    return (
        bool(given)
        and all(_line(one) != _line(text) for one in given.values())
        and all(message_number(quote.ref) <= newest for quote in said)
    )


def _standing(text: str, said: Sequence[str]) -> Standing:
    """Whether a text was said, part by part, changes what was, or is put together anew."""
    plain = _plain(text)
    parts = PARTS.split(NUMBERING.sub("", plain, count=1))
    typed = {one[word.start : word.end]: word for one in said for word in words_of(one)}
    other = [word for word in words_of(plain) if plain[word.start : word.end] not in typed]
    known = typed.values()
    if _stands(plain, said) or all(_stands(part, said) for part in parts):
        return "said"
    if plain.isupper() and _stands(plain.casefold(), [one.casefold() for one in said]):
        return "said"  # "the title in capitals, please"
    renumbered = any(word.number for word in other) and any(word.number for word in known)
    misspelt = other and all(any(near(word, one) for one in known) for word in other)
    return "changed" if renumbered or misspelt else "composed"


def _plain(text: str) -> str:
    """Spaces, width and the form of apostrophes made one; case and accents stay."""
    flat = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'")
    return " ".join(flat.replace("″", '"').split())


def _line(text: str) -> str:
    """A text as one line without case and the mark that may close a sentence."""
    return CLOSING_MARK.sub("", PARTS.sub(" ", _plain(text))).casefold()


def _letters(text: str) -> str:
    return "".join(word.text for word in words_of(text))
