"""Texts that are to stand in the picture: to the letter, as the person typed them."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from consultation.evidence import Fault
from consultation.transcript import Transcript
from consultation.turn import FacilitatorTurn
from consultation.words import near, words_of

QUOTED = re.compile('“([^“”]+)”|„([^„“”]+)[“”]|«([^«»]+)»|「([^「」]+)」|『([^『』]+)』|"([^"]+)"')
"""Texts in quotation marks. Straight ones come last, and not around inches (18" x 24")."""

INCHES = re.compile(r'(?<=\d)"')
"""A straight mark right behind a number is a measure, also inside a text: Gus's 12" Hero."""

PARTS = re.compile(r"(?<!\s)\s*(?:\n|\s[-–—/|·•]\s)\s*")
"""Where a text of several lines is parted."""

Standing = Literal["said", "composed", "changed"]


class Letters(NamedTuple):
    """A text for the picture, and whether the person gave it, or the model made it up."""

    text: str
    standing: Standing


def settle_lettering(turn: FacilitatorTurn, transcript: Transcript) -> list[Letters]:
    """Each text in the form that a message has; others are composed, or changed in a number."""
    texts = (*transcript.messages.values(), *transcript.option_texts(turn).values())
    messages = [_plain(text) for text in texts]
    in_prompt = quoted_in(turn.prompt)
    settled = []
    for text in dict.fromkeys(filter(None, map(str.strip, turn.lettering))):
        own = _as_said(text, messages, in_prompt)
        standing: Standing = "said"
        if own is None:
            own, standing = text, _standing(text, messages, len(turn.lettering))
        settled.append(Letters(own, standing))
    return settled


def faults_of_lettering(turn: FacilitatorTurn, letters: Sequence[Letters]) -> list[Fault]:
    """Texts whose letters differ from what was said, and texts that the prompt has otherwise."""
    faults = [
        Fault(
            "lettering",
            "lettering",
            f'"{one.text}" changes a number or the spelling of what the person typed. Copy it to '
            "the letter.",
            words=one.text,
        )
        for one in letters
        if one.standing == "changed"
    ]
    if not turn.prompt:
        return faults
    in_prompt = quoted_in(turn.prompt)
    faults += [
        Fault(
            "lettering",
            "prompt",
            f"the text `{one.text}` does not stand in the prompt in quotation marks, letter by "
            "letter. Write it there.",
            words=one.text,
        )
        for one in letters
        if not all(part in _plain(turn.prompt) for part in PARTS.split(one.text))
    ]
    listed = {_letters(one.text) for one in letters}
    faults += [
        Fault(
            "lettering",
            "lettering",
            f'"{text}" stands in quotation marks in the prompt. List it in lettering, or write it '
            "without the marks.",
            serious=False,
        )
        for text in in_prompt
        if _letters(text) not in listed and not any(_letters(text) in known for known in listed)
    ]
    return faults


def quoted_in(text: str) -> list[str]:
    """What stands in quotation marks in a text."""
    plain = INCHES.sub("″", text)  # a double prime, so that it closes nothing
    found = (next(filter(None, match.groups())) for match in QUOTED.finditer(plain))
    return [one.replace("″", '"').rstrip(".,") for one in found]


def _as_said(text: str, messages: Sequence[str], in_prompt: Iterable[str]) -> str | None:
    """The text as a message has it: as the prompt writes it, if that was said, else itself."""
    forms = [other for other in in_prompt if _letters(other) == _letters(text)]
    forms = [text, *forms] if text in forms else [*forms, text]
    return next((form for form in forms if _stands(form, messages)), None)


def _stands(text: str, messages: Sequence[str]) -> bool:
    """Whether a text stands in a message to the letter, as whole words."""
    whole = re.compile(rf"(?<!\w){re.escape(_plain(text))}(?!\w)")
    spaced = all(word.script == "spaced" for word in words_of(text))
    return any(whole.search(m) if spaced else _plain(text) in m for m in messages)


def _standing(text: str, messages: Sequence[str], count: int) -> Standing:
    """Whether a text that no message holds is put together, made up, or a changed one."""
    typed = {message[w.start : w.end] for message in messages for w in words_of(message)}
    said = [word for message in messages for word in words_of(message)]
    running = {str(number) for number in range(1, count + 1)}
    plain = _plain(text)
    other = [w for w in words_of(plain) if plain[w.start : w.end] not in typed | running]
    if not other:  # "1 Collect": a running number before words that were said
        bare = re.sub(rf"^(?:{'|'.join(running)})\W+", "", plain)
        parts = [part for part in PARTS.split(bare) if part]
        return "said" if all(_stands(part, messages) for part in parts) else "composed"
    if plain.isupper() and _stands(plain.casefold(), [one.casefold() for one in messages]):
        return "said"  # "the title in capitals, please"
    if any(word.number for word in other) and any(word.number for word in said):
        return "changed"
    return "changed" if all(any(near(w, one) for one in said) for w in other) else "composed"


def _plain(text: str) -> str:
    """Spaces, width and the form of apostrophes made one; case and accents stay."""
    flat = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'")
    return " ".join(flat.replace("″", '"').split())


def _letters(text: str) -> str:
    return "".join(word.text for word in words_of(text))
