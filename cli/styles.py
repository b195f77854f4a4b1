"""The command `styles`: what pictures look like, kept to be used again."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number
from pydantic import ValidationError

from cli import terminal as show
from cli.data_folder import file_name, given_picture, id_of, with_records
from cli.session import require_key
from consultation.consultation_text import text_for_person
from consultation.style_dialogue import question_of_mix
from errors import Problem
from prompts.store import PromptStore
from receipt import open_receipt
from settings import load_settings
from storage.stamps import is_meant_as
from styles.extraction_result import PictureChoice, StyleExtraction, as_text
from styles.strength import ASPECTS, DEFAULT_STRENGTH, STRENGTHS, Aspect, StyleShare
from styles.style_file import Style
from styles.style_store import StyleStore

app = App(name="styles", help="Make, apply, list, show and delete styles: what pictures look like.")

WEIGHTS = (
    "Name them again, the one that is meant with more than one and a half times the weight of the "
    "other, such as linocut:70 soft_gouache:30; for neither, with an --aspect for each but medium."
)


def _store() -> StyleStore:
    return StyleStore(load_settings().styles_dir)


@app.command(name="list")
def list_(*, as_json: show.AsJson = False) -> None:
    """List all styles: shipped, your own, broken."""
    store = _store()
    styles = [*store.styles()]
    if as_json:
        blank = {"note": "", "tags": [], "aspects": [], "fault": ""}
        show.data([
            {"name": name, "own": store.is_own(name), **blank}
            | ({"note": one.note, "tags": one.tags, "aspects": [*one.words]}
               if isinstance(one, Style) else {"fault": str(one)})
            for name, one in styles
        ])  # fmt: skip
        return
    for name, one in styles:
        whose = "own" if store.is_own(name) else "shipped"
        if isinstance(one, Style):
            show.whole(f"{name}  {whose}: {', '.join(one.words)}", "bold")
            show.line(f"    {one.note}")
        else:
            show.line(f"Broken, so not used: {one}", "red")
    show.line(f"Your own styles lie in {load_settings().styles_dir}.")


@app.command(name="show")
def show_(name: str, /, *, as_json: show.AsJson = False) -> None:
    """Print a style as its file says it.

    Args:
        name: Such as linocut; `image-consultant styles list` names all.
    """
    store = _store()
    if as_json:
        show.data(store.style(name).model_dump(mode="json", by_alias=True))
        return
    show.block(store.source(name))


@app.command
def extract(
    *images: str,
    name: str = "",
    aspect: Annotated[tuple[Aspect, ...], Parameter(negative=())] = (),
    sandbox: bool = False,
    as_json: show.AsJson = False,
) -> None:
    """Make a style of pictures, and keep it where it is given a name.

    Args:
        images: Paths or image ids, at most 8 of one look.
        name: Small letters, digits and underscores.
        aspect: Only this aspect; may be given several times. Without it all.
        sandbox: Use the built-in stand-in for OpenAI: no key, no cost.
    """
    require_key(sandbox=sandbox)
    typed = {given_picture(Path(image)): image for image in images}
    wanted = aspect or ASPECTS
    name = file_name(name)
    result = with_records(
        lambda app: app.style_extractor.extract([*typed], wanted, name), sandbox=sandbox
    )
    if as_json:
        show.data(result.model_dump(mode="json"))
    elif result.answers:
        options = [*(["--name", name] if name else []), *(["--sandbox"] if sandbox else [])]
        _ask(result, typed, options)
    else:
        if result.uri:
            result.next_step = (
                f'`image-consultant generate "..." --style {result.name}` draws in it.'
            )
        show.block(f"{show.in_commands(as_text(result))}\n")


def _ask(result: StyleExtraction, typed: Mapping[str, str], options: list[str]) -> None:
    """What is asked where pictures disagree, and the command that each answer comes to."""

    def as_typed(text: str) -> str:
        for given, image in typed.items():
            text = text.replace(given, image)
        return text

    show.line(f"{as_typed(result.question)} Nothing was charged for the question.")
    for answer in result.answers:
        show.heading(f"{as_typed(answer.option)}:")
        words = [*(typed[image] for image in answer.images), *_aspects_of(answer), *options]
        show.whole(f"image-consultant styles extract {shlex.join(words)}")


def _aspects_of(answer: PictureChoice) -> list[str]:
    """The options that ask for the aspects of an answer: none where it is for all."""
    if {*answer.aspects} == {*ASPECTS}:
        return []
    return [word for aspect in answer.aspects for word in ("--aspect", aspect)]


@app.command
def apply(
    *styles: str,
    to: str,
    strength: Annotated[
        int, Parameter(help=f"0 to 100. {STRENGTHS}", validator=Number(gte=0, lte=100))
    ] = DEFAULT_STRENGTH,
    aspect: Annotated[tuple[Aspect, ...], Parameter(negative=())] = (),
    sandbox: bool = False,
    as_json: show.AsJson = False,
) -> None:
    """Write a prompt in a style, or in several; draws nothing.

    Args:
        styles: Names, with weights where several are mixed: linocut:70 soft_gouache:30.
        to: What the picture shows, or the id of a conversation, which begins with conv_.
        aspect: Only this aspect; may be given several times. Without it all.
        sandbox: Use the built-in stand-in for OpenAI: no key, no cost.
    """
    require_key(sandbox=sandbox)
    shares = [_share(style) for style in styles]
    to = id_of(to.strip()) if is_meant_as("conv", to.strip()) else to.strip()
    with open_receipt() as receipt:
        result = with_records(
            lambda app: app.style_dialogue.apply(
                shares, to, strength=strength, aspects=aspect or ASPECTS
            ),
            sandbox=sandbox,
        )
    if as_json:
        show.data(result.model_dump(mode="json"))
    elif result.question:
        show.line(question_of_mix(result))
        show.line(WEIGHTS)
    else:
        wording = PromptStore(load_settings().templates_dir).wording(result.language)
        usd = wording.number(receipt.usd, 4)
        parts = [*text_for_person(result, wording)]
        if result.origin != "sandbox":
            parts.append(wording.translate("This turn cost ${usd}.", usd=usd))
        show.block("\n\n".join(map(show.in_commands, parts)) + "\n")
        lead = wording.translate("This draws it:")
        show.how_to_go_on(lead, "generate", result.conversation_id, sandbox=sandbox)


def _share(words: str) -> StyleShare:
    """A style and its weight, as they are typed. Raises a `Problem`."""
    name, _, weight = words.partition(":")
    try:
        return StyleShare.model_validate({"name": name} | ({"weight": weight} if weight else {}))
    except ValidationError as error:
        way = "Write a name, or a name and a weight from 1 to 100, such as linocut:70."
        raise Problem(f"{words[:60]!r} is no style with a weight.", way, charged="no") from error


@app.command
def delete(name: str, /, *, confirm: bool = False) -> None:
    """Delete a style of your own for good; says first what would go.

    Args:
        name: Such as harbour_light.
        confirm: Really delete it.
    """
    store = _store()
    files = store.own_files(name)
    if confirm or not files:
        store.delete(name)
        show.line(f"The style {name} is deleted.")
        return
    show.line(f"The style {name} would go, with its files:")
    for file in files:
        show.whole(str(file))
    show.line("Nothing was deleted. --confirm deletes it for good.")
