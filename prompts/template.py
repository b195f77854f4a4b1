"""One prompt template: a YAML header that says what it needs, then Jinja text.

Rendering is strict, bounded and sandboxed: a misspelt variable is an error and never a
gap in the sentence. What a person types never goes through here; it travels as input.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from traceback import walk_tb
from typing import Any, NamedTuple

import jinja2
from jinja2 import TemplateSyntaxError, UndefinedError, meta, nodes
from jinja2.parser import Parser

from prompts.engine import KNOWN_FILTERS, LONGEST, TESTS_TAKEN, engine, meant
from prompts.grammar import slips
from prompts.header import Header, body, parse_header
from prompts.source import PromptError, fingerprint
from prompts.work import WORK, Work, count_work

__all__ = ["Header", "Rendered", "Template", "parse_template"]


class Rendered(NamedTuple):
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
    def variables(self) -> set[str]:
        """The variables that the text uses, declared or not. Raises `PromptError`."""
        return meta.find_undeclared_variables(self._tree)

    def line_of(self, variable: str) -> int:
        """The line of the file that first uses a variable."""
        used = self._tree.find_all(nodes.Name)
        lines = [node.lineno for node in used if node.name == variable]
        return self._line(min(lines, default=1))

    def check(self) -> None:
        """Raise `PromptError` where the text is no Jinja, or none that is taken."""
        _ = self._compiled

    def render(self, **values: Any) -> str:  # any value that Jinja prints
        """Fill in the text. Raises `PromptError` with file and line."""
        chunks, length = [], 0
        for chunk in self._chunks(values):
            chunks.append(chunk)
            length += len(chunk)
            if length > LONGEST:
                raise self._fault(1, f"it gives more than {LONGEST:,} characters; make it less.")
        return "".join(chunks).strip()

    def rendered(self, **values: Any) -> Rendered:
        """The text filled in, with what names its wording. Raises `PromptError`."""
        return Rendered(self.render(**values), self.name, self.fingerprint)

    def _chunks(self, values: dict[str, Any]) -> Any:  # pieces of text as they come
        compiled = self._compiled
        try:
            yield from compiled.generate({**values, WORK: Work()})
        except UndefinedError as error:
            told = str(error.message)
            wrong = told.removesuffix(" is undefined")
            hint = "" if wrong == told else meant(wrong.strip("'"), values)
            raise self._fault(_line_in(error), _sentence(told + hint)) from error
        except Exception as error:  # whatever a template computes may fail in any way
            raise self._fault(_line_in(error), _sentence(str(error))) from error

    @cached_property
    def _tree(self) -> nodes.Template:
        """The syntax tree, checked and counted."""
        parser = Parser(engine, self.text)
        try:
            tree = parser.parse()
        except TemplateSyntaxError as error:
            raise self._fault(error.lineno, _sentence(str(error.message))) from error
        except RecursionError as error:
            line = parser.stream.current.lineno
            raise self._fault(line, "this nests too deep; make it flatter.") from error
        except ValueError as error:
            line = parser.stream.current.lineno
            raise self._fault(line, "this number is too long; write a shorter one.") from error
        for line, told in sorted(slips(tree, KNOWN_FILTERS, TESTS_TAKEN))[:1]:
            raise self._fault(line, told)
        counted = count_work(tree)
        counted.set_environment(engine)
        return counted

    @cached_property
    def _compiled(self) -> jinja2.Template:
        try:
            return engine.from_string(self._tree)
        except TemplateSyntaxError as error:
            raise self._fault(error.lineno, _sentence(str(error.message))) from error
        except (SyntaxError, RecursionError) as error:
            raise self._fault(1, "this nests too deep; make it flatter.") from error

    def _line(self, line: int) -> int:
        return self.first_line + line - 1

    def _fault(self, line: int | None, sentence: str) -> PromptError:
        return PromptError.at(self.name, line and self._line(line), sentence)


@lru_cache(maxsize=256)
def parse_template(name: str, source: str) -> Template:
    """Read a template file, the same text once. Raises `PromptError` with file, line and fix."""
    header, text = parse_header(name, source), body(source)
    first_line = source.count("\n", 0, len(source) - len(text)) + 1
    template = Template(name, header, text, first_line)
    template.check()
    _refuse_undeclared(template)
    return template


def _refuse_undeclared(template: Template) -> None:
    declared = template.header.inputs
    for name in sorted(template.variables - set(declared), key=template.line_of):
        fix = meant(name, declared) or "; declare it among the inputs or remove it."
        told = f"{name!r} is undefined, the header has no such input{fix}"
        raise PromptError.at(template.name, template.line_of(name), told)


def _line_in(error: Exception) -> int | None:
    """The line of a template's text at which it failed."""
    lines = [
        line
        for frame, line in walk_tb(error.__traceback__)
        if "__jinja_exception__" in frame.f_globals  # a frame that Jinja put in its line's place
    ]
    return lines[-1] if lines else None


def _sentence(problem: str) -> str:
    """What went wrong, with a way out where it names none."""
    if problem.endswith("?"):
        return problem
    problem = problem.rstrip(".")
    return f"{problem}." if ";" in problem else f"{problem}; mend this line."
