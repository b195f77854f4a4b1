"""Look for what is wrong with prompt files: all that can be told without asking a model."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from prompts.image_type import ImageType, SuggestedSettings
from prompts.library_template import LibraryTemplate
from prompts.parameter import FEWEST_OPTIONS, MOST_OPTIONS
from prompts.prompt_files import SHIPPED, SUFFIX, PromptFile, prompt_files, unread_files
from prompts.source import PromptError, YamlSource, read_yaml
from prompts.store import PromptStore
from prompts.template import Template, read_header
from prompts.template_names import fold

LONGEST_SAMPLE = 24_000
"""Characters of a rendered sample, about 6,000 tokens. The longest shipped one takes a fifth."""
DIMENSION = re.compile(r"[a-z][a-z_]*")

NUMBER = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten)"
TO = r"\s*(?:to|or|-|–)\s*"
RANGE = rf"{NUMBER}(?:{TO}{NUMBER})?"
BEYOND = r"(?:[016-9]|\d\d+|one|six|seven|eight|nine|ten)"
"""Numbers of choices that no question has."""
CONTRADICTIONS = {
    re.compile(
        rf"\b(?:{BEYOND}(?:{TO}{NUMBER})?|{NUMBER}{TO}{BEYOND})"
        r"\s+(?:[\w-]+\s+)?(?:options|choices)\b",
        re.I,
    ): f"the code keeps {FEWEST_OPTIONS} to {MOST_OPTIONS} choices to a question; write that",
    re.compile(
        rf"\b{RANGE}\s+(?:[\w-]+\s+){{0,2}}questions?\b(?!\s+(?:at\s+a\s+time|per\s+turn))", re.I
    ): "the code keeps the number of questions; leave it out",
    re.compile(
        r"\bcalls?\s+the\s+image\s+tool\s+"
        rf"(?:again|twice|repeatedly|(?:several|many|{NUMBER})\s+times)",
        re.I,
    ): "the code takes one call of the image tool; leave it out",
    re.compile(
        r"\b(?:answer|reply|respond|write\s+back)\s+(?:only\s+)?(?:in|as|with)\s+"
        r"(?:markdown|html|xml|yaml|prose|plain\s+text)\b",
        re.I,
    ): "the code gives the form of the answer; leave it out",
    re.compile(r"\b(?:gpt-[\w.-]*\w|dall-e\S*)", re.I): "the settings name the model; leave it out",
}
"""Wording that would contradict what the code promises, whatever a model is told: it confuses
the model, and the code mends what comes back. Each with the way out."""


Undrawable = Callable[[SuggestedSettings], Iterable[str]]
"""Why suggested settings cannot be drawn: models are known to a room that builds on this one."""


class Verdict(NamedTuple):
    """A file that was looked at: its name, whether it is the person's own, its faults."""

    file: str
    own: bool
    faults: list[PromptError]


def lint(
    own: Path | None, undrawable: Undrawable, selection: Collection[str] = ()
) -> Iterator[Verdict]:
    """Every shipped file, then every own one with its faults; of a selection those alone."""
    for folder in [SHIPPED, own] if own else [SHIPPED]:
        for place in prompt_files(folder):
            if place.file in selection or not selection:
                problems = [*faults(place, folder, undrawable)]
                yield Verdict(place.file, folder is not SHIPPED, problems)
    for file in unread_files(own) if own and not selection else []:
        sentence = (
            "nothing reads this file; put it where the shipped one lies: a template as "
            f"consultation/NAME{SUFFIX}, an image type as image_types/NAME.yaml."
        )
        yield Verdict(file, True, [PromptError.at(file, 1, sentence)])


def faults(place: PromptFile, folder: Path, undrawable: Undrawable) -> Iterator[PromptError]:
    """What is wrong with one file in a folder."""
    store = PromptStore(None if folder == SHIPPED else folder)
    try:
        source = place.text(folder)
        content = store.parse(place, source)
    except PromptError as error:
        yield error
        return
    if place.kind == "template":
        yield from _template_faults(content, read_header(place.file, source), place)
        for line, sentence in _contradictions(content.text):
            yield PromptError.at(place.file, content.first_line + line - 1, sentence)
    if place.kind in {"image type", "library"}:
        document = read_yaml(place.file, source)
        for sentence in undrawable(content.suggested):
            yield document.fault(("suggested",), sentence)
        is_type = place.kind == "image type"
        yield from (_type_faults if is_type else _namesake_faults)(content, document, store)


def _namesake_faults(
    template: LibraryTemplate, document: YamlSource, store: PromptStore
) -> Iterator[PromptError]:
    """Names that another template has, too: an idea that says one is offered neither, and of two
    files of a name only one is read."""
    for place in prompt_files(store.folders[0]):
        if place.file.endswith(f"/{template.name}.yaml") and place.file < document.file:
            yield document.fault((), f"{place.file} has the same name; rename one of the two.")
    theirs = {
        fold(name): other.name
        for other in store.library_templates().values()
        if other.name != template.name
        for name in chain(*other.called.values())
    }
    for language, names in template.called.items():
        for name in names:
            if fold(name) in theirs:
                way = f"{theirs[fold(name)]} has the name {name}, too; leave it to one of the two."
                yield document.fault(("called", language), way)


def _template_faults(
    template: Template, header: YamlSource, place: PromptFile
) -> Iterator[PromptError]:
    for name in template.header.inputs:
        if name not in template.variables:
            yield header.fault(("inputs", name), "the text does not use it; use it or remove it.")
    if not template.header.samples:
        yield header.fault(("samples",), "there is none; add one that gives every input a value.")
    for sample, values in template.header.samples.items():
        yield from _sample_faults(template, sample, values, header)
    if not place.shipped.is_file():
        way = "the server asks for no template of this name; name it after the one it is to be."
        yield PromptError.at(place.file, 1, way)


def _sample_faults(
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
        way = f"it gives {length:,} characters; keep it under {LONGEST_SAMPLE:,}."
        yield header.fault(("samples", sample), way)


def _type_faults(
    image_type: ImageType, document: YamlSource, _store: PromptStore
) -> Iterator[PromptError]:
    here = ("dimensions",)
    if "subject" not in image_type.dimensions:
        yield document.fault(here, "there is no subject; every picture has one, add it.")
    for name in image_type.dimensions:
        if not DIMENSION.fullmatch(name):
            yield document.fault((*here, name), "name it in small letters, such as line_width.")
    if not image_type.checklist or not all(image_type.checklist):
        yield document.fault(("checklist",), "give sentences on what to look at in the picture.")


def _contradictions(text: str) -> Iterator[tuple[int, str]]:
    """What a text says otherwise than the code, by its line."""
    for claim, way in CONTRADICTIONS.items():
        for match in claim.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield line, f'"{" ".join(match[0].split())}": {way}.'
