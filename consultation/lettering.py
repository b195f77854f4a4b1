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

NUMBERING = re.compile(r"\d{1,2}[.):]?\s+")
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
    texts = (*transcript.messages.values(), *transcript.option_texts(turn).values())
    said = [_plain(text) for text in texts]
    in_prompt = quoted_in(turn.prompt)
    settled = []
    for text in dict.fromkeys(filter(None, map(str.strip, turn.lettering))):
        alike = [one for one in in_prompt if _letters(one) == _letters(text)]
        as_given = any(text in (one, CLOSING_MARK.sub("", one)) for one in alike)
        forms = [text] if as_given else [*alike, text]
        own = next((form for form in forms if _stands(form, said)), None)
        standing: Standing = "said" if own else _standing(text, said)
        if _changes_marks(own or text, turn, transcript):
            standing = "changed"
        settled.append(Letters(own or text, standing))
    return settled


def faults_of_lettering(turn: FacilitatorTurn, letters: Sequence[Letters]) -> list[Fault]:
    """Texts whose letters differ from what was said, and texts that the prompt has otherwise."""
    faults = [
        Fault(
            "lettering",
            "lettering",
            f'"{one.text}" changes a number, a mark or the spelling of what the person typed. '
            "Copy it to the letter.",
            words=one.text,
        )
        for one in letters
        if one.standing == "changed"
    ]
    faults += [
        Fault(
            "lettering",
            "prompt",
            f"the text `{one.text}` does not stand in the prompt in quotation marks, letter by "
            "letter. Write it there.",
            words=one.text,
        )
        for one in letters
        if turn.prompt and not all(p in _plain(turn.prompt) for p in PARTS.split(one.text))
    ]
    faults += [
        Fault(
            "lettering",
            "lettering",
            f'"{text}" stands in quotation marks in the prompt. List it in lettering, or write it '
            "without the marks.",
            serious=False,
        )
        for text in quoted_in(turn.prompt)
        if not any(_letters(text) in _letters(one.text) for one in letters)
    ]
    return faults


def quoted_in(text: str) -> list[str]:
    """What stands in quotation marks in a text."""
    plain = INCHES.sub("″", text)  # a double prime, so that it closes nothing
    found = (next(filter(None, match.groups())) for match in QUOTED.finditer(plain))
    return [one.replace("″", '"') for one in found]


def _stands(text: str, said: Sequence[str]) -> bool:
    """Whether a text stands in a message to the letter, as whole words."""
    whole = re.compile(rf"(?<!\w){re.escape(_plain(text))}(?!\w)")
    spaced = all(word.script == "spaced" for word in words_of(text))
    return any(whole.search(one) if spaced else _plain(text) in one for one in said)


def _changes_marks(text: str, turn: FacilitatorTurn, transcript: Transcript) -> bool:
    """Whether messages have a text in quotation marks, and never with these marks.

    Where its stretch rests on newer words too, those may be what changes it.
    """
    given = [
        (message_number(ref), one)
        for ref, message in transcript.messages.items()
        for one in quoted_in(message)
        if _letters(one) == _letters(text)
    ]
    if not given or any(_line(one) == _line(text) for _, one in given):
        return False
    newest, _ = max(given)
    said = (quote for source in turn.sources if text in source.prompt for quote in source.said)
    return all(message_number(quote.ref) <= newest for quote in said)


def _standing(text: str, said: Sequence[str]) -> Standing:
    """Whether a text that no message holds is put together of what was said, or changes it."""
    plain = _plain(text)
    if running := NUMBERING.match(plain):
        plain = plain[running.end() :]
    if all(_stands(part, said) for part in PARTS.split(plain)):
        return "said"
    if plain.isupper() and _stands(plain.casefold(), [one.casefold() for one in said]):
        return "said"  # "the title in capitals, please"
    known = [(one[word.start : word.end], word) for one in said for word in words_of(one)]
    typed = {letters for letters, _ in known}
    other = [word for word in words_of(plain) if plain[word.start : word.end] not in typed]
    if any(word.number for word in other) and any(word.number for _, word in known):
        return "changed"
    misspelt = [any(near(word, one) for _, one in known) for word in other]
    return "changed" if misspelt and all(misspelt) else "composed"


def _plain(text: str) -> str:
    """Spaces, width and the form of apostrophes made one; case and accents stay."""
    flat = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'")
    return " ".join(flat.replace("″", '"').split())


def _line(text: str) -> str:
    """A text as one line without case and the mark that may close a sentence."""
    return CLOSING_MARK.sub("", PARTS.sub(" ", _plain(text))).casefold()


def _letters(text: str) -> str:
    return "".join(word.text for word in words_of(text))
