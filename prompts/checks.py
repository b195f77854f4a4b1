"""Look for what is wrong with prompt files: all that can be told without asking a model."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from prompts.contradictions import contradictions
from prompts.file_kinds import SHIPPED, SUFFIX, PromptFile, other_files, prompt_files
from prompts.header import read_header
from prompts.image_type import ImageType, Suggested
from prompts.source import PromptError, YamlSource, read_text, read_yaml
from prompts.template import Template

LONGEST_PURPOSE = 200
LONGEST_SAMPLE = 24_000
"""Characters of a rendered sample, about 6,000 tokens. The longest shipped one takes a fifth."""
DIMENSION = re.compile(r"[a-z][a-z_]*")


class Promised(NamedTuple):
    """What the rest of the code says: the fewest and most choices of a question, and why
    suggested settings cannot be drawn."""

    options: tuple[int, int]
    undrawable: Callable[[Suggested], Iterable[str]]


class Linted(NamedTuple):
    """A file that was looked at: its name, whether it is the person's own, its faults."""

    file: str
    own: bool
    faults: list[PromptError]


def lint(own: Path | None, promised: Promised) -> Iterator[Linted]:
    """Every shipped file, then every own one with its faults."""
    for folder in [SHIPPED, own] if own else [SHIPPED]:
        for place in prompt_files(folder):
            found = list(faults(place, folder, promised))
            yield Linted(place.file, folder is not SHIPPED, found)
    for file in other_files(own) if own else []:
        yield Linted(file, True, [_unread(file)])


def faults(place: PromptFile, folder: Path, promised: Promised) -> Iterator[PromptError]:
    """What is wrong with one file in a folder."""
    try:
        source = read_text(folder / place.file, place.file)
        parsed = place.parse(source)
    except PromptError as error:
        yield error
        return
    match place.kind:
        case "template":
            yield from _of_template(parsed, read_header(place.file, source), place)
            for line, told in contradictions(parsed.text, promised.options):
                yield PromptError.at(place.file, parsed.first_line + line - 1, told)
        case "image type":
            yield from _of_type(parsed, located := read_yaml(place.file, source))
            yield from _of_settings(parsed.suggested, located, promised)
        case "library":
            yield from _of_curated(place, [folder, SHIPPED] if folder != SHIPPED else [SHIPPED])
            yield from _of_settings(parsed.suggested, read_yaml(place.file, source), promised)


def _of_template(
    template: Template, header: YamlSource, place: PromptFile
) -> Iterator[PromptError]:
    declared, purpose = template.header.inputs, template.header.purpose
    if len(purpose) > LONGEST_PURPOSE or not purpose.endswith("."):
        told = f"write one sentence of at most {LONGEST_PURPOSE} characters, with its full stop."
        yield header.fault(("purpose",), told)
    for name in declared:
        if name not in template.variables:
            told = "the text does not use it; use it or remove it."
            yield header.fault(("inputs", name), told)
    if not template.header.samples:
        yield header.fault(("samples",), "there is none; add one that gives every input a value.")
    for sample, values in template.header.samples.items():
        yield from _of_sample(template, sample, values, header)
    if place.lies_in(SHIPPED):
        yield from _of_override(template, header, place.read(SHIPPED))
    else:
        told = "the server asks for no template of this name; name it after the one it is to be."
        yield PromptError.at(place.file, 1, told)


def _of_sample(
    template: Template, sample: str, values: dict[str, Any], header: YamlSource
) -> Iterator[PromptError]:
    missing = [name for name in template.header.inputs if name not in values]
    if missing:
        yield header.fault(("samples", sample), f"it lacks {', '.join(missing)}; add them.")
        return
    try:
        length = len(template.render(**values))
    except PromptError as error:
        yield error
        return
    if length > LONGEST_SAMPLE:
        told = f"it gives {length:,} characters; keep it under {LONGEST_SAMPLE:,}."
        yield header.fault(("samples", sample), told)


def _of_override(
    template: Template, header: YamlSource, shipped: Template
) -> Iterator[PromptError]:
    """Where an own template counts on more than the server gives."""
    given = shipped.header.inputs
    for name in template.header.inputs:
        if name not in given:
            told = f"the server does not give it; it gives {', '.join(given) or 'nothing'}."
            yield header.fault(("inputs", name), told)
        elif template.header.inputs[name].type != given[name].type:
            yield header.fault(("inputs", name), f"the server gives it as {given[name].type}.")


def _of_type(image_type: ImageType, located: YamlSource) -> Iterator[PromptError]:
    here = ("dimensions",)
    if "subject" not in image_type.dimensions:
        yield located.fault(here, "there is no subject; every picture has one, add it.")
    for name in image_type.dimensions:
        if not DIMENSION.fullmatch(name):
            yield located.fault((*here, name), "name it in small letters, such as line_width.")
    if not image_type.checklist or not all(image_type.checklist):
        yield located.fault(("checklist",), "give sentences on what to look at in the picture.")
    if "suggested" in located.data and not image_type.suggested.why:
        yield located.fault(("suggested",), "say in why these settings suit the type.")


def _of_settings(
    suggested: Suggested, located: YamlSource, promised: Promised
) -> Iterator[PromptError]:
    for told in promised.undrawable(suggested):
        yield located.fault(("suggested",), told)


def _of_curated(place: PromptFile, folders: list[Path]) -> Iterator[PromptError]:
    from prompts.template_store import find_template

    try:
        find_template(PurePosixPath(place.file).stem, folders)
    except PromptError as error:
        yield error


def _unread(file: str) -> PromptError:
    """A file that looks like a prompt but lies or ends otherwise than any that is read."""
    told = (
        f"nothing reads this file; put it where the shipped one lies: a template as "
        f"consultation/NAME{SUFFIX}, an image type as image_types/NAME.yaml."
    )
    return PromptError.at(file, 1, told)
