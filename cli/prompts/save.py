"""The command `prompts save`: a good prompt of a conversation becomes a template of one's own."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from cyclopts import Parameter
from rich.prompt import Confirm, Prompt

from app import App
from cli import terminal as show
from cli.data_folder import Sandbox, load_by_beginning, with_records
from errors import Problem
from settings import Settings, load_settings

if TYPE_CHECKING:
    from consultation.template_draft import Passage
    from storage.tables import Conversation

Category = Literal["presentation", "marketing", "art", "technical", "reference"]
FIXED = "-"
"""What a person types for a passage that is no parameter."""


class TemplateDraft(NamedTuple):
    """A template made of a conversation, and where it lies or would lie."""

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
    as_json: show.AsJson = False,
    sandbox: Sandbox = False,
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
    record = with_records(lambda app: load_by_beginning(app, conversation), sandbox=sandbox)
    asks = sys.stdin.isatty() and not yes and not as_json
    try:
        draft = _draft(
            settings, record, corrections, name=name, place=category, describe=describe, asks=asks
        )
        if yes or (asks and Confirm.ask(f"Write {draft.file}?", console=show.console)):
            draft = _write(draft)
    except EOFError:
        raise Problem("Nothing was written.") from None
    _report(draft, as_json=as_json)


def _draft(
    settings: Settings,
    record: "Conversation",
    corrections: Sequence[str],
    *,
    name: str,
    place: str | None,
    describe: str,
    asks: bool,
) -> TemplateDraft:
    """The template as it would be written, sound. Raises a `Problem`."""
    from consultation import template_draft as drafting

    prompt = drafting.prompt_of(record)
    guesses = drafting.guess_passages(record, App(settings).prompt_store.image_types())
    passages = drafting.correct(guesses, corrections, prompt)
    name = name or drafting.name_of(record)
    if asks:
        show.line(prompt)
        passages = [one for passage in passages if (one := _ask(passage))]
        name = Prompt.ask("What to call it", default=name, console=show.console)
    place = place or drafting.CATEGORIES.get(record.image_type, "art")
    source = drafting.source_of(record, prompt, passages, describe=describe)
    draft = TemplateDraft(name, _check(settings, name, place, source), source, written=False)
    if asks:
        show.block(source)
    return draft


def _ask(passage: "Passage") -> "Passage | None":
    """One parameter as the person wants it, nothing where its passage stays as it is."""
    from prompts.library_template import is_parameter_name

    show.heading(f"'{passage.text}'")
    name = ""
    while not is_parameter_name(name):
        asks = f"Name of the parameter, {FIXED} to leave it fixed"
        name = Prompt.ask(asks, default=passage.name, console=show.console).strip()
        if name == FIXED:
            return None
    question = Prompt.ask("What it asks", default=passage.question, console=show.console)
    return replace(passage, name=name, question=question.strip())


def _check(settings: Settings, name: str, category: str, source: str) -> Path:
    """Where the file goes, once it is sound. Raises a `Problem`."""
    from prompts.library_template import file_of, parse_library_template
    from prompts.store import PromptStore

    if name in PromptStore(settings.templates_dir).library_names():
        raise Problem(f"There is a template {name} already. Choose another --name.")
    parse_library_template(name, category, source)
    return settings.templates_dir / file_of(name, category)


def _write(draft: TemplateDraft) -> TemplateDraft:
    """Write the file, which must not be there yet. Raises a `Problem`."""
    try:
        draft.file.parent.mkdir(parents=True, exist_ok=True)
        with draft.file.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(draft.source)
    except OSError as error:
        raise Problem(f"{draft.file} could not be written ({error.strerror}).") from error
    return draft._replace(written=True)


def _report(draft: TemplateDraft, *, as_json: bool) -> None:
    if as_json:
        show.data(_as_data(draft))
    elif draft.written:
        show.line(f"Written to {draft.file}. Use it with template='{draft.name}'.")
    else:
        show.block(draft.source)
        show.line(f"Nothing was written. --yes writes it to {draft.file}; --set corrects it.")


def _as_data(draft: TemplateDraft) -> dict[str, Any]:
    from prompts.source import read_yaml

    data = read_yaml(draft.file.name, draft.source).data
    return {
        "name": draft.name,
        "file": str(draft.file),
        "written": draft.written,
        "parameters": data["parameters"],
        "template": data["template"],
        "renders": data["example"]["renders"],
    }
