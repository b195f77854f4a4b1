"""The command `prompts save`: a good prompt of a conversation becomes a template of one's own."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from cli import terminal as show
from cli.data_folder import Sandbox, file_name, load_by_beginning, with_records
from cli.prompts.files import create
from consultation import template_draft as drafting
from errors import Problem
from prompts.library_template import LibraryTemplate, file_of, parse_library_template
from prompts.source import STEM, STEM_FORM
from prompts.store import PromptStore
from settings import load_settings

if TYPE_CHECKING:
    from storage.tables import Conversation

Category = Literal["presentation", "marketing", "art", "technical", "reference"]


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
    question that was asked. See what was guessed, correct it with --set, and write it with --yes.

    Args:
        conversation: Its id; conversations list shows them.
        name: What to call it: small letters, digits and underscores.
        category: Where to put it; by the image type where it is left out.
        describe: What it makes, in a sentence, by which it is found.
        corrections: NAME=PASSAGE makes a passage of the prompt a parameter, NAME=PASSAGE|OTHER
            with more choices, NAME= leaves that one out. May be given several times.
        yes: Write it.
    """
    record = with_records(lambda app: load_by_beginning(app, conversation), sandbox=sandbox)
    own = load_settings().templates_dir
    draft = _draft(
        record,
        PromptStore(own),
        corrections,
        name=name,
        category=category or "",
        describe=describe,
    )
    name, file = draft.name, own / file_of(draft.name, draft.category)
    if yes:
        create(file, draft.source)
    if as_json:
        data = draft.model_dump(mode="json", include={"parameters", "template"})
        renders = draft.example.renders
        show.data({"name": name, "file": str(file), "written": yes, **data, "renders": renders})
    elif yes:
        show.line(f"Written to {file}. `image-consultant consult --template {name}` fills it in.")
    else:
        show.block(draft.source)
        show.line(f"Nothing was written. --yes writes it to {file}; --set corrects it.")


def _draft(
    record: "Conversation",
    store: PromptStore,
    corrections: Sequence[str],
    *,
    name: str,
    category: str,
    describe: str,
) -> LibraryTemplate:
    """The template as it would be written. Raises a `Problem`."""
    prompt = drafting.prompt_of(record)
    wording = store.wording(record.language)
    guesses = drafting.guess_passages(record, store.image_types(), wording)
    passages = drafting.correct(guesses, corrections, prompt)
    name = file_name(name) or drafting.draft_name(record)
    if not STEM.fullmatch(name):
        raise Problem(f"--name takes {STEM_FORM}.")
    if name in store.library_names():
        raise Problem(f"There is a template {name} already. Choose another --name.")
    category = category or drafting.CATEGORIES.get(record.image_type, "art")
    source = drafting.draft_text(record, prompt, passages, describe=describe)
    return parse_library_template(name, category, source)
