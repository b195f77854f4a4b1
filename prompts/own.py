"""Whether the templates in the person's own folder can be used in place of the shipped ones."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from prompts.file_kinds import PromptFile, other_files, prompt_files
from prompts.source import PromptError
from prompts.store import SHIPPED

Finding = tuple[str, Literal["ok", "warning", "problem"], str]
NAME = "templates"


def examine(folder: Path) -> Iterator[Finding]:
    """What lies in an own folder, each file that is wrong with its fault."""
    used, places = 0, prompt_files(folder)
    strays = other_files(folder)
    for place in places:
        if place.kind == "template" and not place.shipped.is_file():
            strays.append(place.file)
            continue
        try:
            _try(place, folder)
        except PromptError as error:
            shipped = place.shipped.is_file()
            meanwhile = "The shipped one is used" if shipped else "It is left out"
            yield NAME, "problem", f"In {folder}: {error} {meanwhile} meanwhile."
        else:
            used += 1
    for file in strays:
        told = f"Nothing reads {folder / file}. Name it after the file it is to replace."
        yield NAME, "warning", told
    if used or not (places or strays):
        told = f"{used} of your own in {folder} are used." if used else "The shipped ones are used."
        yield NAME, "ok", told


def _try(place: PromptFile, folder: Path) -> None:
    """Read a file; render a template with all that the shipped one is given, and no more."""
    own = place.read(folder)
    if place.kind == "template":
        given = place.read(SHIPPED).header
        if unknown := sorted(own.variables - given.inputs.keys()):
            raise PromptError(
                f"{own.name}: nothing gives it {', '.join(unknown)}; it can use "
                f"{', '.join(sorted(given.inputs)) or 'no variables'}."
            )
        for sample in given.samples.values():
            own.render(**sample)
