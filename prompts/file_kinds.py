"""What kinds of prompt files there are: where each lies, and how it is read."""

import os
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple

from prompts.image_type import parse_image_type
from prompts.source import PromptError, read_text
from prompts.template import parse_template
from prompts.word_lists import LISTS, parse_list
from prompts.wording import parse_wording

SHIPPED = Path(__file__).parent
SUFFIX = ".md.j2"
PATTERNS = (f"*/*{SUFFIX}", "image_types/*.yaml", "wording/*.yaml", "library/*/*.yaml", "*.yaml")
ALIKE = (".j2", ".jinja", ".yml", ".yaml", ".md")

Kind = Literal["template", "image type", "wording", "library", "list"]


class PromptFile(NamedTuple):
    """A file of prompts: where it lies below its folder, and its kind."""

    file: str
    kind: Kind

    @property
    def name(self) -> str:
        """What authors call it: the file without its ending."""
        return self.file.removesuffix(SUFFIX).removesuffix(".yaml")

    @property
    def shipped(self) -> Path:
        """Where the shipped one lies, whether or not there is one."""
        return SHIPPED / self.file

    def parse(self, source: str) -> Any:
        """What the text of such a file says. Raises `PromptError` with file, line and fix."""
        return PARSE[self.kind](self.file, source)

    def read(self, folder: Path) -> Any:
        """What the file in a folder says. Raises `PromptError` with file, line and fix."""
        return self.parse(read_text(folder / self.file, self.file))

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
            return PromptFile(file, "list")
    return None


def prompt_files(*folders: Path) -> list[PromptFile]:
    """Every prompt file that lies in one of the folders, sound or not, by name."""
    found = {
        path.relative_to(folder).as_posix()
        for folder in folders
        for pattern in PATTERNS
        for path in folder.glob(pattern)
    }
    return [place for file in sorted(found) if not _hidden(file) and (place := recognise(file))]


def other_files(folder: Path) -> list[str]:
    """Files in an own folder that look like prompts but lie where nothing reads them."""
    found = {
        path.relative_to(folder).as_posix()
        for pattern in ("*", "*/*", "*/*/*")
        for path in folder.glob(pattern)
        if path.suffix in ALIKE
    }
    return [file for file in sorted(found) if not _hidden(file) and not recognise(file)]


def find_file(name: str, *folders: Path) -> PromptFile:
    """The prompt file of that name, with or without its ending. Raises `PromptError`."""
    places = {place.name: place for place in prompt_files(*folders)}
    bare = name.replace("\\", "/").removesuffix(SUFFIX).removesuffix(".yaml")
    if bare in places:
        return places[bare]
    close = get_close_matches(bare, places, n=1, cutoff=0.4)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise PromptError(f"There is no prompt file {name!r}.{hint} `prompts list` names them all.")


def _hidden(file: str) -> bool:
    return any(part.startswith(".") for part in file.split("/"))


def _curated(file: str, source: str) -> Any:
    from prompts.library_template import parse_library_template

    path = PurePosixPath(file)
    return parse_library_template(path.stem, path.parent.name, source)


PARSE: dict[Kind, Callable[[str, str], Any]] = {
    "template": parse_template,
    "image type": lambda file, source: parse_image_type(PurePosixPath(file).stem, source),
    "wording": parse_wording,
    "library": _curated,
    "list": parse_list,
}
