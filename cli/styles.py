"""The command `styles`: what pictures look like, kept to be used again."""

from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number
from pydantic import ValidationError
from rich.markup import escape

from cli import terminal as show
from cli.data_folder import with_records
from consultation.consultation_text import text_for_person
from consultation.style_dialogue import question_of_mix
from errors import Problem
from prompts.store import PromptStore
from settings import load_settings
from styles.aspect import ASPECTS, Aspect
from styles.extraction_result import as_text
from styles.strength import DEFAULT_STRENGTH, StyleShare
from styles.style_file import Style
from styles.style_store import StyleStore

app = App(name="styles", help="Make, apply, list, show and delete styles: what pictures look like.")


def _store() -> StyleStore:
    return StyleStore(load_settings().styles_dir)


@app.command(name="list")
def list_(*, as_json: show.AsJson = False) -> None:
    """List all styles: shipped, your own, broken.

    Args:
        as_json: Print JSON.
    """
    store = _store()
    styles = [*store.styles()]
    if as_json:
        show.data([
            {"name": name, "own": store.is_own(name), "note": one.note, "tags": one.tags,
             "aspects": [*one.words], "fault": ""}
            if isinstance(one, Style)
            else {"name": name, "own": store.is_own(name), "note": "", "tags": [], "aspects": [],
                  "fault": str(one)}
            for name, one in styles
        ])  # fmt: skip
        return
    for name, one in styles:
        whose = "own" if store.is_own(name) else "shipped"
        if isinstance(one, Style):
            show.whole(f"{name}  {whose}: {', '.join(one.words)}", "bold")
            show.line(f"    {one.note}")
        else:
            show.console.print(f"[red]Broken, so not used:[/red] {escape(str(one))}")
    folder = load_settings().styles_dir
    show.console.print(f"\nYour own styles lie in {escape(str(folder))}.")


@app.command(name="show")
def show_(name: str, /, *, as_json: show.AsJson = False) -> None:
    """Print a style as its file says it.

    Args:
        name: Such as linocut; `image-consultant styles list` names all.
        as_json: Print JSON.
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
        as_json: Print JSON.
    """
    wanted = aspect or ASPECTS
    result = with_records(
        lambda app: app.style_extractor.extract(images, wanted, name), sandbox=sandbox
    )
    if as_json:
        show.data(result.model_dump(mode="json"))
    else:
        show.block(f"{show.in_commands(as_text(result))}\n")


@app.command
def apply(
    *styles: str,
    to: str,
    strength: Annotated[int, Parameter(validator=Number(gte=0, lte=100))] = DEFAULT_STRENGTH,
    aspect: Annotated[tuple[Aspect, ...], Parameter(negative=())] = (),
    sandbox: bool = False,
    as_json: show.AsJson = False,
) -> None:
    """Write a prompt in a style, or in several; draws nothing.

    Args:
        styles: Names, with weights where several are mixed: linocut:70 soft_gouache:30.
        to: What the picture shows, or the id of a conversation.
        strength: 0 to 100. Below 35 a touch, above 65 a sample picture goes along, above 85 three.
        aspect: Only this aspect; may be given several times. Without it all.
        sandbox: Use the built-in stand-in for OpenAI: no key, no cost.
        as_json: Print JSON.
    """
    shares = [_share(style) for style in styles]
    to = to.strip()
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
        show.line("Name them again, with a greater weight for the one that is meant.")
    else:
        wording = PromptStore(load_settings().templates_dir).wording(result.language)
        parts = map(show.in_commands, text_for_person(result, wording))
        show.block("\n\n".join(parts) + "\n")
        play = " --sandbox" if sandbox else ""
        show.whole(f"image-consultant generate --conversation {result.conversation_id}{play}")


def _share(words: str) -> StyleShare:
    """A style and its weight, as they are typed. Raises a `Problem`."""
    name, _, weight = words.partition(":")
    try:
        return StyleShare.model_validate({"name": name} | ({"weight": weight} if weight else {}))
    except ValidationError as error:
        way = "Write a name, or a name and a weight from 1 to 100, such as linocut:70."
        raise Problem(f"{words[:60]!r} is no style with a weight.", way, charged="no") from error


@app.command
def delete(name: str, /) -> None:
    """Delete a style of your own, with its sample pictures.

    Args:
        name: Such as harbour_light.
    """
    _store().delete(name)
    show.line(f"The style {name} is deleted.")
