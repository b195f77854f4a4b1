"""The command `prompts save`: a good prompt of a conversation becomes a template of one's own."""

from typing import Annotated, Literal

from cyclopts import Parameter

from cli import terminal as show
from cli.data_folder import Sandbox, load_by_beginning, with_records
from cli.prompts.files import create
from errors import Problem
from prompts.store import PromptStore
from settings import load_settings

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
        as_json: Print JSON.
    """
    from consultation import template_draft as drafting
    from prompts.library_template import file_of, parse_library_template

    record = with_records(lambda app: load_by_beginning(app, conversation), sandbox=sandbox)
    own = load_settings().templates_dir
    store = PromptStore(own)
    prompt = drafting.prompt_of(record)
    guesses = drafting.guess_passages(record, store.image_types())
    passages = drafting.correct(guesses, corrections, prompt)
    name = name or drafting.name_of(record)
    category = category or drafting.CATEGORIES.get(record.image_type, "art")
    source = drafting.source_of(record, prompt, passages, describe=describe)
    if name in store.library_names():
        raise Problem(f"There is a template {name} already. Choose another --name.")
    template = parse_library_template(name, category, source)
    file = own / file_of(name, category)
    if yes:
        create(file, source)
    if as_json:
        data = template.model_dump(mode="json", include={"parameters", "template"})
        renders = template.example.renders
        show.data({"name": name, "file": str(file), "written": yes, **data, "renders": renders})
    elif yes:
        show.line(f"Written to {file}. Use it with template='{name}'.")
    else:
        show.block(source)
        show.line(f"Nothing was written. --yes writes it to {file}; --set corrects it.")
