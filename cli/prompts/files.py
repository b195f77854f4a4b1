"""The commands `prompts list`, `show`, `new` and `diff`: own files beside the shipped ones."""

import re
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cli import terminal as show
from errors import Problem
from prompts.own_files import copy_of, differences, overview
from prompts.prompt_files import SHIPPED, PromptFile, find_file, recognise
from prompts.source import FREE
from settings import load_settings

NAME = re.compile(rf"{FREE}[a-z0-9_]+(/{FREE}[a-z0-9_]+)*")
COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def list_(*, as_json: show.AsJson = False) -> None:
    """List all prompt files: shipped, your own, broken."""
    own = load_settings().templates_dir
    listings = list(overview(own))
    if as_json:
        show.data([
            {"name": one.place.short_name, "file": one.place.file, "kind": one.place.kind,
             "state": one.state, "fingerprint": one.fingerprint, "about": one.about,
             "fault": one.fault}
            for one in listings
        ])  # fmt: skip
        return
    for one in listings:
        origin = "own" if one.state == "own" else "shipped" if one.fingerprint else "none"
        facts = f"{one.place.kind}, {origin} {one.fingerprint}".strip()
        show.whole(f"{one.place.short_name}  {facts}", "bold")
        show.line(f"    {one.about}")
    for one in listings:
        if one.fault:
            show.line(f"Broken, so not used: {one.fault}", "red")
    show.line(f"Your own files lie in {own}.")


def show_(name: str, /, *, shipped: bool = False, as_json: show.AsJson = False) -> None:
    """Print a prompt file as it lies there.

    Args:
        name: Such as consultation/facilitator or product_hero; `image-consultant prompts list`
            names all.
        shipped: The shipped one, even where there is one of your own.
    """
    folders = [SHIPPED] if shipped else [load_settings().templates_dir, SHIPPED]
    place = find_file(name, *folders)
    folder = next(folder for folder in folders if place.lies_in(folder))
    text = place.text(folder)
    if as_json:
        about = {"name": place.name, "kind": place.kind, "path": str(folder / place.file)}
        show.data({**about, "text": text})
        return
    show.note(str(folder / place.file))
    show.block(text)


def new(
    name: str,
    /,
    *,
    origin: Annotated[str, Parameter(name="--from")] = "",
    as_json: show.AsJson = False,
) -> None:
    """Copy a shipped file into your folder, to change it there. Overwrites nothing.

    Args:
        name: What it is to be, such as consultation/facilitator or image_types/stamp.
        origin: The shipped file to start from; without it the one of the same name.
    """
    own = load_settings().templates_dir
    shipped = find_file(origin or name, SHIPPED)
    place = _to_be(name, shipped)
    path = own / place.file
    create(path, copy_of(place, shipped))
    if as_json:
        show.data({"name": place.name, "path": str(path), "from": shipped.name})
        return
    show.whole(str(path), "bold")
    show.line(
        "Edit it: it is used from the next call on. `image-consultant prompts watch` shows what "
        "it does."
    )


def create(path: Path, text: str) -> None:
    """Write a file that must not be there yet. Raises a `Problem`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise Problem(f"{path} is there already; it stays as it is. Edit or remove it.") from error
    except OSError as error:
        raise Problem(f"{path} cannot be written: {error.strerror}.") from error


def diff(name: str = "", /, *, as_json: show.AsJson = False) -> None:
    """Compare your files with the shipped ones, also after an upgrade.

    Args:
        name: One of them; without it all.
    """
    own = load_settings().templates_dir
    if name:
        name = find_file(name, own).name
    own_files = list(differences(own, name))
    if as_json:
        show.data([
            {"name": one.place.name, "shipped": one.shipped.name, "upgraded": one.upgraded,
             "diff": one.lines}
            for one in own_files
        ])  # fmt: skip
        return
    for one in own_files:
        show.heading(f"{one.place.name} against {one.shipped.name}")
        print_diff(one.lines or ["No difference."])
        if one.upgraded:
            show.line(
                "The shipped one changed since you copied it. Take over what you want of it, then "
                "remove the line that begins with # based on."
            )
    if not own_files:
        show.line(
            f"No file in {own} replaces a shipped one. `image-consultant prompts new NAME` begins "
            "one."
        )


def print_diff(lines: list[str]) -> None:
    """Print the lines of a unified diff in its colours."""
    for line in lines:
        show.console.print(show.plain(line), style=COLOURS.get(line[:1]), markup=False)


def _to_be(name: str, shipped: PromptFile) -> PromptFile:
    """The place of a new file. Raises a `Problem` where nothing would read it."""
    ending = shipped.file.removeprefix(shipped.name)
    if shipped.kind == "library" and "/" not in name:
        name = f"{Path(shipped.name).parent.as_posix()}/{name}"
    place = recognise(f"{name.removesuffix(ending)}{ending}")
    if not place or place.kind != shipped.kind or not NAME.fullmatch(place.name):
        folder = Path(shipped.name).parent.as_posix()
        raise Problem(
            f"{name!r} is no name for such a file. Write it like {shipped.name}: in {folder}, "
            "in small letters, digits and underscores, and as no device of Windows (con, nul)."
        )
    if place.kind in {"template", "list"} and not place.shipped.is_file():
        raise Problem(f"The server asks for no {place.name}. Name it {shipped.name} to replace it.")
    return place
