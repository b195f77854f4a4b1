"""What kinds of prompt files there are, where each lies below its folder, and how it is read."""

import os
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple

from prompts.image_type import LOOKS, parse_image_type, parse_looks
from prompts.library_template import parse_library_template
from prompts.source import PromptError, read_text
from prompts.template import parse_template
from prompts.wording import VARIATIONS, parse_ways, parse_wording

SHIPPED = Path(__file__).parent
SUFFIX = ".md.j2"
LIBRARY = "library/"
LOOKALIKES = (".j2", ".jinja", ".yml", ".yaml", ".md")
"""Endings of files that their author takes for prompts, whether or not they are read."""

Kind = Literal["template", "image type", "wording", "library", "list", "looks"]

ABOUT = {"template": "purpose", "image type": "recognise", "library": "description"}
"""The key that says what a file is for."""
LISTS: dict[str, Kind] = {VARIATIONS: "list", LOOKS: "looks"}


class PromptFile(NamedTuple):
    """A file of prompts: where it lies below its folder, and its kind."""

    file: str
    kind: Kind

    @property
    def name(self) -> str:
        """What authors call it: the file without its ending."""
        return self.file.removesuffix(SUFFIX).removesuffix(".yaml")

    @property
    def short_name(self) -> str:
        """What lists print and every tool takes: of a library template its own name alone."""
        return PurePosixPath(self.name).name if self.kind == "library" else self.name

    @property
    def shipped(self) -> Path:
        """Where the shipped one lies, whether or not there is one."""
        return SHIPPED / self.file

    @property
    def substitute(self) -> str:
        """A sentence on what is used while an own one is broken."""
        instead = "The shipped one is used" if self.shipped.is_file() else "It is left out"
        return f"{instead} meanwhile."

    def parse(self, source: str) -> Any:
        """What the text of such a file says. Raises `PromptError` with file, line and fix."""
        path = PurePosixPath(self.file)
        match self.kind:
            case "template":
                return parse_template(self.file, source)
            case "image type":
                return parse_image_type(path.stem, source)
            case "library":
                return parse_library_template(path.stem, path.parent.name, source)
            case "list":
                return parse_ways(source)
            case "looks":
                return parse_looks(source)
            case "wording":
                return parse_wording(self.file, source)

    def about(self, source: str) -> str:
        """What such a file says that it is for, empty where it says nothing."""
        content = self.parse(source)
        says = content.header if self.kind == "template" else content
        return str(getattr(says, ABOUT.get(self.kind, ""), ""))

    def text(self, folder: Path) -> str:
        """The text of the file in a folder. Raises `PromptError` with the fix."""
        return read_text(folder / self.file, self.file)

    def read(self, folder: Path) -> Any:
        """What the file in a folder says. Raises `PromptError` with file, line and fix."""
        return self.parse(self.text(folder))

    def lies_in(self, folder: Path) -> bool:
        """Whether something lies in its place, sound or not."""
        return os.path.lexists(folder / self.file)


def recognise(file: str) -> PromptFile | None:
    """The prompt file at a place below a folder of prompts, or nothing that is read."""
    match PurePosixPath(file).parts:
        case (_, name) if name.endswith(SUFFIX):
            return PromptFile(file, "template")
        case ("image_types", name) if name.endswith(".yaml"):
            return PromptFile(file, "image type")
        case ("wording", name) if name.endswith(".yaml"):
            return PromptFile(file, "wording")
        case ("library", _, name) if name.endswith(".yaml"):
            return PromptFile(file, "library")
        case (name,) if name in LISTS:
            return PromptFile(file, LISTS[name])
    return None


def prompt_files(*folders: Path) -> list[PromptFile]:
    """Every prompt file that lies in one of the folders, sound or not, by name."""
    files = sorted({file for folder in folders for file in _visible(folder)})
    return [place for file in files if (place := recognise(file))]


def unread_files(folder: Path) -> list[str]:
    """Files in an own folder that look like prompts but lie where nothing reads them."""
    return [
        file
        for file in sorted(_visible(folder))
        if file.endswith(LOOKALIKES) and not recognise(file)
    ]


def find_file(name: str, *folders: Path) -> PromptFile:
    """The prompt file of that name, with or without its ending. Raises `PromptError`.

    A library template also goes by its own name alone, or with its category, and each file by
    its path.
    """
    path = Path(name).absolute()
    roots = [root for root in folders if path.is_file() and path.is_relative_to(root.absolute())]
    name = str(path.relative_to(roots[0].absolute())) if roots else name
    places = {place.name: place for place in prompt_files(*folders)}
    bare = name.replace("\\", "/").removesuffix(SUFFIX).removesuffix(".yaml")
    if bare in places:
        return places[bare]
    for full, place in places.items():
        if place.kind == "library" and f"/{full}".endswith(f"/{bare}"):
            return place
    close = get_close_matches(bare, places, n=1, cutoff=0.4)
    hint = f" Did you mean {places[close[0]].short_name}?" if close else ""
    raise PromptError(
        f"There is no prompt file {name!r}.{hint} `image-consultant prompts list` names them all."
    )


def _visible(folder: Path) -> Iterator[str]:
    """What lies in a folder, as it is called below it; hidden ones are the system's."""
    for pattern in ("*", "*/*", "*/*/*"):
        for path in folder.glob(pattern):
            file = path.relative_to(folder)
            if not any(part.startswith(".") for part in file.parts):
                yield file.as_posix()
