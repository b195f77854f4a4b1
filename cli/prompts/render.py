"""The command `prompts render`: what a file gives, how long it is, how much of it stays."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from cli import terminal as show
from errors import Problem
from prompts.image_type import ImageType
from prompts.library_template import LibraryTemplate
from prompts.prompt_files import PromptFile, find_file, prompt_files
from prompts.store import PromptStore
from prompts.template import Template
from prompts.wording import Ways
from settings import load_settings

ENDING = ".txt"
LETTERS_PER_TOKEN = 4
"""A rule of thumb for English; no tokenizer is at hand."""
VARY = "generation/vary"


def render(
    name: str = "",
    /,
    *,
    sample: str = "",
    inputs: Annotated[tuple[str, ...], Parameter(name="--set")] = (),
    shipped: bool = False,
    every: Annotated[bool, Parameter(name="--all")] = False,
    to: Path | None = None,
    as_json: show.AsJson = False,
) -> None:
    """Print what a file gives, with its length in tokens and the part that stays the same.

    Args:
        name: Such as consultation/facilitator; `image-consultant prompts list` names all.
        sample: One of the header's samples; without it the first.
        inputs: An input as name=value, in place of the sample's; a list or object as JSON.
        shipped: The shipped files alone, without your own.
        every: With --to, all templates with all their samples.
        to: The folder for them.
    """
    store = PromptStore(None if shipped else load_settings().templates_dir)
    if every or to:
        if not (every and to) or name:
            raise Problem("--all and --to go together, without a name.")
        show.line(f"{write_all(store, to)} renderings in {to}.")
        return
    if not name:
        raise Problem("Name a prompt file; `image-consultant prompts list` names them all.")
    place = find_file(name, *store.folders)
    parsed = place.read(next(folder for folder in store.folders if place.lies_in(folder)))
    _print(place, parsed, _with_inputs(place, parsed, store, inputs), sample, as_json)


def write_all(store: PromptStore, to: Path) -> int:
    """Write every rendering of every template, and remove those that are no more."""
    texts = renderings(store)
    for path in to.rglob(f"*{ENDING}"):
        if path.relative_to(to).as_posix() not in texts:
            path.unlink()
    for file, text in texts.items():
        path = to / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8", newline="\n")
    return len(texts)


def renderings(store: PromptStore) -> dict[str, str]:
    """What every template gives with each of its samples, by file name."""
    places = [place for place in prompt_files(*store.folders) if place.kind == "template"]
    return {
        f"{place.name}.{sample}{ENDING}": text
        for place in places
        for sample, text in previews(store.template(place.name), store).items()
    }


def previews(parsed: Any, store: PromptStore) -> dict[str, str]:
    """What a file gives, by sample; nothing for lists of words. Raises `PromptError`.

    An image type is shown as the data that the facilitator is told once it recognised the
    type and in the first turn, a way to vary as the assistant model is told of it.
    """
    match parsed:
        case Template():
            samples = parsed.header.samples
            return {name: parsed.render(**values) for name, values in samples.items()}
        case ImageType():
            forms = {"recognised": parsed.details("en"), "first": parsed.summary()}
            return {
                turn: json.dumps(data, ensure_ascii=False, indent=1) for turn, data in forms.items()
            }
        case LibraryTemplate():
            return {"example": parsed.render(parsed.example.values)}
        case Ways():
            return {
                f"{strategy}: {way.name}": store.render(
                    VARY, say=way.say, strategy=strategy, instead=""
                ).text
                for strategy, ways in parsed
                for way in ways
            }
    return {}


def _with_inputs(
    place: PromptFile, parsed: Any, store: PromptStore, inputs: tuple[str, ...]
) -> dict[str, str]:
    """What a file gives, by sample, with some inputs as they are given."""
    if not inputs:
        return previews(parsed, store)
    pairs = dict(_pair(one) for one in inputs)
    if isinstance(parsed, LibraryTemplate):
        return {"example": parsed.render(parsed.example.values | pairs)}
    if not isinstance(parsed, Template):
        raise Problem(f"--set is for templates; {place.name} has no inputs.")
    values: dict[str, Any] = {key: _value(parsed, key, text) for key, text in pairs.items()}
    samples = parsed.header.samples or {"given": {}}
    return {name: parsed.render(**{**sample, **values}) for name, sample in samples.items()}


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise Problem(f"--set takes name=value; {text!r} has no =.")
    return key.strip(), value


def _value(template: Template, name: str, text: str) -> Any:
    """A value as the header declares it. Raises a `Problem` where it does not fit."""
    declared = template.header.inputs.get(name)
    if declared is None:
        inputs = ", ".join(template.header.inputs) or "none"
        raise Problem(f"{template.name} has no input {name!r}; there are {inputs}.")
    if declared.type == "string":
        return text
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not declared.accepts(value):
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
    text = texts[sample]
    # What all begin with is what OpenAI's prompt cache can hold.
    prefix = os.path.commonprefix([*texts.values()])  # noqa: RUF071  # letter by letter is meant
    if as_json:
        show.data({
            "name": place.name, "sample": sample, "samples": [*texts], "text": text,
            "fingerprint": getattr(parsed, "fingerprint", ""),
            "characters": len(text), "tokens_estimate": _tokens(text),
            "stable_prefix_characters": len(prefix),
            "stable_prefix_tokens_estimate": _tokens(prefix),
        })  # fmt: skip
        return
    show.block(f"{text}\n\n")
    show.line(f"{place.name}, {sample}: {_length(text)}.")
    if len(texts) > 1:
        show.line(f"The first {_length(prefix)} are the same in {', '.join(texts)}.")


def _tokens(text: str) -> int:
    """About how many tokens a text has: an estimate."""
    return -(-len(text) // LETTERS_PER_TOKEN)


def _length(text: str) -> str:
    tokens = f"about {_tokens(text):,} tokens (estimate: {LETTERS_PER_TOKEN} characters each)"
    return f"{len(text):,} characters, {tokens}"
