"""Texts that are to stand in the picture: to the letter, as the person typed them."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal, NamedTuple

from consultation.quotes import Fault
from consultation.transcript import Transcript, message_number
from consultation.turn import FacilitatorTurn
from consultation.words import near, words_of

QUOTED = re.compile('“([^“”]+)”|„([^„“”]+)[“”]|«([^«»]+)»|「([^「」]+)」|『([^『』]+)』|"([^"]+)"')
"""Texts in quotation marks. Straight ones come last, and not around inches (18" x 24")."""

INCHES = re.compile(r'(?<=\d)"')
"""A straight mark right behind a number is a measure, also inside a text: Gus's 12" Hero."""

NUMBERING = re.compile(r"^\d{1,2}[.):]?\s+")
"""A running number before words that were said: `1 Collect`."""

Standing = Literal["said", "composed", "changed"]


class Letters(NamedTuple):
    """A text for the picture, and whether the person gave it, or the model made it up."""

    text: str
    standing: Standing


def judge_lettering(
    turn: FacilitatorTurn, transcript: Transcript
) -> tuple[list[Letters], list[Fault]]:
    """Each text in the form that a message has, others composed or changed; and what is wrong:
    letters that differ from what was said, and texts that the prompt has otherwise."""
    said = [*map(_plain, (*transcript.messages.values(), *transcript.option_texts(turn).values()))]
    settled, advice = [], []
    for text in dict.fromkeys(filter(None, map(str.strip, turn.lettering))):
        alike = [one for one in quoted_in(turn.prompt) if _letters(one) == _letters(text)]
        own = next((form for form in (*alike, text) if _stands(form, said)), text)
        standing = _standing(own, said)
        if standing == "composed" and _has_other_marks(own, turn, transcript):
            standing = "changed"
        settled.append(Letters(own, standing))
        if standing == "changed":
            fault = f'"{own}" changes a number or the spelling of what the person typed. '
            advice.append(("lettering", f"{fault}Copy it to the letter.", own))
        if turn.prompt and not all(_plain(line) in _plain(turn.prompt) for line in own.split("\n")):
            fault = f"the text `{own}` does not stand in the prompt in quotation marks, letter "
            advice.append(("prompt", f"{fault}by letter. Write it there.", own))
    return settled, [Fault("lettering", where, words, words=own) for where, words, own in advice]


def quoted_in(text: str) -> list[str]:
    """What stands in quotation marks in a text."""
    plain = INCHES.sub("″", text)  # a double prime, so that it closes nothing
    found = (next(filter(None, match.groups())) for match in QUOTED.finditer(plain))
    return [one.replace("″", '"') for one in found]


def _standing(text: str, said: Sequence[str]) -> Standing:
    """Whether a text was said, line by line, changes what was, or is put together anew."""
    typed = {one[word.start : word.end]: word for one in said for word in words_of(one)}
    plain = _plain(text)
    other = [word for word in words_of(plain) if plain[word.start : word.end] not in typed]
    lines = [line for line in NUMBERING.sub("", text, count=1).split("\n") if line.strip()]
    if _stands(text, said) or (lines and all(_stands(line, said) for line in lines)):
        return "said"
    if plain.isupper() and _stands(plain.casefold(), [one.casefold() for one in said]):
        return "said"  # "the title in capitals, please"
    known = typed.values()
    renumbered = any(word.number for word in other) and any(word.number for word in known)
    misspelt = other and all(any(near(word, one) for one in known) for word in other)
    return "changed" if renumbered or misspelt else "composed"


def _stands(text: str, said: Sequence[str]) -> bool:
    """Whether a text stands in a message to the letter, as whole words."""
    whole = re.compile(rf"(?<!\w){re.escape(_plain(text))}(?!\w)")
    spaced = not any(word.signed for word in words_of(text))
    return any(whole.search(one) if spaced else _plain(text) in one for one in said)


def _has_other_marks(text: str, turn: FacilitatorTurn, transcript: Transcript) -> bool:
    """Whether a message has these letters in quotation marks, and no newer words are quoted."""
    given = [
        message_number(ref)
        for ref, message in transcript.messages.items()
        if any(_letters(one) == _letters(text) for one in quoted_in(message))
    ]
    said = (quote for source in turn.sources if text in source.prompt for quote in source.said)
    newest = max((message_number(quote.ref) for quote in said), default=0)
    return bool(given) and newest <= max(given)


def _plain(text: str) -> str:
    """Spaces, width and the form of apostrophes made one; case and accents stay."""
    flat = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'")
    return " ".join(flat.replace("″", '"').split())


def _letters(text: str) -> str:
    return "".join(word.text for word in words_of(text))
