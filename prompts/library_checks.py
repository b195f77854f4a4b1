"""What a file of the library can have wrong beyond its shape: names, text and parameters."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from keyword import iskeyword
from typing import TYPE_CHECKING

from jinja2 import nodes

from prompts.engine import engine
from prompts.source import Keys, YamlSource
from prompts.template import Header, Template

if TYPE_CHECKING:
    from prompts.library_template import LibraryTemplate

NAME = re.compile(r"[a-z][a-z0-9_]{2,39}")
QUESTION_ID = re.compile(r"q[0-9]+")
TEMPLATE, BESIDES = "template", "besides"
RESERVED = {"self", TEMPLATE, BESIDES}
"""Names that a brief or a call uses otherwise."""
NAMING = "take letters, digits and underscores, no word of Python, not q1."
OUTPUT_RULE = (
    "something other than one parameter as it is stands between {{ and }}, so nobody could tell "
    "whose words these are; print the parameter alone and use if around it."
)


def is_parameter_name(name: str) -> bool:
    """Whether a parameter can be called so."""
    taken = name in RESERVED or iskeyword(name) or QUESTION_ID.fullmatch(name)
    return name.isidentifier() and name.isascii() and not taken


def faults_of_names(curated: "LibraryTemplate", stem: str) -> Iterator[tuple[Keys, str]]:
    """Names that do not do, each by its keys and a sentence with the fix."""
    if curated.name != stem:
        yield ("name",), f"{curated.name!r} is not the file's name; remove it or write {stem}."
    if not NAME.fullmatch(stem):
        yield ("name",), "rename the file to 3-40 small letters, digits and underscores."
    for name, parameter in curated.parameters.items():
        here = ("parameters", name)
        if not is_parameter_name(name):
            yield here, f"rename it: {NAMING}"
        for key, sentence in parameter.faults():
            yield (*here, key), sentence


def faults_of_text(curated: "LibraryTemplate", located: YamlSource) -> Iterator[tuple[Keys, str]]:
    """Where parameters and text do not fit each other. Raises `PromptError` on wrong Jinja."""
    first = located.first_line(TEMPLATE)
    text = Template(located.file, Header(purpose=""), curated.template, first)
    declared, used = set(curated.parameters), text.variables
    for name in sorted(used - declared):
        close = get_close_matches(name, declared, n=1)
        fix = f"write {close[0]}" if close else "declare it among the parameters"
        yield (TEMPLATE,), f"it uses {name}, which is no parameter; {fix}."
    for name in curated.parameters:
        if name not in used:
            yield ("parameters", name), "the text does not use it; remove it or use it."
    for output in engine.parse(curated.template).find_all(nodes.Output):
        for piece in output.nodes:
            plain = isinstance(piece, nodes.Name) and piece.name in declared
            if not plain and not isinstance(piece, nodes.TemplateData):
                yield (TEMPLATE,), f"{OUTPUT_RULE} See line {first + piece.lineno - 1}."
