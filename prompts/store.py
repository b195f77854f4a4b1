"""Find templates, image types and lists: the person's own folder first, then the shipped one.

Files are read anew on each use, and parsed once for each wording. A broken file of the
person's own is told by `faults`, and the shipped one is used meanwhile.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from prompts.file_kinds import SHIPPED, SUFFIX, PromptFile, prompt_files, recognise
from prompts.image_type import ImageType
from prompts.source import PromptError
from prompts.template import Rendered, Template
from prompts.word_lists import CHANGES, VARIATIONS, Changes, Ways
from prompts.wording import FALLBACK as FALLBACK_LANGUAGE
from prompts.wording import Wording

__all__ = ["FALLBACK_TYPE", "SHIPPED", "SUFFIX", "PromptStore"]

FALLBACK_TYPE = "general"


class PromptStore:
    """All prompt files that one server sees."""

    def __init__(self, own: Path | None = None) -> None:
        self.folders = [own, SHIPPED] if own else [SHIPPED]
        self._own = own
        self._failed: dict[str, tuple[Template, PromptError]] = {}

    def template(self, name: str) -> Template:
        """A template by name, `consultation/facilitator` for its file there.

        Raises `PromptError` where there is none that is sound.
        """
        template: Template = next(self._sound(self._template_file(name)))
        return template

    def render(self, name: str, **values: Any) -> Rendered:  # any value that Jinja prints
        """A template filled in; the shipped one where the own one fails. Raises `PromptError`."""
        place = self._template_file(name)
        failed: PromptError | None = None
        for template in self._sound(place):
            try:
                rendered: Rendered = template.rendered(**values)
            except PromptError as error:
                failed = failed or error
                self._failed[place.file] = (template, failed)
            else:
                if failed is None:
                    self._failed.pop(place.file, None)
                return rendered
        raise failed or PromptError(f"There is no template {name}.")

    def names(self) -> list[str]:
        """Every template's name."""
        places = {place for folder in self.folders for place in prompt_files(folder)}
        return sorted(place.name for place in places if place.kind == "template")

    def image_types(self) -> dict[str, ImageType]:
        """Every image type by name; an own file replaces the shipped one."""
        found = {}
        files = {path.name for folder in self.folders for path in folder.glob("image_types/*.yaml")}
        for name in sorted(files):
            place = PromptFile(f"image_types/{name}", "image type")
            if image_type := next(self._sound(place, left_out=True), None):
                found[image_type.name] = image_type
        return found

    def ways(self) -> Ways:
        """The ways to vary a picture."""
        ways: Ways = next(self._sound(PromptFile(VARIATIONS, "list")))
        return ways

    def changes(self) -> Changes:
        """The words that say how far a change goes."""
        changes: Changes = next(self._sound(PromptFile(CHANGES, "list")))
        return changes

    def wording(self, language: str) -> Wording:
        """The fixed words of a language, by its tag; English where there are none."""
        for name in (language.casefold(), language.casefold().partition("-")[0], FALLBACK_LANGUAGE):
            place = PromptFile(f"wording/{name}.yaml", "wording")
            if any(place.lies_in(folder) for folder in self.folders) and (
                wording := next(self._sound(place, left_out=True), None)
            ):
                return cast("Wording", wording)
        raise PromptError(f"There is no wording/{FALLBACK_LANGUAGE}.yaml.")

    def faults(self, *below: str) -> list[str]:
        """What is wrong with own files, all or those below places, and what is used meanwhile."""
        if self._own is None:
            return []
        told = []
        for place in prompt_files(self._own):
            if not place.file.startswith(below or ("",)):
                continue
            if fault := self._fault(place, self._own):
                shipped = place.shipped.is_file()
                meanwhile = "The shipped one is used" if shipped else "It is left out"
                told.append(f"Your own {fault} {meanwhile} meanwhile.")
        return told

    def _fault(self, place: PromptFile, own: Path) -> PromptError | None:
        try:
            parsed = place.read(own)
        except PromptError as error:
            return error
        template, failed = self._failed.get(place.file, (None, None))
        return failed if template == parsed else None

    def _sound(self, place: PromptFile, *, left_out: bool = False) -> Iterator[Any]:
        """What can be read of a file: the own one, then the shipped one.

        Raises `PromptError` where there is none, unless a broken one may be left out.
        """
        failed: PromptError | None = None
        for folder in self.folders:
            if place.lies_in(folder):
                try:
                    parsed = place.read(folder)
                except PromptError as error:
                    failed = failed or error
                else:
                    failed = None
                    yield parsed
        if failed and not left_out:
            raise failed

    def _template_file(self, name: str) -> PromptFile:
        place = recognise(f"{name}{SUFFIX}")
        if place and any(place.lies_in(folder) for folder in self.folders):
            return place
        raise PromptError(f"There is no template {name}; there are {', '.join(self.names())}.")
