"""The YAML header of a template: what it is for, what it takes, and samples to try it with."""

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from prompts.source import PromptError, YamlSource, read_yaml

PARTS = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)(.*)", re.DOTALL | re.MULTILINE)
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "list": (list, tuple),
    "object": (dict,),
}


class Input(BaseModel):
    """One variable of a template."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["string", "integer", "number", "boolean", "list", "object"]
    description: str = Field(min_length=1)

    def takes(self, value: object) -> bool:
        """Whether a value is of this type."""
        return isinstance(value, TYPES[self.type]) and (
            self.type == "boolean" or not isinstance(value, bool)
        )


class Header(BaseModel):
    """The YAML at the top of a template."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: str = Field(description="What the template has a model do, in a sentence.")
    inputs: dict[str, Input] = Field(
        default={}, description="The variables that the code gives, by name."
    )
    samples: dict[str, dict[str, Any]] = Field(
        default={}, description="Values to try it with, by the sample's name."
    )


def parse_header(name: str, source: str) -> Header:
    """What the header of a template file says. Raises `PromptError` with line and fix."""
    located = read_header(name, source)
    header = located.parse(Header)
    _refuse_wrong_samples(header, located)
    return header


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


def _refuse_wrong_samples(header: Header, located: YamlSource) -> None:
    for sample, values in header.samples.items():
        for name, value in values.items():
            here = ("samples", sample, name)
            if name not in header.inputs:
                raise located.fault(here, "there is no such input; remove it or declare it.")
            if not header.inputs[name].takes(value):
                raise located.fault(here, f"write a value of the type {header.inputs[name].type}.")
