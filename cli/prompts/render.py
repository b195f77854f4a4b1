"""The command `prompts render`: what a file gives, how long it is, how much of it stays."""

import json
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.markup import escape

from cli.prompts.files import AsJson, console, write_json
from errors import Problem
from prompts.file_kinds import SHIPPED, PromptFile, find_file, prompt_files
from prompts.library_template import LibraryTemplate
from prompts.preview import previews, stable_prefix, tokens
from prompts.store import PromptStore
from prompts.template import Template
from settings import load_settings

ENDING = ".txt"


def render(
    name: str = "",
    /,
    *,
    sample: str = "",
    given: Annotated[tuple[str, ...], Parameter(name="--set")] = (),
    types: bool = False,
    shipped: bool = False,
    every: Annotated[bool, Parameter(name="--all")] = False,
    to: Path | None = None,
    as_json: AsJson = False,
) -> None:
    """Print what a file gives, with its length in tokens and the part that stays the same.

    Args:
        name: Such as consultation/facilitator; `prompts list` names all.
        sample: One of the header's samples; without it the first.
        given: An input as name=value, in place of the sample's; a list or object as JSON.
        types: Give it every image type there is, in place of the sample's.
        shipped: The shipped files alone, without your own.
        every: With --to, all templates with all their samples.
        to: The folder for them.
        as_json: Print JSON.
    """
    folders = [SHIPPED] if shipped else [load_settings().templates_dir, SHIPPED]
    library = PromptStore(None if shipped else folders[0])
    if every or to:
        if not (every and to) or name:
            raise Problem("--all and --to go together, without a name.")
        written = write_all(folders, library, to)
        console.print(f"{written} renderings in {escape(str(to))}.")
        return
    if not name:
        raise Problem("Name a prompt file; `prompts list` names them all.")
    place = find_file(name, *folders)
    parsed = place.read(next(folder for folder in folders if place.lies_in(folder)))
    _print(place, parsed, _rendered(place, parsed, library, given, types), sample, as_json)


def write_all(folders: list[Path], library: PromptStore, to: Path) -> int:
    """Write every rendering of every template, and remove those that are no more."""
    wanted = renderings(folders, library)
    for path in to.rglob(f"*{ENDING}"):
        if path.relative_to(to).as_posix() not in wanted:
            path.unlink()
    for file, text in wanted.items():
        path = to / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8", newline="\n")
    return len(wanted)


def renderings(folders: list[Path], library: PromptStore) -> dict[str, str]:
    """What every template gives with each of its samples, by file name."""
    places = [place for place in prompt_files(*folders) if place.kind == "template"]
    return {
        f"{place.name}.{sample}{ENDING}": text
        for place in places
        for sample, text in previews(place, library.template(place.name), library).items()
    }


def _rendered(
    place: PromptFile, parsed: Any, library: PromptStore, given: tuple[str, ...], types: bool
) -> dict[str, str]:
    """What a file gives, by sample, with some inputs given otherwise."""
    if not given and not types:
        return previews(place, parsed, library)
    pairs = dict(_pair(one) for one in given)
    if isinstance(parsed, LibraryTemplate):
        return {"example": parsed.render(parsed.example.values | pairs)}
    if not isinstance(parsed, Template):
        raise Problem(f"--set and --types are for templates; {place.name} has no inputs.")
    values: dict[str, Any] = {key: _typed(parsed, key, text) for key, text in pairs.items()}
    if types:
        if "image_types" not in parsed.header.inputs:
            raise Problem(f"{place.name} has no input image_types; leave --types out.")
        values["image_types"] = list(library.image_types().values())
    samples = parsed.header.samples or {"given": {}}
    return {name: parsed.render(**{**known, **values}) for name, known in samples.items()}


def _pair(given: str) -> tuple[str, str]:
    key, equals, value = given.partition("=")
    if not equals:
        raise Problem(f"--set takes name=value; {given!r} has no =.")
    return key.strip(), value


def _typed(template: Template, name: str, text: str) -> Any:
    """A value as the header declares it. Raises a `Problem` where it does not fit."""
    declared = template.header.inputs.get(name)
    if declared is None:
        known = ", ".join(template.header.inputs) or "none"
        raise Problem(f"{template.name} has no input {name!r}; there are {known}.")
    if declared.type == "string":
        return text
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not declared.takes(value):
        raise Problem(f"{name} takes a value of type {declared.type}, as in JSON, not {text!r}.")
    return value


def _print(
    place: PromptFile, parsed: Any, texts: dict[str, str], sample: str, as_json: bool
) -> None:
    if not texts:
        raise Problem(f"{place.name} holds words that the code looks for; nothing is rendered.")
    sample = sample or next(iter(texts))
    if sample not in texts:
        raise Problem(f"{place.name} has no sample {sample!r}; there are {', '.join(texts)}.")
    text, stays = texts[sample], stable_prefix([*texts.values()])
    if as_json:
        write_json({
            "name": place.name, "sample": sample, "samples": [*texts], "text": text,
            "fingerprint": getattr(parsed, "fingerprint", ""),
            "characters": len(text), "tokens_estimate": tokens(text),
            "stable_prefix_characters": len(stays), "stable_prefix_tokens_estimate": tokens(stays),
        })  # fmt: skip
        return
    console.print(text, markup=False)
    console.rule(style="dim")
    console.print(f"{place.name}, {sample}: {_long(text)}.")
    if len(texts) > 1:
        console.print(f"The first {_long(stays)} are the same in {', '.join(texts)}.")


def _long(text: str) -> str:
    return f"{len(text):,} characters, about {tokens(text):,} tokens (estimate: 4 characters each)"
