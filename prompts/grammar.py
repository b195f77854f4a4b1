"""Which Jinja a template may use: what fills in a text, and nothing that runs away.

A template is checked before anything of it runs, so each refusal has its line. What is
left cannot read files, call code or grow without being counted (see `prompts.engine`).
"""

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import NamedTuple

from jinja2 import nodes

DEEPEST = 40
"""Levels of a syntax tree. Four loops with conditions take half of it."""
DEEPEST_LOOP = 4

TAKEN = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.Name, nodes.If,
    nodes.For, nodes.Assign, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or,
    nodes.Not, nodes.Neg, nodes.Add, nodes.Sub, nodes.Mod, nodes.Concat, nodes.Filter, nodes.Test,
    nodes.Call, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Keyword, nodes.List, nodes.Tuple,
    nodes.Dict, nodes.Pair,
)  # fmt: skip

ONE_FILE = "a template reads no other file; write the text here."
NO_MACROS = "macros and blocks are not taken; write the text where it belongs."
PLAIN_SUMS = "a prompt counts with + and - only; compute the number elsewhere."
REFUSED = {
    "Include": ONE_FILE,
    "Import": ONE_FILE,
    "FromImport": ONE_FILE,
    "Extends": ONE_FILE,
    "Macro": NO_MACROS,
    "CallBlock": NO_MACROS,
    "Block": NO_MACROS,
    "FilterBlock": "filter blocks are not taken; write {{ value | upper }}.",
    "AssignBlock": "set takes a value, not a block; write {% set name = value %}.",
    "NSRef": "set gives a value to a name; write {% set name = value %}.",
    "ScopedEvalContextModifier": "nothing is escaped in a prompt; leave autoescape out.",
    "Mul": PLAIN_SUMS,
    "Div": PLAIN_SUMS,
    "FloorDiv": PLAIN_SUMS,
    "Pow": PLAIN_SUMS,
}

METHODS = {"items", "keys", "values"}
FUNCTIONS = {"range"}
RESERVED = {"self", "super", "caller", "varargs", "kwargs"}


class Slip(NamedTuple):
    """Something a template may not do: its line in the text, and a sentence with the fix."""

    line: int
    told: str


def slips(tree: nodes.Template, filters: Collection[str], tests: Collection[str]) -> Iterator[Slip]:
    """Everything in a syntax tree that is not taken."""
    waiting: list[tuple[nodes.Node, int, int, int]] = [(tree, 1, 0, 0)]
    while waiting:
        node, line, deep, loops = waiting.pop()
        line = node.lineno or line
        loops += isinstance(node, nodes.For)
        if deep > DEEPEST or loops > DEEPEST_LOOP:
            yield Slip(line, "this nests too deep; make it flatter.")
            return
        if told := _refusal(node, filters, tests):
            yield Slip(line, told)
        waiting += [(child, line, deep + 1, loops) for child in node.iter_child_nodes()]


def _refusal(node: nodes.Node, filters: Collection[str], tests: Collection[str]) -> str | None:
    told = None
    match node:
        case nodes.Filter(name=name) if name not in filters:
            told = f"there is no filter {name!r}; {_choice(name, filters)}."
        case nodes.Test(name=name) if name not in tests:
            told = f"there is no test {name!r}; {_choice(name, tests)}."
        case nodes.For(recursive=True):
            told = "a loop does not call itself; leave recursive out."
        case nodes.Name(name=name) if name in RESERVED or name.startswith("_"):
            told = f"{name} is none of the inputs; use what the header declares."
        case nodes.Getattr(attr=name) if name.startswith("_"):
            told = f"{name} is internal to Python; use what the header declares."
        case nodes.Call():
            told = _refused_call(node)
        case nodes.List() | nodes.Tuple(ctx="load") | nodes.Dict():
            told = _refused_literal(node)
        case _ if not isinstance(node, TAKEN):
            kind = type(node).__name__
            told = REFUSED.get(kind, f"{kind.lower()} is not taken; write it more simply.")
    return told


def _refused_call(node: nodes.Call) -> str | None:
    match node.node:
        case nodes.Name(name=name) if name in FUNCTIONS:
            return None
        case nodes.Getattr(attr=name) if name in METHODS and not (node.args or node.kwargs):
            return None
        case nodes.Getattr(attr=name) | nodes.Name(name=name):
            return (
                f"{name}() is not called here; use a filter such as {{{{ value | upper }}}}, or "
                "one of range(), .items(), .keys(), .values()."
            )
    return "this is not called; use a filter such as {{ value | upper }}."


def _refused_literal(node: nodes.Node) -> str | None:
    """Lists of lists that double in each line would be huge in a few; so they hold constants."""
    inside = node.find_all((nodes.Name, nodes.Call, nodes.Filter))
    if next(iter(inside), None) is None:
        return None
    return "a list or mapping written here holds constants only; print the values one by one."


def _choice(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}" if close else f"there are {', '.join(sorted(known))}"
