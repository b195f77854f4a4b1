"""Jinja as far as prompts need it: strict, sandboxed, and harmless whatever a text says.

Jinja's own sandbox keeps a template away from Python and from changing what it is given.
It does not keep one from running on or growing; that is what the guards here are for:

- The syntax tree is checked before anything runs: no macros, recursion, other files,
  blocks, calls of methods, `*` or `**`. Each refusal has its line.
- What is computed on the way (filters, `~`, `+`, `%`) is short, so that nothing doubles
  itself into the memory.
- The text comes piece by piece, and each round of a loop is a piece, even one that prints
  nothing. Between pieces, and in each filter, length and processor time are looked at.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from difflib import get_close_matches
from functools import wraps
from math import inf
from re import compile as pattern
from time import thread_time
from typing import Any

import jinja2
from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, nodes, pass_eval_context
from jinja2.filters import FILTERS
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing, object_type_repr

from prompts.grammar import TOO_DEEP, check_grammar

LONGEST = 100_000
"""Characters that a rendering may have, about 25,000 tokens: more than a model should be told."""
LONGEST_VALUE = 20_000
"""Letters and items of a value that a template computes. Prompts compute names and numbers; a
search through a text of this length is short enough to be done thousands of times a second."""
LONGEST_RANGE = 1_000
"""Numbers of a range(). Jinja's own limit is a hundred times that, and loops nest."""
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
PLAIN_FORMAT = pattern(r"(?:[^%]|%%|%[sd])*")
"""A format without widths: `'%0999999999d' % 1` is a gigabyte."""

_end: ContextVar[float] = ContextVar("the thread_time() at which a rendering must end", default=inf)


class RunawayError(Exception):
    """A template that would go on or grow without end, or nearly so."""


def compile_text(text: str) -> tuple[nodes.Template, jinja2.Template]:
    """The checked syntax tree of a text, and the same compiled.

    Raises `jinja2.TemplateSyntaxError` with line and way out for all that is not taken.
    """
    parser = Parser(engine, text)
    try:
        tree = parser.parse()
    except RecursionError as error:
        raise TemplateSyntaxError(TOO_DEEP, parser.stream.current.lineno) from error
    except ValueError as error:  # Python reads no integers of thousands of digits
        way = "this number is too long; write a shorter one."
        raise TemplateSyntaxError(way, parser.stream.current.lineno) from error
    check_grammar(tree, engine.filters.keys(), engine.tests.keys())
    _add_guards(tree)
    try:
        return tree, engine.from_string(tree)
    except (SyntaxError, RecursionError) as error:
        raise TemplateSyntaxError(TOO_DEEP, 1) from error


def fill_in(compiled: jinja2.Template, values: Mapping[str, Any]) -> str:
    """The text with these values. Raises whatever the template does, and `RunawayError`."""
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
    return "".join(pieces)


def suggestion(wrong: str, known: Iterable[object]) -> str:
    """A question after the name that may have been meant, or nothing."""
    close = get_close_matches(wrong, [str(name) for name in known], n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


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
        raise RunawayError("it loops or grows without end; loop over fewer things.")


def _size(value: Any) -> int:
    """About how many letters a value has, of all that is in it. Raises `RunawayError`."""
    if isinstance(value, str):
        size = len(value)
    elif isinstance(value, list | tuple | Mapping):
        size = len(value)
        parts = [*value, *value.values()] if isinstance(value, Mapping) else value
        for part in parts:
            size += _size(part)
            if size > LONGEST_VALUE:  # here, since shared parts may be many times as large
                break
    else:
        return 1
    if size > LONGEST_VALUE:
        raise RunawayError("it loops or grows without end; compute something shorter.")
    return size


def _collect(items: Iterable[Any]) -> list[Any]:
    """A list of what comes piecemeal, not longer than a value may be. Raises `RunawayError`."""
    collected, size = [], 0
    for item in items:
        _check_clock()  # what comes piecemeal is computed as it comes
        size += 1 + _size(item)
        if size > LONGEST_VALUE:
            raise RunawayError("it loops or grows without end; loop over fewer things.")
        collected.append(item)
    return collected


def _guarded(inner: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that looks at the clock and at the size of what it gives."""

    @wraps(inner)  # takes over which context Jinja passes first
    def apply(*args: Any, **kwargs: Any) -> Any:
        _check_clock()
        result = inner(*args, **kwargs)
        result = _collect(result) if isinstance(result, Iterator) else result
        _size(result)
        return result

    return apply


@pass_eval_context
def _join(context: Any, value: Any, d: Any = "", attribute: Any = None) -> Any:  # as Jinja's
    """A join, which alone gives far more than it takes: its size is looked at before."""
    items = _collect(value)
    _size([*items, *[d] * len(items)])
    return FILTERS["join"](context, items, d, attribute)


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > LONGEST_RANGE:
        raise RunawayError(f"range() counts {LONGEST_RANGE:,} at most; count fewer.")
    return numbers


def _printable(value: Any) -> Any:
    """What is printed: words and numbers alone, since anything else would be a slip."""
    if isinstance(value, str | int | float | Undefined):
        return value
    if value is None:
        raise TypeError("it prints nothing (None); put an if around it")
    if isinstance(value, list | tuple | set | Mapping):
        raise TypeError("it prints a whole list or mapping; write | join(', ') or a loop")
    raise TypeError("it prints what is no text; print one of its parts")


class Strict(StrictUndefined):
    """An undefined value whose error says which name may have been meant."""

    @property
    def _undefined_message(self) -> str:
        wrong, parent = self._undefined_name, self._undefined_obj
        if parent is missing or not isinstance(wrong, str):
            return super()._undefined_message
        known = parent if isinstance(parent, Mapping) else getattr(type(parent), "model_fields", ())
        return f"{object_type_repr(parent)} has no {wrong!r}{suggestion(wrong, known)}"


class Engine(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, whose sums are looked at before they grow."""

    intercepted_binops = frozenset({"+", "-", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Add, subtract or format; a format with a width is refused."""
        _check_clock()
        if operator == "%" and isinstance(left, str):
            _size(right)
            if not PLAIN_FORMAT.fullmatch(left):
                raise RunawayError("a format takes %s and %d only; leave widths out.")
        result = super().call_binop(context, operator, left, right)
        _size(result)
        return result


engine = Engine(
    undefined=Strict,
    finalize=_printable,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,  # a prompt is no HTML
    optimized=False,  # sums of constants are left until the guards are up
)
engine.globals = {"range": _range}
engine.filters = {name: _guarded(FILTERS[name]) for name in FILTER_NAMES}
engine.filters["join"] = _guarded(_join)
