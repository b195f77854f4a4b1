"""One prompt template: a YAML header that says what it needs, then Jinja text.

A misspelt variable is an error and never a gap in the sentence. What a person types never
goes through here; it travels as input.
"""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from traceback import walk_tb
from typing import Any, Literal, NamedTuple

import jinja2
from jinja2 import TemplateSyntaxError, UndefinedError, meta, nodes
from pydantic import Field

from prompts.jinja_engine import compile_text, fill_in, suggestion
from prompts.source import FileModel, PromptError, YamlSource, fingerprint, read_yaml

PARTS = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)(.*)", re.DOTALL | re.MULTILINE)
"""A header between two lines of dashes, and the text."""
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "list": (list, tuple),
    "object": (dict,),
}


class Input(FileModel):
    """One variable of a template."""

    type: Literal["string", "integer", "number", "boolean", "list", "object"]
    description: str = Field(min_length=1)

    def accepts(self, value: object) -> bool:
        """Whether a value is of this type. For Python a boolean is a number; for authors not."""
        return isinstance(value, TYPES[self.type]) and (
            self.type == "boolean" or not isinstance(value, bool)
        )


class Header(FileModel):
    """The YAML at the top of a template."""

    purpose: str = Field(description="What the template has a model do, in a sentence.")
    inputs: dict[str, Input] = Field(
        default={}, description="The variables that the code gives, by name."
    )
    samples: dict[str, dict[str, Any]] = Field(
        default={}, description="Values to try it with, by the sample's name."
    )


class Rendering(NamedTuple):
    """A text, and which wording it comes from."""

    text: str
    name: str
    fingerprint: str


@dataclass(frozen=True)
class Template:
    """A parsed template file."""

    name: str
    header: Header
    text: str
    first_line: int

    @property
    def fingerprint(self) -> str:
        """Names this wording in records and recordings: it changes when the text does."""
        return fingerprint(self.text)

    @property
    def tree(self) -> nodes.Template:
        """The syntax tree, in which all is taken. Raises `PromptError` where something is not."""
        return self._compiled[0]

    @property
    def variables(self) -> set[str]:
        """The variables that the text uses, declared or not. Raises `PromptError`."""
        return meta.find_undeclared_variables(self.tree)

    def line_of(self, variable: str) -> int:
        """The line of the file that first uses a variable."""
        names = self.tree.find_all(nodes.Name)
        lines = [node.lineno for node in names if node.name == variable]
        return self.first_line + min(lines, default=1) - 1

    def render(self, **values: Any) -> str:  # any value that Jinja prints
        """Fill in the text. Raises `PromptError` with file and line."""
        return "".join(self.pieces(**values)).strip()

    def pieces(self, **values: Any) -> list[str]:
        """The text filled in, each piece as what printed it gave it. Raises `PromptError`."""
        _, compiled = self._compiled
        try:
            return fill_in(compiled, values)
        except UndefinedError as error:
            message = str(error.message)
            wrong = message.removesuffix(" is undefined")
            hint = "" if wrong == message else suggestion(wrong.strip("'"), values)
            raise self._fault(_line_in(error), message + hint) from error
        except Exception as error:  # whatever a template computes may fail in any way
            raise self._fault(_line_in(error), str(error)) from error

    def rendering(self, **values: Any) -> Rendering:
        """The text filled in, with what names its wording. Raises `PromptError`."""
        return Rendering(self.render(**values), self.name, self.fingerprint)

    @cached_property
    def _compiled(self) -> tuple[nodes.Template, jinja2.Template]:
        try:
            return compile_text(self.text)
        except TemplateSyntaxError as error:
            raise self._fault(error.lineno, str(error.message)) from error

    def _fault(self, line: int | None, problem: str) -> PromptError:
        """An error at a line of the text, with a way out where the problem names none."""
        if not problem.endswith("?"):
            problem = problem.rstrip(".")
            problem = f"{problem}." if ";" in problem else f"{problem}; mend this line."
        return PromptError.at(self.name, line and self.first_line + line - 1, problem)


@lru_cache(maxsize=256)  # files are read on every use, but only compiled when they changed
def parse_template(name: str, source: str) -> Template:
    """Read a template file, the same text once. Raises `PromptError` with file, line and fix."""
    header, text = _parse_header(name, source), body(source)
    first_line = source.count("\n", 0, len(source) - len(text)) + 1
    template = Template(name, header, text, first_line)
    for wrong in sorted(template.variables - set(header.inputs), key=template.line_of):
        fix = suggestion(wrong, header.inputs) or "; declare it among the inputs or remove it."
        message = f"{wrong!r} is undefined, the header has no such input{fix}"
        raise PromptError.at(name, template.line_of(wrong), message)
    return template


def read_header(name: str, source: str) -> YamlSource:
    """The header of a template file, with its lines. Raises `PromptError`."""
    parts = PARTS.match(source)
    if parts is None:
        raise PromptError.at(
            name, 1, "it must start with a YAML header between two --- lines; see `prompts new`."
        )
    # An empty line stands for the first ---, so that lines are those of the file.
    return read_yaml(name, "\n" + parts[1], begin="purpose: ...")


def body(source: str) -> str:
    """What follows the header of a template file, or all of it where there is none."""
    parts = PARTS.match(source)
    return parts[2] if parts else source


def _parse_header(name: str, source: str) -> Header:
    """What the header says, its samples of the types that it declares. Raises `PromptError`."""
    document = read_header(name, source)
    header = document.parse(Header)
    for sample, values in header.samples.items():
        for key, value in values.items():
            here = ("samples", sample, key)
            if key not in header.inputs:
                raise document.fault(here, "there is no such input; remove it or declare it.")
            if not header.inputs[key].accepts(value):
                raise document.fault(here, f"write a value of the type {header.inputs[key].type}.")
    return header


def _line_in(error: Exception) -> int | None:
    """The line of a template's text at which it failed."""
    lines = [
        line
        for frame, line in walk_tb(error.__traceback__)
        if "__jinja_exception__" in frame.f_globals  # a frame that Jinja put in its line's place
    ]
    return lines[-1] if lines else None
