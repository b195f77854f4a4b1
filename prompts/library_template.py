"""A template of the library: parameters, the text that they fill, settings, a worked example.

Its file is `library/<category>/<name>.yaml`. The text is rendered like every other prompt
template, strict and sandboxed; what a person gives is a value and never a part of it.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property, lru_cache
from itertools import chain, groupby
from keyword import iskeyword
from typing import Annotated, Any

from jinja2 import nodes
from pydantic import Field, PrivateAttr

from prompts.image_type import Dimension, ImageType, SuggestedSettings
from prompts.parameter import Parameter, mark
from prompts.source import (
    STEM,
    STEM_FORM,
    FileModel,
    Keys,
    PromptError,
    YamlSource,
    read_yaml,
)
from prompts.template import Header, Template

MOST_PARAMETERS = 10
"""More would be a form, and a dialogue asks few questions."""
QUESTION_ID = re.compile(r"q[0-9]+")
TEMPLATE = "template"
"""Whose words a stretch of the prompt is that no parameter gave."""
RESERVED = {"self", TEMPLATE, "besides"}
"""Names that Jinja, a brief or a call uses otherwise."""
NAMING = "take letters, digits and underscores, no word of Python, not q1."
PLAIN_OUTPUT = (
    "something other than one parameter as it is stands between {{ and }}, so nobody could tell "
    "whose words these are; print the parameter alone and use if around it."
)
WITHOUT = "take it out, or use it in an if alone."
Names = Annotated[
    list[Annotated[str, Field(min_length=2, max_length=60)]], Field(min_length=1, max_length=8)
]
"""A short list: a name is what people say, not all that they might."""


class Example(FileModel):
    """Values, and the prompt that they give to the letter."""

    values: dict[str, str]
    renders: str


class LibraryTemplate(FileModel):
    """A template of the library. The file's name is its name, the folder's its category."""

    name: str
    category: str
    description: str = Field(min_length=20, max_length=240)
    called: dict[str, Names] = Field({}, description="What people call it, by language tag.")
    image_type: str
    parameters: dict[str, Parameter] = Field(min_length=1, max_length=MOST_PARAMETERS)
    template: str = Field(min_length=1)
    suggested: SuggestedSettings = SuggestedSettings()
    example: Example
    _source: str = PrivateAttr("")

    @property
    def source(self) -> str:
        """The text of its file."""
        return self._source

    @property
    def title(self) -> str:
        """The name for people."""
        return self.name.replace("_", " ").capitalize()

    @cached_property  # compiled once, however many values are tried
    def text(self) -> Template:
        """The text as a prompt template; its fingerprint names the wording in records."""
        file = file_of(self.name, self.category)
        return Template(file, Header(purpose=self.description), self.template, first_line=1)

    @property
    def as_type(self) -> ImageType:
        """The template as an image type: its parameters are what decides the picture, those
        without a default most."""
        in_order = sorted(self.parameters.items(), key=lambda item: not item[1].required)
        dimensions = {
            name: Dimension(asks=parameter.question, options=parameter.choices)
            for name, parameter in in_order
        }
        return ImageType(
            name=self.image_type,
            recognise=self.description,
            dimensions=dimensions,
            suggested=self.suggested,
            checklist=[],
        )

    @property
    def style_parameter(self) -> str:
        """The parameter that names a style, if there is one."""
        return next((name for name, one in self.parameters.items() if one.type == "style"), "")

    def among(self, styles: Callable[[], Sequence[str]]) -> "LibraryTemplate":
        """The template where there are these styles, which are looked up if it names one."""
        if not self.style_parameter:
            return self
        names = styles()
        parameters = {name: one.among(names) for name, one in self.parameters.items()}
        return self.model_copy(update={"parameters": parameters})

    def fit(self, name: str, text: str) -> Any:
        """One value as the template takes it. Raises `PromptError` with what would fit."""
        if name not in self.parameters:
            raise PromptError(
                f"The template {self.name} has no parameter {name[:40]!r}; there are "
                f"{', '.join(self.parameters)}."
            )
        parameter = self.parameters[name]
        value = parameter.fit(text)
        if value is None:
            raise PromptError(
                f"The template {self.name} takes {name} as {parameter.takes}; "
                f"{text[:40]!r} does not fit. Give {name} again."
            )
        return value

    def check(self, values: Mapping[str, str]) -> dict[str, Any]:
        """All values as the template takes them, defaults filled in. Raises `PromptError`."""
        fitting = {name: self.fit(name, text) for name, text in values.items()}
        missing = [
            f"{name} ({parameter.takes})"
            for name, parameter in self.parameters.items()
            if parameter.required and name not in fitting
        ]
        if missing:
            raise PromptError(f"The template {self.name} still needs {'; '.join(missing)}.")
        return {
            name: fitting.get(name, "" if parameter.default is None else parameter.default)
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
        marked = {name: mark(value, name) for name, value in self.check(values).items()}
        pieces = self.text.pieces(**marked)
        whole, at, spans = "".join(pieces), 0, []
        start, end = len(whole) - len(whole.lstrip()), len(whole.rstrip())
        for origin, run in groupby(
            filter(None, pieces), lambda piece: getattr(piece, "origin", TEMPLATE)
        ):
            text = "".join(run)
            if inner := text[max(start - at, 0) : max(end - at, 0)]:
                spans.append((inner, origin))
            at += len(text)
        return spans


def file_of(name: str, category: str) -> str:
    """Where a template is written down, below a folder of prompts."""
    return f"library/{category}/{name}.yaml"


@lru_cache(maxsize=256)  # files are read on every use, but only parsed when they changed
def parse_library_template(name: str, category: str, source: str) -> LibraryTemplate:
    """Read one file, the same text once. Raises `PromptError` with file, line and fix."""
    document = read_yaml(file_of(name, category), source)
    own_name = {"name": name, **document.data}["name"]  # a file may say its name, but only its own
    template = document.parse(LibraryTemplate, name=own_name, category=category)
    template._source = source  # noqa: SLF001  # of its own kind
    for keys, sentence in chain(_name_faults(template, name), _text_faults(template, document)):
        raise document.fault(keys, sentence)
    _refuse_other_example(template, document)
    return template


def is_parameter_name(name: str) -> bool:
    """Whether a parameter can be called so."""
    reserved = name in RESERVED or iskeyword(name) or QUESTION_ID.fullmatch(name)
    return name.isidentifier() and name.isascii() and not reserved


def _name_faults(template: LibraryTemplate, stem: str) -> Iterator[tuple[Keys, str]]:
    """Names that do not do, each by its keys and a sentence with the fix."""
    if template.name != stem:
        yield ("name",), f"{template.name!r} is not the file's name; remove it or write {stem}."
    if not STEM.fullmatch(stem):
        yield ("name",), f"rename the file to {STEM_FORM}."
    for name, parameter in template.parameters.items():
        here = ("parameters", name)
        if not is_parameter_name(name):
            yield here, f"rename it: {NAMING}"
        for key, sentence in parameter.faults():
            yield (*here, key), sentence


def _text_faults(template: LibraryTemplate, document: YamlSource) -> Iterator[tuple[Keys, str]]:
    """Where parameters and text do not fit each other. Raises `PromptError` on wrong Jinja."""
    first = document.first_line(TEMPLATE)
    text = Template(document.file, Header(purpose=""), template.template, first)
    parameters, variables = set(template.parameters), text.variables
    for name in sorted(variables - parameters):
        close = get_close_matches(name, parameters, n=1)
        fix = f"write {close[0]}" if close else "declare it among the parameters"
        yield (TEMPLATE,), f"it uses {name}, which is no parameter; {fix}."
    for name, parameter in template.parameters.items():
        if name not in variables and parameter.type != "style":
            yield ("parameters", name), "the text does not use it; remove it or use it."
    styles = [name for name, one in template.parameters.items() if one.type == "style"]
    for name in styles[1:]:
        yield ("parameters", name), f"{styles[0]} is a style already; a picture takes one of them."
    for output in text.tree.find_all(nodes.Output):
        for piece in output.nodes:
            if isinstance(piece, nodes.Name) and piece.name in styles:
                yield (
                    (TEMPLATE,),
                    f"{piece.name} is a style, which goes along beside the text; {WITHOUT}",
                )
            plain = isinstance(piece, nodes.Name) and piece.name in parameters
            if not plain and not isinstance(piece, nodes.TemplateData):
                yield (TEMPLATE,), f"{PLAIN_OUTPUT} See line {first + piece.lineno - 1}."


def _refuse_other_example(template: LibraryTemplate, document: YamlSource) -> None:
    """Raise unless the example comes out to the letter."""
    try:
        text = template.render(template.example.values)
    except PromptError as error:
        raise document.fault(("example", "values"), f"{error} Mend the example.") from error
    if text != template.example.renders.strip():
        sentence = f"the values give another text; replace it with this one:\n{text}"
        raise document.fault(("example", "renders"), sentence)
