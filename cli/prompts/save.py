"""The command `prompts save`: a good prompt of a conversation becomes a template of one's own."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import anyio
from cyclopts import Parameter
from rich.prompt import Confirm, Prompt

from app import App
from cli import terminal as show
from errors import Problem
from settings import Settings, load_settings

if TYPE_CHECKING:
    from consultation.template_guess import Guess
    from storage.tables import Conversation

Category = Literal["presentation", "marketing", "art", "technical", "reference"]
FIXED = "-"


class Saved(NamedTuple):
    """What was made of a conversation, and where it lies or would lie."""

    name: str
    file: Path
    source: str
    written: bool


def save(
    conversation: str,
    *,
    name: str = "",
    category: Category | None = None,
    describe: str = "",
    corrections: Annotated[tuple[str, ...], Parameter(name="--set")] = (),
    yes: bool = False,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
) -> None:
    """Save the prompt of a conversation as a template of your own.

    What was decided and stands in the prompt to the letter becomes a parameter, with the
    question that was asked. In a terminal each is put before you; elsewhere see what was
    guessed, correct it with --set, and write it with --yes.

    Args:
        conversation: Its id; conversations list shows them.
        name: What to call it: small letters, digits and underscores.
        category: Where to put it; by the image type where it is left out.
        describe: What it makes, in a sentence, by which it is found.
        corrections: NAME=PASSAGE makes a passage of the prompt a parameter, NAME=PASSAGE|OTHER
            with more choices, NAME= leaves that one out. May be given several times.
        yes: Write without asking.
        as_json: Print JSON, and ask nothing.
    """
    settings = load_settings()
    found = anyio.run(_load, settings, conversation)
    asks = sys.stdin.isatty() and not yes and not as_json
    try:
        saved = _draft(
            settings, found, corrections, name=name, place=category, describe=describe, asks=asks
        )
        if yes or (asks and Confirm.ask(f"Write {saved.file}?", console=show.console)):
            saved = _write(saved)
    except EOFError:
        raise Problem("Nothing was written.") from None
    _tell(saved, as_json=as_json)


def _draft(
    settings: Settings,
    found: "Conversation",
    corrections: Sequence[str],
    *,
    name: str,
    place: str | None,
    describe: str,
    asks: bool,
) -> Saved:
    """The template as it would be written, sound. Raises a `Problem`."""
    from consultation import template_draft as saving
    from consultation import template_guess as guessing

    prompt = guessing.prompt_of(found)
    guessed = guessing.guess(found, App(settings).prompt_store.image_types())
    chosen = guessing.correct(guessed, corrections, prompt)
    name = name or saving.name_of(found)
    if asks:
        show.line(prompt)
        chosen = [one for guess in chosen if (one := _corrected(guess))]
        name = Prompt.ask("What to call it", default=name, console=show.console)
    place = place or saving.CATEGORIES.get(found.image_type, "art")
    source = saving.source_of(found, prompt, chosen, describe=describe)
    saved = Saved(name, _checked(settings, name, place, source), source, written=False)
    if asks:
        sys.stdout.write(source)
    return saved


def _corrected(guess: "Guess") -> "Guess | None":
    """One parameter as the person wants it, nothing where its passage stays as it is."""
    from prompts.library_template import is_parameter_name

    show.heading(f"'{guess.passage}'")
    name = ""
    while not is_parameter_name(name):
        asks = f"Name of the parameter, {FIXED} to leave it fixed"
        name = Prompt.ask(asks, default=guess.name, console=show.console).strip()
        if name == FIXED:
            return None
    question = Prompt.ask("What it asks", default=guess.question, console=show.console)
    return replace(guess, name=name, question=question.strip())


def _checked(settings: Settings, name: str, category: str, source: str) -> Path:
    """Where the file goes, once it is sound. Raises a `Problem`."""
    from prompts.library_template import parse_library_template
    from prompts.store import PromptStore

    if name in PromptStore(settings.templates_dir).library_names():
        raise Problem(f"There is a template {name} already. Choose another --name.")
    parse_library_template(name, category, source)
    return settings.templates_dir / "library" / category / f"{name}.yaml"


def _write(saved: Saved) -> Saved:
    """Write the file, which must not be there yet. Raises a `Problem`."""
    try:
        saved.file.parent.mkdir(parents=True, exist_ok=True)
        with saved.file.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(saved.source)
    except OSError as error:
        raise Problem(f"{saved.file} could not be written ({error.strerror}).") from error
    return saved._replace(written=True)


def _tell(saved: Saved, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(_as_data(saved), ensure_ascii=False, indent=2) + "\n")
    elif saved.written:
        show.line(f"Written to {saved.file}. Use it with template='{saved.name}'.")
    else:
        sys.stdout.write(saved.source)
        show.line(f"Nothing was written. --yes writes it to {saved.file}; --set corrects it.")


def _as_data(saved: Saved) -> dict[str, Any]:
    from prompts.source import read_yaml

    data = read_yaml(saved.file.name, saved.source).data
    return {
        "name": saved.name,
        "file": str(saved.file),
        "written": saved.written,
        "parameters": data["parameters"],
        "template": data["template"],
        "renders": data["example"]["renders"],
    }


async def _load(settings: Settings, conversation_id: str) -> "Conversation":
    app = App(settings)
    try:
        return await app.records.load(conversation_id)
    finally:
        await app.close()
