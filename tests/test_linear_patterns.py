"""No regular expression takes more than linear time, whatever text from outside it meets."""

import ast
import importlib
import re
import sys
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from re import _compiler, _parser  # type: ignore[attr-defined]  # typeshed leaves them out
from typing import Any, NamedTuple

from tests.test_house import product, tree

METHODS = {"match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
AT_THE_START = {"match", "fullmatch"}
TRIALS = ((500, 0.05, 3), (5_000, 0.1, 1), (50_000, 0.1, 1), (200_000, 0.2, 0))
"""Letters, the seconds they may take, and how many of the slowest texts are made longer.

A pattern that is not linear is beyond one of the first three, and the test never waits for it.
"""
ANYTHING = ["a", " ", "\n", "*", "a ", "1", '"', "\\", "a.", "é", "."]
LETTERS = [*"a1 *-_.,:/\"'(<{[=#\nA\t…é\x1b\x80\xff", "\u3042", "\u3400", "\uac00"]

BUILT = {
    "cli.terminal",  # IN_COMMANDS, names of tools and parameters
    "consultation.quotes",  # a quote, whole
    "consultation.template_draft",  # a value, whole
    "consultation.words",  # pieces of words that refuse
    "prompts.image_type",  # a word, at its beginning
    "prompts.template_names",  # a name, whole
    "prompts.wording",  # a note of ours of under a thousand letters, whole
    "styles.style_file",  # the name of a sample, whole
    "storage.full_text",  # the words of a query
    "storage.input_files",  # ADDRESSES, at the start of a path
    "storage.input_pictures",  # SIGNS, at the start of a file
}
"""Modules that build a pattern where it is used: of escaped words, and nothing in it repeats
but what is filled into a note."""


class Use(NamedTuple):
    """A pattern, where it stands, and whether it is only ever tried at the start of a text."""

    place: str
    pattern: "re.Pattern[Any]"
    at_the_start: bool


def is_reached(path: Path) -> bool:
    """Whether text from outside reaches a module."""
    own = {"sandbox", "clients"}  # what this server says to it; a settings file of the person's
    return not own & {path.parts[0], path.stem}


def methods(module: ast.Module, name: str) -> set[str]:
    """Which methods are called on a pattern by its name; all, where the module calls none."""
    called = {
        node.attr
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute)
        and node.attr in METHODS
        and name in {getattr(node.value, "id", None), getattr(node.value, "attr", None)}
    }
    return called or METHODS


def uses(built: set[str]) -> Iterator[Use]:
    """Every pattern that the product spells out; modules that build others are added to `built`."""
    for path in filter(is_reached, product()):
        module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
        names: dict[ast.AST, str] = {}
        for node in ast.walk(tree(path)):
            match node:
                case ast.Assign(targets=[ast.Name(name)], value=value):
                    names[value] = name
                case ast.Call(func=ast.Attribute(value=ast.Name("re"), attr=attr)) if (
                    attr in METHODS | {"compile"}
                ):
                    space = vars(importlib.import_module(module))
                    words = _value(node.args[0], space)
                    if words is None:
                        built.add(module)
                        continue
                    rest = [*node.args[1:], *(keyword.value for keyword in node.keywords)]
                    flags = [_value(part, space) for part in rest]
                    pattern = re.compile(
                        words, sum(f for f in flags if isinstance(f, re.RegexFlag))
                    )
                    called = {attr} if attr in METHODS else methods(tree(path), names.get(node, ""))
                    yield Use(f"{module}:{node.lineno}", pattern, called <= AT_THE_START)


def _value(expression: ast.expr, space: dict[str, Any]) -> Any:
    """What an expression stands for in a module; None where it takes more than its names."""
    try:
        return eval(compile(ast.Expression(expression), "", "eval"), space)
    except NameError:
        return None


class Texts:
    """Texts that a pattern goes far into and never to the end of, from its own parts."""

    def __init__(self, pattern: "re.Pattern[Any]") -> None:
        self._tree = _parser.parse(pattern.pattern, pattern.flags)
        self.units = dict.fromkeys([*ANYTHING, *self._beginnings(self._tree)])

    def _beginnings(self, parts: Any) -> Iterator[str]:
        """Each beginning of a sequence, and of each sequence within."""
        text = ""
        for part in parts:
            for inner in _within(part):
                yield from (text + one for one in self._beginnings(inner))
            text += self._sample(part)
            yield text

    def _sample(self, part: Any) -> str:
        """A shortest text that a part matches."""
        kind, value = str(part[0]), part[1]
        if kind == "LITERAL":
            return chr(value)
        if kind in {"IN", "NOT_LITERAL", "ANY"}:
            one = _compiler.compile(_parser.SubPattern(self._tree.state, [part]))
            letters = chain(LETTERS, map(chr, range(sys.maxunicode)))
            return str(next(letter for letter in letters if one.match(letter)))
        times = max(value[0], 1) if kind.endswith("REPEAT") else 1
        return "".join(map(self._sample, next(_within(part), []))) * times


def _within(part: Any) -> Iterator[Any]:
    """The sequences that a part holds."""
    match str(part[0]), part[1]:
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT" | "SUBPATTERN", (*_, inner):
            yield inner
        case "ATOMIC_GROUP", inner:
            yield inner
        case "BRANCH", (_, branches):
            yield from branches


def seconds(use: Use, unit: str, size: int) -> float:
    """How long the text takes that is this unit again and again."""
    text: Any = unit * (size // len(unit))
    if isinstance(use.pattern.pattern, bytes):
        text = text.encode("latin-1", "replace")
    began = time.process_time()
    if use.at_the_start:
        use.pattern.match(text)
        use.pattern.fullmatch(text)
    else:
        for _ in use.pattern.finditer(text):
            pass
    return time.process_time() - began


def slowest(use: Use) -> str | None:
    """The unit of a text for which a pattern takes too long, if there is one."""
    units = [unit for unit in Texts(use.pattern).units if unit]
    for size, limit, kept in TRIALS:
        took = {unit: seconds(use, unit, size) for unit in units}
        *units, worst = sorted(took, key=took.__getitem__)
        if took[worst] > limit:
            return worst
        units = [*units, worst][-kept:]
    return None


def test_no_pattern_takes_long_for_a_long_text_of_its_worst() -> None:
    built = set[str]()
    slow = {use: text for use in uses(built) if (text := slowest(use))}

    assert slow == {}
    assert built == BUILT, "A pattern is built of more than escaped words?"
