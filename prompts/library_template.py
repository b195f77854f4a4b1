"""A curated template: parameters, the text that they fill, settings, and a worked example.

Its file is `library/<category>/<name>.yaml`. The text is rendered like every other prompt
template, strict and sandboxed; what a person gives is a value and never a part of it.
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import chain
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from prompts.image_type import Dimension, ImageType, Suggested
from prompts.library_checks import TEMPLATE, faults_of_names, faults_of_text
from prompts.parameter import Parameter
from prompts.source import PromptError, YamlSource, read_yaml
from prompts.template import Header, Template
from prompts.value_spans import cut, marked, unmarked

MOST_PARAMETERS = 10
REQUIRED_WEIGHT, OTHER_WEIGHT = 2, 1


class Example(BaseModel):
    """Values, and the prompt that they give to the letter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    values: dict[str, str]
    renders: str


class LibraryTemplate(BaseModel):
    """A template of the library. The file's name is its name, the folder's its category."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    category: str
    description: str = Field(min_length=20, max_length=240)
    image_type: str
    parameters: dict[str, Parameter] = Field(min_length=1, max_length=MOST_PARAMETERS)
    template: str = Field(min_length=1)
    suggested: Suggested = Suggested()
    example: Example

    @property
    def title(self) -> str:
        """The name for people."""
        return self.name.replace("_", " ").capitalize()

    @property
    def text(self) -> Template:
        """The text as a prompt template; its fingerprint names the wording in records."""
        file = file_of(self.name, self.category)
        return Template(file, Header(purpose=self.description), self.template, first_line=1)

    @property
    def as_type(self) -> ImageType:
        """The template as an image type: its parameters are what decides the picture."""
        dimensions = {
            name: Dimension(
                weight=REQUIRED_WEIGHT if parameter.required else OTHER_WEIGHT,
                asks=parameter.question,
                options=parameter.offered,
            )
            for name, parameter in self.parameters.items()
        }
        return ImageType(
            name=self.image_type,
            recognise=self.description,
            dimensions=dimensions,
            suggested=self.suggested,
            checklist=[],
        )

    def fit(self, name: str, text: str) -> Any:
        """One value as the template takes it. Raises `PromptError` with what would fit."""
        parameter = self._parameter(name)
        text = unmarked(text).strip()
        value = parameter.fit(text)
        if value is None:
            raise PromptError(
                f"The template {self.name} takes {name} as {parameter.takes}; "
                f"{text[:40]!r} does not fit. Give {name} again."
            )
        return value

    def check(self, values: Mapping[str, str]) -> dict[str, Any]:
        """All values as the template takes them, defaults filled in. Raises `PromptError`."""
        given = {name: self.fit(name, text) for name, text in values.items()}
        missing = [
            f"{name} ({parameter.takes})"
            for name, parameter in self.parameters.items()
            if parameter.required and name not in given
        ]
        if missing:
            raise PromptError(f"The template {self.name} still needs {'; '.join(missing)}.")
        return {
            name: given.get(name, "" if parameter.default is None else parameter.default)
            for name, parameter in self.parameters.items()
        }

    def render(self, values: Mapping[str, str]) -> str:
        """The prompt that these values give. Raises `PromptError`."""
        return self.text.render(**self.check(values))

    def spans(self, values: Mapping[str, str]) -> list[tuple[str, str]]:
        """The prompt in pieces, each with `template` or the parameter that it came from.

        Given as (text, origin); joined the texts are what `render` returns. Raises
        `PromptError`.
        """
        checked = self.check(values)
        names = list(checked)
        text = self.text.render(
            **{name: marked(value, at) for at, (name, value) in enumerate(checked.items())}
        )
        return [(piece, TEMPLATE if at is None else names[at]) for piece, at in cut(text)]

    def _parameter(self, name: str) -> Parameter:
        if name in self.parameters:
            return self.parameters[name]
        raise PromptError(
            f"The template {self.name} has no parameter {name[:40]!r}; there are "
            f"{', '.join(self.parameters)}."
        )


def file_of(name: str, category: str) -> str:
    """Where a template is written down, below a folder of prompts."""
    return f"library/{category}/{name}.yaml"


@lru_cache(maxsize=256)
def parse_library_template(name: str, category: str, source: str) -> LibraryTemplate:
    """Read one file, the same text once. Raises `PromptError` with file, line and fix."""
    located = read_yaml(file_of(name, category), source)
    named = YamlSource(located.file, {"name": name, **located.data}, located.node)
    curated = named.parse(LibraryTemplate, category=category)
    faults = chain(faults_of_names(curated, name), faults_of_text(curated, located))
    for path, sentence in faults:
        raise located.fault(path, sentence)
    _prove(curated, located)
    return curated


def _prove(curated: LibraryTemplate, located: YamlSource) -> None:
    """Raise unless the example comes out to the letter."""
    try:
        rendered = curated.render(curated.example.values)
    except PromptError as error:
        raise located.fault(("example", "values"), f"{error} Mend the example.") from error
    if rendered != curated.example.renders.strip():
        raise located.fault(
            ("example", "renders"),
            f"the values give another text; replace it with this one:\n{rendered}",
        )
