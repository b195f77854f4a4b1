"""Own files beside the shipped ones: copied to start from, compared, followed through upgrades.

A copy says in a comment which wording it was made of, so that an upgrade that changed
the shipped file can be told.
"""

import re
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import Literal, NamedTuple

from prompts.file_kinds import SHIPPED, PromptFile, prompt_files, recognise
from prompts.header import body
from prompts.source import PromptError, fingerprint, read_text

BASED = re.compile(r"^# based on (\S+)@([0-9a-f]{12})\n", re.MULTILINE)
OPENING = re.compile(r"\A---[ \t]*\n")
OWN_NAME = re.compile(r"^name: .*$", re.MULTILINE)

State = Literal["shipped", "own", "broken"]


class Listed(NamedTuple):
    """A prompt file as a server sees it; `fault` says why an own one is not used."""

    place: PromptFile
    state: State
    fingerprint: str
    fault: str


class Difference(NamedTuple):
    """How an own file differs from the one that it replaces or was copied from.

    `upgraded` says whether the shipped one changed since the copy was made.
    """

    place: PromptFile
    shipped: PromptFile
    lines: list[str]
    upgraded: bool


def mark(place: PromptFile, source: str) -> str:
    """What names the wording of a file, as in the records."""
    return fingerprint(body(source) if place.kind == "template" else source)


def overview(own: Path) -> Iterator[Listed]:
    """Every prompt file by name, with the wording that is used of it."""
    return (_listed(place, own) for place in prompt_files(own, SHIPPED))


def copied(place: PromptFile, shipped: PromptFile) -> str:
    """The text of a shipped file as an own one begins. Raises `PromptError`."""
    source = read_text(shipped.shipped, shipped.file)
    note = f"# based on {shipped.name}@{mark(shipped, source)}\n"
    if place.kind == "template":
        return OPENING.sub(f"---\n{note}", source, count=1)
    if place.kind == "library":
        stem = place.name.rsplit("/", 1)[-1]
        source = OWN_NAME.sub(f"name: {stem}", source, count=1)
    return note + source


def differences(own: Path, name: str = "") -> Iterator[Difference]:
    """Own files against the shipped ones, one by name or all. Raises `PromptError`."""
    for place in prompt_files(own):
        if name in ("", place.name):
            mine = read_text(own / place.file, place.file)
            based = BASED.search(mine)
            origin = _origin(place, based[1] if based else place.name)
            if origin:
                yield _difference(place, origin, mine, based[2] if based else "")


def _difference(place: PromptFile, origin: PromptFile, mine: str, based_on: str) -> Difference:
    shipped = read_text(origin.shipped, origin.file)
    lines = unified_diff(
        shipped.splitlines(),
        BASED.sub("", mine, count=1).splitlines(),
        f"shipped/{origin.file}",
        f"own/{place.file}",
        lineterm="",
    )
    return Difference(place, origin, [*lines], bool(based_on) and mark(origin, shipped) != based_on)


def _origin(place: PromptFile, name: str) -> PromptFile | None:
    """The shipped file of that name and of the same kind."""
    ending = place.file.removeprefix(place.name)
    found = recognise(f"{name}{ending}")
    return found if found and found.shipped.is_file() else None


def _listed(place: PromptFile, own: Path) -> Listed:
    state: State = "own" if place.lies_in(own) else "shipped"
    folder, fault = (own if state == "own" else SHIPPED), ""
    if state == "own":
        try:
            place.read(own)
        except PromptError as error:
            state, fault, folder = "broken", str(error), SHIPPED
    source = read_text(folder / place.file, place.file) if place.lies_in(folder) else ""
    return Listed(place, state, mark(place, source) if source else "", fault)
