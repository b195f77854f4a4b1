"""Which Jinja a template may use: what fills in a text, and nothing that runs away.

A template is checked before anything of it runs, so that each refusal has its line.
"""

from collections.abc import Collection
from difflib import get_close_matches

from jinja2 import TemplateSyntaxError, nodes

DEEPEST = 40
"""Levels of a syntax tree. Four loops with conditions take half of it; the compiler's stack
ends at a few hundred."""
METHODS = {"items", "keys", "values"}
"""What may be called beside range(): methods of mappings that give no more than they hold."""
TOO_DEEP = "this nests too deep; make it flatter."

ALLOWED = (
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


def check_grammar(tree: nodes.Template, filters: Collection[str], tests: Collection[str]) -> None:
    """Raise `TemplateSyntaxError` at the first line that holds something that is not taken."""
    refusals = []
    waiting: list[tuple[nodes.Node, int, int]] = [(tree, 1, 0)]
    while waiting:  # no recursion: a sum of thousands is as deep a tree
        node, line, deep = waiting.pop()
        line = node.lineno or line
        if deep > DEEPEST:
            raise TemplateSyntaxError(TOO_DEEP, line)
        if refusal := _refusal(node, filters, tests):
            refusals.append((line, refusal))
        waiting += [(child, line, deep + 1) for child in node.iter_child_nodes()]
    for line, refusal in sorted(refusals)[:1]:
        raise TemplateSyntaxError(refusal, line)


def _refusal(node: nodes.Node, filters: Collection[str], tests: Collection[str]) -> str | None:
    """Why a node is not taken, with a way out."""
    refusal = None
    match node:
        case nodes.Filter(name=name) if name not in filters:
            refusal = f"there is no filter {name!r}; {_choice(name, filters)}."
        case nodes.Test(name=name) if name not in tests:
            refusal = f"there is no test {name!r}; {_choice(name, tests)}."
        case nodes.For(recursive=True):
            refusal = "a loop does not call itself; leave recursive out."
        case nodes.Call():
            refusal = _refused_call(node)
        case nodes.List() | nodes.Tuple(ctx="load") | nodes.Dict():
            # Lists of lists that double in each line would be huge in a few.
            if next(iter(node.find_all((nodes.Name, nodes.Call, nodes.Filter))), None):
                refusal = "a list or mapping written here holds constants only; print its parts."
        case _ if not isinstance(node, ALLOWED):
            kind = type(node).__name__
            refusal = REFUSED.get(kind, f"{kind.lower()} is not taken; write it more simply.")
    return refusal


def _refused_call(node: nodes.Call) -> str | None:
    """Why something is not called: methods of texts give gigabytes, such as `'a'.ljust(10**9)`."""
    match node:
        case nodes.Call(node=nodes.Name(name="range")):
            return None
        case nodes.Call(node=nodes.Getattr(attr=name), args=[], kwargs=[]) if name in METHODS:
            return None
    name = getattr(node.node, "attr", getattr(node.node, "name", "this"))
    return (
        f"{name}() is not called here; use a filter such as {{{{ value | upper }}}}, or one of "
        "range(), .items(), .keys(), .values()."
    )


def _choice(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}" if close else f"there are {', '.join(sorted(known))}"
