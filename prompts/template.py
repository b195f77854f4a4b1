"""One prompt template: a YAML header that says what it needs, then Jinja text.

Rendering is strict and sandboxed: a misspelt variable is an error and never a gap in
the sentence. What a person types never goes through here; it travels as input.
"""

import hashlib
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

import yaml
from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict, ValidationError

from prompts.errors import PromptError

_jinja = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,  # a prompt is no HTML
)


class Input(BaseModel):
    """One variable of a template."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["string", "integer", "number", "boolean", "list", "object"]
    description: str


class Header(BaseModel):
    """The YAML at the top of a template."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: str
    inputs: dict[str, Input] = {}
    samples: dict[str, dict[str, Any]] = {}


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
        return hashlib.sha256(self.text.encode()).hexdigest()[:12]

    @property
    def variables(self) -> set[str]:
        """The variables that the text uses, declared or not."""
        return meta.find_undeclared_variables(self._parse())

    def render(self, **values: Any) -> str:  # any value that Jinja prints
        """Fill in the text. Raises `PromptError` with file and line."""
        self._parse()
        try:
            return _jinja.from_string(self.text).render(values).strip()
        except UndefinedError as error:
            raise PromptError(f"{self.name}: {error.message}.{self._meant(error)}") from error
        except Exception as error:  # whatever a template computes may fail in any way
            raise PromptError(f"{self.name}: {error}.") from error

    def _parse(self) -> Any:  # Jinja's syntax tree
        try:
            return _jinja.parse(self.text)
        except TemplateSyntaxError as error:
            line = self.first_line + error.lineno - 1
            raise PromptError(f"{self.name}, line {line}: {error.message}.") from error

    def _meant(self, error: UndefinedError) -> str:
        wrong = str(error.message).split("'")[1] if "'" in str(error.message) else ""
        close = get_close_matches(wrong, list(self.header.inputs), n=1)
        return f" Did you mean '{close[0]}'?" if close else ""


def parse_template(name: str, source: str) -> Template:
    """Split a template file into its header and its text. Raises `PromptError`."""
    match source.split("---\n", maxsplit=2):
        case ["", header, text]:
            pass
        case _:
            raise PromptError(f"{name}: it must start with a YAML header between two --- lines.")
    first_line = header.count("\n") + 3
    try:
        return Template(name, Header.model_validate(yaml.safe_load(header)), text, first_line)
    except ValidationError as error:
        raise PromptError(f"{name}: the header is wrong: {faults(error)}.") from error
    except (yaml.YAMLError, ValueError) as error:
        line, problem = yaml_fault(error)
        raise PromptError(f"{name}, line {line + 1}: the header is no YAML: {problem}.") from error


def yaml_fault(error: Exception) -> tuple[int, str]:
    """The line of a YAML text that is wrong, counted from 1, and what is wrong with it."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None)
    return (mark.line + 1 if mark else 1), str(problem or error)


def faults(error: ValidationError) -> str:
    """The faults that pydantic found in a file, in one line."""
    return "; ".join(
        f"{'.'.join(map(str, fault['loc'])) or 'the whole'}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_input=False)
    )
