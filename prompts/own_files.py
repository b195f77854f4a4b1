"""Own files beside the shipped ones: copied to start from, compared, and judged.

A copy says in a comment which wording it was made of, so that an upgrade that changed
the shipped file can be told.
"""

import re
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import Literal, NamedTuple

from errors import Check
from prompts.prompt_files import SHIPPED, PromptFile, prompt_files, recognise, unread_files
from prompts.source import fingerprint
from prompts.store import PromptStore
from prompts.template import body

BASED_ON = re.compile(r"^# based on (\S+)@([0-9a-f]{12})\n", re.MULTILINE)
OPENING = re.compile(r"\A---[ \t]*\n")
CALLED = re.compile(r"^called:.*\n(?:[ #].*\n)*", re.MULTILINE)
"""The names of a library template, with which an idea finds it."""

OWN_NAME = re.compile(r"^name: .*$", re.MULTILINE)
TOPIC = "templates"
"""What `doctor` calls these findings."""

State = Literal["shipped", "own", "broken"]


class Listing(NamedTuple):
    """A prompt file as a server sees it: what it is `about`; `fault` says why an own one is not
    used."""

    place: PromptFile
    state: State
    fingerprint: str
    about: str
    fault: str


class FileDifference(NamedTuple):
    """How an own file differs from the one that it replaces or was copied from.

    `upgraded` says whether the shipped one changed since the copy was made.
    """

    place: PromptFile
    shipped: PromptFile
    lines: list[str]
    upgraded: bool


def overview(own: Path) -> Iterator[Listing]:
    """Every prompt file by name, with the wording that is used of it."""
    store = PromptStore(own)
    for place in prompt_files(own, SHIPPED):
        is_own = place.lies_in(own)
        fault = store.fault_of(place) if is_own else None
        state: State = "broken" if fault else "own" if is_own else "shipped"
        folder = own if state == "own" else SHIPPED
        mark, about = "", ""
        if place.lies_in(folder):
            source = place.text(folder)
            mark, about = _wording(place, source), place.about(source)
        yield Listing(place, state, mark, about, str(fault or ""))


def copy_of(place: PromptFile, shipped: PromptFile) -> str:
    """The text of a shipped file as an own one begins. Raises `PromptError`."""
    source = shipped.text(SHIPPED)
    note = f"# based on {shipped.name}@{_wording(shipped, source)}\n"
    if place.kind == "template":
        return OPENING.sub(f"---\n{note}", source, count=1)
    if place.kind == "library":
        stem = place.name.rsplit("/", 1)[-1]
        source = OWN_NAME.sub(f"name: {stem}", source, count=1)
        if place.name != shipped.name:  # what people call it stays with the one they mean
            source = CALLED.sub("", source, count=1)
    return note + source


def differences(own: Path, name: str) -> Iterator[FileDifference]:
    """Own files against the shipped ones, one by name or all. Raises `PromptError`."""
    for place in prompt_files(own):
        if name not in ("", place.name):
            continue
        text = place.text(own)
        origin_mark = BASED_ON.search(text)
        ending = place.file.removeprefix(place.name)
        origin = recognise(f"{origin_mark[1]}{ending}") if origin_mark else place
        if not origin or not origin.shipped.is_file():
            continue
        shipped = origin.text(SHIPPED)
        lines = unified_diff(
            shipped.splitlines(),
            BASED_ON.sub("", text, count=1).splitlines(),
            f"shipped/{origin.file}",
            f"own/{place.file}",
            lineterm="",
        )
        upgraded = bool(origin_mark and _wording(origin, shipped) != origin_mark[2])
        yield FileDifference(place, origin, [*lines], upgraded)


def check_own_files(own: Path) -> Iterator[Check]:
    """What `doctor` says of an own folder: each file that is wrong with its fault."""
    sound, places, store = 0, prompt_files(own), PromptStore(own)
    strays = unread_files(own)
    for place in places:
        if place.kind == "template" and not place.shipped.is_file():
            strays.append(place.file)
        elif fault := store.fault_of(place):
            yield Check(TOPIC, "problem", f"In {own}: {fault} {place.substitute}")
        else:
            sound += 1
    for file in strays:
        sentence = f"Nothing reads {own / file}. Name it after the file it is to replace."
        yield Check(TOPIC, "warning", sentence)
    if sound or not (places or strays):
        own_ones = f", and of your own in {own} {sound}" if sound else ""
        yield Check(TOPIC, "ok", f"The shipped ones are used{own_ones}.")


def _wording(place: PromptFile, source: str) -> str:
    """What names the wording of a file, as in the records."""
    return fingerprint(body(source) if place.kind == "template" else source)
