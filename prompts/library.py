"""Find templates and image types: the person's own folder first, then the shipped one."""

from pathlib import Path

from prompts.errors import PromptError
from prompts.image_type import ImageType, parse_image_type
from prompts.template import Template, parse_template

SHIPPED = Path(__file__).parent
SUFFIX = ".md.j2"
FALLBACK_TYPE = "general"


class Library:
    """All prompt files that one server sees. They are read anew on each use."""

    def __init__(self, own: Path | None = None) -> None:
        self._folders = [own, SHIPPED] if own else [SHIPPED]

    def template(self, name: str) -> Template:
        """A template by name, `consultation/facilitator` for its file there."""
        for folder in self._folders:
            path = folder / f"{name}{SUFFIX}"
            if path.is_file():
                return parse_template(f"{name}{SUFFIX}", _read(path))
        raise PromptError(f"There is no template {name}; there are {', '.join(self.names())}.")

    def names(self) -> list[str]:
        """Every template's name."""
        return sorted(
            {
                path.relative_to(folder).as_posix().removesuffix(SUFFIX)
                for folder in self._folders
                for path in folder.glob(f"*/*{SUFFIX}")
            }
        )

    def image_types(self) -> dict[str, ImageType]:
        """Every image type by name; an own file replaces the shipped one."""
        found = {
            path.stem: path
            for folder in reversed(self._folders)
            for path in folder.glob("image_types/*.yaml")
        }
        return {name: parse_image_type(name, _read(found[name])) for name in sorted(found)}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # an editor may mark the order of bytes
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"{path.name} cannot be read: it must be a UTF-8 text file.") from error
