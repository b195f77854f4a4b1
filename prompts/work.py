"""Count the work of a rendering, so that a template ends whatever it says.

Loops, filters and sums draw on one budget. The syntax tree is changed before it runs:
what goes round in loops or reads long texts is led through filters that count.
"""

from collections.abc import Iterable, Iterator, Sized
from typing import Any

from jinja2 import Undefined, nodes, pass_context
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer

STEPS = 200_000
"""Nodes of the syntax tree and letters that one rendering may go through."""
WORK, EACH, READ = " work", " each", " read"
"""Names that no template can write."""


class RanAwayError(Exception):
    """A template that would go on without end, or nearly so."""


class Work:
    """What is left of the budget of one rendering."""

    def __init__(self) -> None:
        self._left = STEPS

    def count(self, steps: int) -> None:
        """Take some steps. Raises `RanAwayError` where they are too many."""
        self._left -= steps
        if self._left < 0:
            raise RanAwayError("it loops or grows without end; loop over fewer things")


def count_work(tree: nodes.Template) -> nodes.Template:
    """The same syntax tree, with loops and long reads counted."""
    counted: nodes.Template = _Counting().visit(tree)
    return counted


class _Counting(NodeTransformer):
    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802  # fixed by Jinja
        """Each round counts what stands in the loop."""
        weight = sum(1 for _ in node.find_all(nodes.Node))
        self.generic_visit(node)
        node.iter = _filtered(node.iter, EACH, nodes.Const(weight))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        """`a ~ b` joins."""
        self.generic_visit(node)
        return _filtered(nodes.List(node.nodes, lineno=node.lineno), "join")

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Node:  # noqa: N802
        """A slice copies."""
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _filtered(node.node, READ)
        return node

    def visit_Operand(self, node: nodes.Operand) -> nodes.Node:  # noqa: N802
        """`in` searches."""
        self.generic_visit(node)
        if node.op in {"in", "notin"}:
            node.expr = _filtered(node.expr, READ)
        return node


def _filtered(node: Any, name: str, *args: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, [*args], [], None, None, lineno=node.lineno)


def size(value: Any) -> int:
    """The length of a value, 1 where it has none."""
    return len(value) if isinstance(value, Sized) and not isinstance(value, Undefined) else 1


@pass_context
def each(context: Context, value: Iterable[Any], weight: int) -> Iterator[Any]:
    """What a loop goes over, each round counted."""
    for item in value:
        context[WORK].count(weight)
        yield item


@pass_context
def read(context: Context, value: Any) -> Any:
    """A value that is read through, its length counted."""
    context[WORK].count(size(value))
    return value
