"""Find every kind of prompt file: the person's own folder first, then the shipped one.

Files are read anew on each use, so that an edit takes effect without a restart, and parsed
once for each wording. Where a file of the person's own is broken, the shipped one is used
meanwhile, and `faults` says so.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any

from prompts.image_type import LOOKS, ImageType, Looks
from prompts.library_template import LibraryTemplate
from prompts.prompt_files import LIBRARY, SHIPPED, SUFFIX, PromptFile, prompt_files, recognise
from prompts.source import PromptError
from prompts.template import Rendering, Template
from prompts.wording import VARIATIONS, Ways, Wording

ENGLISH = PromptFile("wording/en.yaml", "wording")
SUPERSEDED = {"consultation/facilitator.md.j2": "sources"}
"""Templates whose answer has another form since: an own one that does not name this field of
it would be led by the old form, so the shipped one is used, and `faults` says so."""

FALLBACK_TYPE = "general"
"""The image type that fits anything."""
Files = list[tuple[PromptFile, Path]]
"""A prompt file in each folder that has it, in the order in which they are tried."""

_log = logging.getLogger(__name__)


class PromptStore:
    """All prompt files that one server sees; `styles` names the styles that there are."""

    def __init__(
        self, own: Path | None = None, styles: Callable[[], Sequence[str]] | None = None
    ) -> None:
        self._styles = styles
        self.folders = [own, SHIPPED] if own else [SHIPPED]
        self._own = own

    def template(self, name: str) -> Template:
        """A template by name, `consultation/facilitator` for its file there.

        Raises `PromptError` where there is none that is sound.
        """
        template: Template = next(self._sound(self._template_files(name)))
        return template

    def template_names(self) -> list[str]:
        """Every template's name."""
        return [place.name for place in prompt_files(*self.folders) if place.kind == "template"]

    def render(self, name: str, **values: Any) -> Rendering:  # any value that Jinja prints
        """A template filled in; the shipped one where the own one fails. Raises `PromptError`."""
        failure: PromptError | None = None
        for template in self._sound(self._template_files(name)):
            try:
                rendering: Rendering = template.rendering(**values)
            except PromptError as error:
                failure = failure or error
                _log.warning("%s", error)
            else:
                return rendering
        raise failure or PromptError(f"There is no template {name}.")

    def image_types(self) -> dict[str, ImageType]:
        """Every sound image type by name; an own file replaces the shipped one."""
        places = [one for one in prompt_files(*self.folders) if one.kind == "image type"]
        types = [self.image_type(PurePosixPath(one.file).stem) for one in places]
        return {one.name: one for one in types if one}

    def image_type(self, name: str) -> ImageType | None:
        """One of them, None where there is none: what is shown often reads no other file."""
        place = recognise(f"image_types/{name}.yaml")
        with suppress(PromptError, StopIteration):
            image_type: ImageType = next(self._sound(self._files(place) if place else []))
            return image_type
        return None

    def ways(self) -> Ways:
        """The ways to vary a picture."""
        ways: Ways = next(self._sound(self._files(PromptFile(VARIATIONS, "list"))))
        return ways

    def looks(self) -> Looks:
        """What options look like."""
        looks: Looks = next(self._sound(self._files(PromptFile(LOOKS, "looks"))))
        return looks

    def wording(self, language: str) -> Wording:
        """The fixed words of a language, by its tag; English where there are none."""
        for name in (language.casefold(), language.casefold().partition("-")[0]):
            files = self._files(PromptFile(f"wording/{name}.yaml", "wording"))
            with suppress(PromptError, StopIteration):
                own: Wording = next(self._sound(files))
                return own
        english: Wording = next(self._sound(self._files(ENGLISH)))
        return english

    def wordings(self) -> list[Wording]:
        """The fixed words of each language that there is."""
        places = [one for one in prompt_files(*self.folders) if one.kind == "wording"]
        return [self.wording(name) for name in sorted({PurePosixPath(p.file).stem for p in places})]

    def library_templates(self) -> dict[str, LibraryTemplate]:
        """Every sound template of the library by its own name, category by category."""
        templates: dict[str, LibraryTemplate] = {}
        for name, files in self._library_files().items():
            with suppress(PromptError):
                templates[name] = self._among_styles(next(self._sound(files)))
        return templates

    def library_names(self) -> list[str]:
        """The own name of each template of the library, sound or not."""
        return [*self._library_files()]

    def own_library_names(self) -> list[str]:
        """The names of those that the person wrote."""
        places = prompt_files(self._own) if self._own else []
        return [PurePosixPath(one.file).stem for one in places if one.kind == "library"]

    def library_template(self, name: str) -> LibraryTemplate:
        """One template of the library, by its name with or without its folder.

        Raises `PromptError` with the names that there are.
        """
        return self._among_styles(next(self._sound(self._named_files(name))))

    def _among_styles(self, template: LibraryTemplate) -> LibraryTemplate:
        return template.among(self._styles) if self._styles else template

    def parse(self, place: PromptFile, text: str) -> Any:
        """What the text of a file says, held against the other files.

        Raises `PromptError` with file, line and fix.
        """
        content = place.parse(text)
        field = SUPERSEDED.get(place.file)
        if field and field not in text:
            raise PromptError.at(
                place.file,
                None,
                f"it is written for version 0.1, whose answers had no `{field}`. Compare it with "
                "the shipped one (`prompts diff`), or start anew from it (`prompts new`).",
            )
        if isinstance(content, LibraryTemplate):
            self._refuse_unknown_type(content, place.file)
        elif isinstance(content, Template) and place.shipped.is_file():
            given = place.read(SHIPPED).header.inputs
            for name in sorted(content.variables - given.keys()):
                there_are = ", ".join(sorted(given)) or "nothing"
                sentence = f"{name}: the server does not give it; it gives {there_are}."
                raise PromptError.at(place.file, content.line_of(name), sentence)
        return content

    def faults(self, *below: str) -> list[str]:
        """What is wrong with own files, all or those below places, and what is used meanwhile."""
        places = prompt_files(self._own) if self._own else []
        return [
            f"Your own {fault} {place.substitute}"
            for place in places
            if place.file.startswith(below or ("",)) and (fault := self.fault_of(place))
        ]

    def fault_of(self, place: PromptFile) -> PromptError | None:
        """Why an own file is not used: it cannot be read, or not filled in as the shipped one."""
        try:
            content = self.parse(place, place.text(self.folders[0]))
            if isinstance(content, Template) and place.shipped.is_file():
                for sample in place.read(SHIPPED).header.samples.values():
                    content.render(**sample)
        except PromptError as error:
            return error
        return None

    def _sound(self, files: Files) -> Iterator[Any]:
        """What these files say, in order. Raises the first `PromptError` where none is sound."""
        failure: PromptError | None = None
        sound = False
        for place, folder in files:
            try:
                content = self.parse(place, place.text(folder))
            except PromptError as error:
                failure = failure or error
                if place.kind == "library":  # of others `faults` speaks in each result
                    _log.warning("%s", error)
            else:
                sound = True
                yield content
        if failure and not sound:
            raise failure

    def _files(self, place: PromptFile) -> Files:
        """Where a file lies, in the order in which it is tried."""
        return [(place, folder) for folder in self.folders if place.lies_in(folder)]

    def _template_files(self, name: str) -> Files:
        place = recognise(f"{name}{SUFFIX}")
        files = self._files(place) if place else []
        if not files:
            known = ", ".join(self.template_names())
            raise PromptError(f"There is no template {name}; there are {known}.")
        return files

    def _library_files(self) -> dict[str, Files]:
        """The files of each library template by its own name, category by category.

        An own file replaces the shipped one of its name whatever category it lies in.
        """
        files: dict[str, Files] = {}
        for folder in self.folders:
            for place in prompt_files(folder):
                if place.kind == "library":
                    files.setdefault(PurePosixPath(place.file).stem, []).append((place, folder))
        return dict(sorted(files.items(), key=lambda item: item[1][0][0].file))

    def _named_files(self, name: str) -> Files:
        """The files of one library template, those of its category alone where it is named."""
        files = self._library_files()
        bare = name.strip().removesuffix(".yaml").removeprefix(LIBRARY)
        category, _, stem = bare.rpartition("/")
        matches = [
            (place, folder)
            for place, folder in files.get(stem, [])
            if category in ("", PurePosixPath(place.file).parent.name)
        ]
        if matches:
            return matches
        close = get_close_matches(stem.casefold().replace(" ", "_"), files, n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise PromptError(
            f"There is no template {name[:40]!r}; there are {', '.join(files)}.{hint}"
        )

    def _refuse_unknown_type(self, template: LibraryTemplate, file: str) -> None:
        place = recognise(f"image_types/{template.image_type}.yaml")
        if not place or not self._files(place):
            places = [one for one in prompt_files(*self.folders) if one.kind == "image type"]
            known = ", ".join(PurePosixPath(one.file).stem for one in places)
            sentence = f"image_type: there is no {template.image_type!r}; write one of {known}."
            raise PromptError.at(file, None, sentence)
