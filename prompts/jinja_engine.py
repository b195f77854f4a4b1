"""Jinja as far as prompts need it: strict, sandboxed, and harmless whatever a text says.

Jinja's own sandbox keeps a template away from Python and from changing what it is given.
It does not keep one from running on or growing; that is what the guards here are for:

- The syntax tree is checked before anything runs: no macros, recursion, other files,
  blocks, calls of methods, `*` or `**`. Each refusal has its line.
- What is computed on the way (filters, `~`, `+`) is short, so that nothing doubles itself
  into the memory.
- The text comes piece by piece, and each round of a loop is a piece, even one that prints
  nothing. Between pieces, and in each filter, length and processor time are looked at.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextvars import ContextVar
from difflib import get_close_matches
from functools import wraps
from itertools import islice
from math import inf
from time import thread_time
from typing import Any

import jinja2
from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, nodes
from jinja2.filters import FILTERS
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range

LONGEST = 100_000
"""Characters that a rendering may have, about 25,000 tokens: more than a model should be told."""
LONGEST_VALUE = 20_000
"""Letters of a value that a template computes. Prompts compute names and numbers; a search
through a text of this length is short enough to be done thousands of times a second."""
LONGEST_LIST = 1_000
"""Items of a list that a template computes: joined by a text of the length above, or filled with
lists that long, they are 20 MB, of which nothing more can be computed."""
SECONDS = 0.3
"""Processor time of one rendering. The longest shipped template takes a fiftieth of it; the time
of day would fail a sound template on a busy machine."""
FILTER_NAMES = (
    "capitalize", "count", "d", "default", "dictsort", "first", "int", "items", "join", "last",
    "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "select",
    "selectattr", "sort", "title", "trim", "truncate", "unique", "upper", "wordcount",
)  # fmt: skip
"""Those that give little more than they take. `center`, `indent`, `replace` and others can give
a gigabyte before anything looks at it, and `random` would make a recording fit by chance."""
METHODS = {"items", "keys", "values"}
"""What may be called beside range(): methods of mappings that give no more than they hold, not
those of texts: `'a'.ljust(10**9)` is a gigabyte."""
ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Const, nodes.Name, nodes.If,
    nodes.For, nodes.Assign, nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or,
    nodes.Not, nodes.Neg, nodes.Add, nodes.Sub, nodes.Mod, nodes.Concat, nodes.Filter, nodes.Test,
    nodes.Call, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Keyword, nodes.List, nodes.Tuple,
    nodes.Dict, nodes.Pair,
)  # fmt: skip
PLAIN_FORMAT = re.compile(r"(?:[^%]|%%|%[sd])*")
"""A format without widths: `'%0999999999d' % 1` is a gigabyte."""
REFUSED = {
    (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends): (
        "a template reads no other file; write the text here."
    ),
    (nodes.AssignBlock, nodes.NSRef): (
        "set gives a value to a name; write {% set name = value %}."
    ),
    (nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Pow): (
        "a prompt counts with + and - only; compute the number elsewhere."
    ),
}
"""What is said of what is not allowed, where there is more to say than that."""
RUNAWAY = "it loops or grows without end; loop over fewer things, or compute less."
TOO_DEEP = "this nests too deep, or holds too long a number; make it flatter."

_end: ContextVar[float] = ContextVar("the thread_time() at which a rendering must end", default=inf)


class RunawayError(Exception):
    """A template that would go on or grow without end, or nearly so."""


def compile_text(text: str) -> tuple[nodes.Template, jinja2.Template]:
    """The checked syntax tree of a text, and the same compiled.

    Raises `jinja2.TemplateSyntaxError` with line and way out for all that is not taken.
    """
    parser = Parser(engine, text)
    line = 1
    try:
        try:
            tree = parser.parse()
        finally:
            line = parser.stream.current.lineno
        refusals = [
            (node.lineno or 1, refusal)
            for node in tree.find_all(nodes.Node)
            if (refusal := _refusal(node))
        ]
        if refusals:
            line, refusal = min(refusals)
            raise TemplateSyntaxError(refusal, line)
        _add_guards(tree)
        return tree, engine.from_string(tree)
    # Python neither reads integers of thousands of digits nor compiles what nests that deep.
    except (RecursionError, SyntaxError, MemoryError, ValueError) as error:
        raise TemplateSyntaxError(TOO_DEEP, line) from error


def fill_in(compiled: jinja2.Template, values: Mapping[str, Any]) -> list[str]:
    """The text with these values in pieces. Raises whatever the template does, `RunawayError`
    among it."""
    before = _end.set(thread_time() + SECONDS)
    pieces, length = [], 0
    try:
        generator: Any = compiled.generate(values)  # an iterator to its types, with no throw()
        for piece in generator:
            pieces.append(piece)
            length += len(piece)
            try:
                _check_clock()
                if length > LONGEST:
                    raise RunawayError(f"it gives more than {LONGEST:,} characters; make it less.")
            except RunawayError as error:
                generator.throw(error)  # from within, so that the template's line is known
    finally:
        _end.reset(before)
    return pieces


def suggestion(wrong: str, known: Iterable[object]) -> str:
    """A question after the name that may have been meant, or nothing."""
    close = get_close_matches(wrong, [str(name) for name in known], n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _refusal(node: nodes.Node) -> str | None:
    """Why a node is not taken, with a way out."""
    refusal = None
    match node:
        case nodes.Filter(name=name) if name not in engine.filters:
            refusal = f"there is no filter {name!r}{_choice(name, engine.filters)}"
        case nodes.Test(name=name) if name not in engine.tests:
            refusal = f"there is no test {name!r}{_choice(name, engine.tests)}"
        case nodes.For(recursive=True):
            refusal = "a loop does not call itself; leave recursive out."
        case nodes.Call():
            refusal = _refused_call(node)
        case nodes.List() | nodes.Tuple(ctx="load") | nodes.Dict():
            # Lists of lists that double in each line would be huge in a few.
            if next(iter(node.find_all((nodes.Name, nodes.Call, nodes.Filter))), None):
                refusal = "a list or mapping written here holds constants only; print its parts."
        case _ if not isinstance(node, ALLOWED):
            ways = (way for kinds, way in REFUSED.items() if isinstance(node, kinds))
            kind = type(node).__name__.lower()
            refusal = next(ways, f"{kind} is not taken; write the text where it belongs.")
    return refusal


def _refused_call(node: nodes.Call) -> str | None:
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
    return suggestion(name, known) or f"; there are {', '.join(sorted(known))}."


def _add_guards(tree: nodes.Template) -> None:
    """Make each round of a loop a piece of text, and `~` a join, whose length is looked at."""
    for loop in tree.find_all(nodes.For):
        loop.body.insert(0, nodes.Output([nodes.TemplateData("")], lineno=loop.lineno))
    for concat in [*tree.find_all(nodes.Concat)]:
        parts = nodes.List(concat.nodes, lineno=concat.lineno)
        concat.nodes = [nodes.Filter(parts, "join", [], [], None, None, lineno=concat.lineno)]
    tree.set_environment(engine)


def _check_clock() -> None:
    if thread_time() > _end.get():
        raise RunawayError(RUNAWAY)


def _short(value: Any) -> Any:
    """What a template computed, if it is short. Raises `RunawayError`."""
    _check_clock()
    if isinstance(value, Iterator):  # what comes piecemeal is computed as it comes
        value = [*islice(value, LONGEST_LIST + 1)]
    if isinstance(value, list | tuple | Mapping) and len(value) > LONGEST_LIST:
        raise RunawayError(RUNAWAY)
    # Lists hold what was short, so that writing them out takes little.
    if isinstance(value, str | list | tuple | Mapping) and len(str(value)) > LONGEST_VALUE:
        raise RunawayError(RUNAWAY)
    return value


def _guarded(inner: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that looks at the clock and at the length of what it gives."""

    @wraps(inner)  # takes over which context Jinja passes first
    def apply(*args: Any, **kwargs: Any) -> Any:
        return _short(inner(*args, **kwargs))

    return apply


def _printable(value: Any) -> Any:
    """What is printed: words and numbers alone, since anything else would be a slip."""
    if isinstance(value, str | int | float | Undefined):
        return value
    if value is None:
        raise TypeError("it prints nothing (None); put an if around it")
    if isinstance(value, list | tuple | set | Mapping):
        raise TypeError("it prints a whole list or mapping; write | join(', ') or a loop")
    raise TypeError("it prints what is no text; print one of its parts")


class Engine(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, whose sums are looked at before they grow."""

    intercepted_binops = frozenset({"+", "-", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Add, subtract or format; a format with a width is refused."""
        if operator == "%" and isinstance(left, str) and not PLAIN_FORMAT.fullmatch(left):
            raise RunawayError("a format takes %s and %d only; leave widths out.")
        return _short(super().call_binop(context, operator, left, right))


engine = Engine(
    undefined=StrictUndefined,
    finalize=_printable,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,  # a prompt is no HTML
    optimized=False,  # sums of constants are left until the guards are up
)
engine.globals = {"range": safe_range}
engine.filters = {name: _guarded(FILTERS[name]) for name in FILTER_NAMES}
