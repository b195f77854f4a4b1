"""The Jinja that fills in templates: strict, sandboxed, with few filters, all of it counted.

A rendering ends in well under a second whatever a template says; no threads and no
time-outs are needed for it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from re import compile as pattern
from typing import Any

from jinja2 import StrictUndefined, Undefined, pass_context
from jinja2.filters import FILTERS
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing, object_type_repr

from prompts.work import EACH, READ, WORK, RanAwayError, each, read, size

LONGEST = 100_000
"""Characters that a rendering may have, about 25,000 tokens."""
LONGEST_RANGE = 1_000

FILTERS_TAKEN = (
    "capitalize", "count", "d", "default", "dictsort", "first", "int", "items", "join", "last",
    "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "reverse", "select",
    "selectattr", "sort", "title", "trim", "truncate", "unique", "upper", "wordcount",
)  # fmt: skip
TESTS_TAKEN = (
    "boolean", "defined", "divisibleby", "eq", "equalto", "even", "false", "float", "ge", "gt",
    "integer", "iterable", "le", "lt", "mapping", "ne", "none", "number", "odd", "sequence",
    "string", "true", "undefined",
)  # fmt: skip
PLAIN_FORMAT = pattern(r"(?:[^%]|%%|%[sd])*")


class Engine(ImmutableSandboxedEnvironment):
    """Jinja with few filters, whose sums are counted."""

    intercepted_binops = frozenset({"+", "-", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Add, subtract or format; a format with a width is refused."""
        if operator == "%" and isinstance(left, str) and not PLAIN_FORMAT.fullmatch(left):
            raise RanAwayError("a format takes %s and %d only; leave widths out")
        result = super().call_binop(context, operator, left, right)
        context[WORK].count(size(result))
        return result


def meant(wrong: str, known: Iterable[object]) -> str:
    """A question after the name that may have been meant, or nothing."""
    close = get_close_matches(wrong, [str(name) for name in known], n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


class _Strict(StrictUndefined):
    """An undefined value whose error says which name may have been meant."""

    @property
    def _undefined_message(self) -> str:
        wrong, of = self._undefined_name, self._undefined_obj
        if of is missing or not isinstance(wrong, str):
            return super()._undefined_message
        known = of if isinstance(of, Mapping) else getattr(type(of), "model_fields", ())
        return f"{object_type_repr(of)} has no {wrong!r}{meant(wrong, known)}"


def _counted(name: str) -> Callable[..., Any]:
    """A filter of Jinja's whose work is counted; it gives a list where Jinja gives it piecemeal."""
    inner: Any = FILTERS[name]
    wanted = getattr(inner, "jinja_pass_arg", None)

    @pass_context
    def apply(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        first: dict[str, list[Any]] = {
            "context": [context],
            "eval_context": [context.eval_ctx],
            "environment": [context.environment],
        }
        work = context[WORK]
        work.count(size(value))
        if name == "join":
            work.count(_joined(value, *args, **kwargs))
        result = inner(*(first[wanted.name] if wanted else []), value, *args, **kwargs)
        result = list(result) if isinstance(result, Iterator) else result
        work.count(size(result))
        return result

    return apply


def _joined(value: Any, d: str = "", attribute: Any = None) -> int:  # noqa: ARG001  # as Jinja's
    """About how many letters a join gives."""
    return sum(size(item) + size(d) for item in value)


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > LONGEST_RANGE:
        raise RanAwayError(f"range() counts {LONGEST_RANGE:,} at most; count fewer")
    return numbers


def _printed(value: Any) -> Any:
    """What is printed: words and numbers alone, since anything else would be a slip."""
    if isinstance(value, str | int | float | Undefined):
        return value
    if value is None:
        raise TypeError("it prints nothing (None); put an if around it")
    if isinstance(value, list | tuple | set | Mapping):
        raise TypeError("it prints a whole list or mapping; write | join(', ') or a loop")
    raise TypeError("it prints what is no text; print one of its parts")


engine = Engine(
    undefined=_Strict,
    finalize=_printed,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,  # a prompt is no HTML
    optimized=False,  # nothing is computed before it is counted
)
engine.globals = {"range": _range}
engine.filters = {name: _counted(name) for name in FILTERS_TAKEN}
engine.tests = {name: engine.tests[name] for name in TESTS_TAKEN}
KNOWN_FILTERS = frozenset(engine.filters)
engine.filters |= {EACH: each, READ: read}
