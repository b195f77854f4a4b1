"""The styles that one installation has: the person's own files before those that are shipped.

Files are read anew on each use, so that an edit takes effect without a restart.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

from errors import Problem, StorageError
from prompts.lint_rules import Verdict
from prompts.source import STEM, STEM_FORM, PromptError, read_text
from storage.shared_folder import write_file
from styles.style_file import Style, file_of, parse_style

SHIPPED = Path(__file__).parent
SUFFIX = ".yaml"


class StyleStore:
    """A folder of own styles, with their samples beside them, over the shipped ones."""

    def __init__(self, folder: Path | None) -> None:
        self.folders = [folder, SHIPPED] if folder else [SHIPPED]
        self._folder = folder or SHIPPED

    def names(self) -> list[str]:
        """Every style's name, sound or not."""
        return sorted({path.stem for folder in self.folders for path in _files(folder)})

    def usable_names(self) -> list[str]:
        """The names of the sound ones, the person's own first."""
        names = [name for name, one in self.styles() if isinstance(one, Style)]
        return sorted(names, key=lambda name: not self.is_own(name))

    def style(self, name: str) -> Style:
        """A style by its name, the person's own before a shipped one.

        Raises `PromptError` with the fault of its file, or the names that there are.
        """
        return self.read(name, self._folder_of(name))

    def source(self, name: str) -> str:
        """The text of its file, as `style` would read it. Raises `PromptError`."""
        style = self.style(name)
        return read_text(self._folder_of(style.name) / f"{style.name}{SUFFIX}", file_of(style.name))

    def styles(self) -> Iterator[tuple[str, Style | PromptError]]:
        """Each style by its name, or what is wrong with its file."""
        for name in self.names():
            try:
                yield name, self.style(name)
            except PromptError as error:
                yield name, error

    def verdicts(self) -> Iterator[Verdict]:
        """Every file, shipped or own, with its fault."""
        for folder in reversed(self.folders):
            for name in sorted(path.stem for path in _files(folder)):
                faults = []
                try:
                    self.read(name, folder)
                except PromptError as error:
                    faults.append(error)
                yield Verdict(file_of(name), folder != SHIPPED, faults)

    def is_own(self, name: str) -> bool:
        """Whether the person has a style of this name."""
        return self._folder != SHIPPED and (self._folder / f"{name}{SUFFIX}").is_file()

    def read(self, name: str, folder: Path) -> Style:
        """A style as a folder has it, with its samples. Raises `PromptError`."""
        style = parse_style(name, read_text(folder / f"{name}{SUFFIX}", file_of(name)))
        for sample in style.samples:
            if not (folder / sample).is_file():
                way = f"samples: {sample} does not lie beside the file; put it there or remove it."
                raise PromptError.at(file_of(name), None, way)
        return style

    def sample(self, name: str) -> bytes | None:
        """A sample by its file's name, JPEG of at most 1024 pixels; None where it cannot be read:
        drawing goes on without it."""
        for folder in self.folders:
            with suppress(OSError):  # a record that was brought in may name any path
                return (folder / Path(name).name).read_bytes()
        return None

    def refuse_name(self, name: str) -> None:
        """Raise a `Problem` where a new style cannot be called so."""
        if not STEM.fullmatch(name):
            raise Problem(f"name takes {STEM_FORM}.", charged="no")
        if self.is_own(name):
            raise Problem(
                f"There is a style {name} already; it stays as it is.",
                f"Give another name, or delete it with `image-consultant styles delete {name}`.",
                charged="no",
            )

    def save(self, style: Style, samples: Sequence[bytes]) -> Path:
        """Write a new style down with its samples, as many as it names. Raises a `Problem`."""
        self.refuse_name(style.name)
        path = self._folder / f"{style.name}{SUFFIX}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name, data in zip(style.samples, samples, strict=True):
                write_file(self._folder / name, [data])
            write_file(path, [style.as_yaml().encode()])  # last: what it names is there
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error.strerror}.") from error
        return path

    def own_files(self, name: str) -> list[Path]:
        """What is there of a style of the person's own, its samples last; none of a shipped one."""
        if not self.is_own(name):
            return []
        samples = sorted(self._folder.glob(f"{name}-?.jpg"))
        return [self._folder / f"{name}{SUFFIX}", *samples]

    def delete(self, name: str) -> None:
        """Remove an own style and its samples, sound or not. Raises a `Problem`."""
        if not self.is_own(name):
            self._folder_of(name)  # an unknown one is told as such
            raise Problem(f"The style {name} is shipped, so it cannot be deleted.")
        try:
            for path in self.own_files(name):
                path.unlink()
        except OSError as error:
            raise StorageError(f"The style {name} cannot be deleted: {error.strerror}.") from error

    def _folder_of(self, name: str) -> Path:
        for folder in self.folders:
            if name in {path.stem for path in _files(folder)}:
                return folder
        names = self.names()
        close = get_close_matches(name.casefold().replace(" ", "_"), names, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise PromptError(f"There is no style {name[:40]!r}; there are {', '.join(names)}.{hint}")


def _files(folder: Path) -> list[Path]:
    """The files of styles in a folder; hidden ones are the system's."""
    return [path for path in folder.glob(f"*{SUFFIX}") if not path.name.startswith(".")]
