"""A failure as OpenAI or a gateway before it words it, and which case of the table it is.

What a case looks like, what happened, whether money was spent and the next step are one table of
`api_errors.toml`: no case says it twice.
"""

import math
import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from errors import Charged, ProblemKind

JobState = Literal["requested", "failed", "unknown", "submitted"]

READ_LENGTH = 4000
"""Characters of an error that are read at all: a proxy may send megabytes of HTML."""

SERVER_ERROR, CLIENT_ERROR = 500, 400
MINUTE, HOUR = 60, 3600
UNITS = {"s": 1, "m": MINUTE, "h": HOUR, "d": 24 * HOUR}

_IN_QUOTES = re.compile(r"[`'\"‘“]([A-Za-z][\w.:/-]{1,80})[`'\"’”]")
_AFTER_MODEL = re.compile(r"\b(?:models?|with):? ([A-Za-z][\w.:/-]{0,60}\d[\w.:/-]{0,60})")
_NO_MODELS = ("proj_", "org-", "image_generation")
_WAIT = re.compile(
    r"\b(?:try again|retry|wait)(?: in| after| for)?(?: about)? "
    r"((?:\d{1,9}(?:\.\d{1,9})?\s?(?:milliseconds?|ms|minutes?|mins?|m|hours?|hrs?|h|days?|d"
    r"|seconds?|secs?|s)\s?){1,4})",
    re.IGNORECASE,
)
_SPAN = re.compile(r"(?<!\d)(\d{1,9}(?:\.\d{1,9})?)\s?([a-z]+)", re.IGNORECASE)
_LIMIT = re.compile(r"\blimit:?\s?(\d[\d,]{0,15})", re.IGNORECASE)
_REQUEST = re.compile(r"\brequested:?\s?(\d[\d,]{0,15})", re.IGNORECASE)
_UNIT = re.compile(r"\bon ([\w-]{2,20} per \w{3,6})", re.IGNORECASE)
_VIOLATIONS = re.compile(r"safety_violations=\[([\w/, -]{1,200})\]")
_CATEGORY = re.compile(r"[\w/ -]{1,40}")
_TITLE = re.compile(r"<title>([^<]{1,200})", re.IGNORECASE)


class Sign(BaseModel):
    """What an error of a case looks like: all that is set has to fit, of a list any."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: list[int] = []
    type: list[str] = []
    code: list[str] = []
    param: list[str] = []
    message: list[str] = []
    also: list[str] = []
    foreign: bool | None = None


class Case(BaseModel):
    """One way to fail; `api_errors.toml` says what each field means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: ProblemKind
    event: str
    next_step: str
    charged: Charged = "no"
    retry: Literal["yes", "no", "unpaid"] = "no"
    job: JobState = "failed"
    quote: bool = False
    unavailable: bool = False
    outage: bool = False
    signs: list[Sign] = Field(default=[])


@dataclass(frozen=True)
class ApiFault:
    """A failure as the API words it, wherever it stood: body, stream, response or item.

    `foreign` says that the body was none of OpenAI's, `progress` that a picture was begun.
    """

    status: int | None = None
    code: str = ""
    type: str = ""
    param: str = ""
    message: str = ""
    retry_after: float | None = None
    stage: str | None = None
    categories: tuple[str, ...] = ()
    foreign: bool = False
    progress: bool = False
    response_id: str | None = None

    @classmethod
    def read(cls, error: Any, **context: Any) -> "ApiFault":  # bodies and SDK objects
        """Take the fields from an error body or from an SDK object."""
        body = _fields(error)
        if isinstance(inner := body.get("error"), dict):
            body = inner
        message = str(body.get("message") or body.get("detail") or "")[:READ_LENGTH]
        if isinstance(error, str):
            title = _TITLE.search(error[:READ_LENGTH])
            message = title[1] if title else "" if "<" in error else error[:READ_LENGTH]
        details = _fields(body.get("moderation_details"))
        kind = str(body.get("type") or "").lower()
        return cls(
            code=str(body.get("code") or "").lower(),
            type="" if kind == "error" else kind,  # of the flat event, not of its error
            param=str(body.get("param") or ""),
            message=message,
            stage=details.get("moderation_stage"),
            categories=_categories(body, details, message),
            foreign=not any(body.get(key) for key in ("message", "code", "type")),
            **{"retry_after": _wait_in_words(message), **context},
        )

    @property
    def case(self) -> str:
        """The first case of the table that this looks like."""
        for name, case in cases().items():
            if any(_fits(sign, self) for sign in case.signs):
                return "tier" if name == "rate_limit" and self._never_fits else name
        if self.type.endswith("server_error") or (self.status or 0) >= SERVER_ERROR:
            return "server"
        if self.type.endswith("user_error") or (self.status or 0) >= CLIENT_ERROR:
            return "request"
        return "unknown"

    @property
    def model(self) -> str | None:
        """The model that the message names."""
        names = [*_IN_QUOTES.findall(self.message), *_AFTER_MODEL.findall(self.message)]
        names = [name.rstrip(".") for name in names if not name.startswith(_NO_MODELS)]
        return next(iter(names), None)

    @property
    def numbers(self) -> str:
        """The limit that was passed, in brackets, and what was requested where that is more."""
        limit = _LIMIT.search(self.message)
        unit = _UNIT.search(self.message)
        if limit is None:
            return ""
        size = _REQUEST.search(self.message)
        more = f", requested {size[1]}" if size and self._never_fits else ""
        return f" (limit {limit[1].rstrip(',')}{f' {unit[1]}' if unit else ''}{more})"

    @property
    def _never_fits(self) -> bool:
        limit, size = _LIMIT.search(self.message), _REQUEST.search(self.message)
        return bool(limit and size and _number(size) > _number(limit))


@cache
def cases() -> dict[str, Case]:
    """Every way to fail, by its name, in the order in which errors are held against them."""
    tables = _tables()
    return TypeAdapter(dict[str, Case]).validate_python(
        {name: table for name, table in tables.items() if name != "parameters"}
    )


@cache
def tool_parameters() -> dict[str, str]:
    """What the tools call the parameters of the wire that they have."""
    return dict(_tables()["parameters"])


@cache
def _tables() -> dict[str, dict[str, str]]:
    path = Path(__file__).with_name("api_errors.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _fits(sign: Sign, fault: ApiFault) -> bool:
    message = fault.message.lower()
    features: tuple[tuple[list[Any], bool], ...] = (
        (sign.status, fault.status in sign.status),
        (sign.type, fault.type in sign.type),
        (sign.code, fault.code in sign.code),
        (sign.param, fault.param.startswith(tuple(sign.param))),
        (sign.message, any(words in message for words in sign.message)),
        (sign.also, any(words in message for words in sign.also)),
    )
    fits_all = all(fits for values, fits in features if values)
    return fits_all and sign.foreign in {None, fault.foreign}


def _fields(error: Any) -> dict[str, Any]:
    """The fields of a body, or of an SDK object with those that its type does not know."""
    if isinstance(error, dict):
        return error
    return {**getattr(error, "__dict__", {}), **(getattr(error, "model_extra", None) or {})}


def _categories(body: dict[str, Any], details: dict[str, Any], message: str) -> tuple[str, ...]:
    """What a safety system objected to, as OpenAI or Azure name it."""
    names = details.get("categories") or []
    inner = _fields(body.get("innererror"))
    azure = inner.get("content_filter_result") or body.get("content_filter_result")
    names = [*names, *filtered_categories(azure)] if isinstance(names, list) else []
    if not names and (violations := _VIOLATIONS.search(message)):
        names = [name.strip() for name in violations[1].split(",")]
    return tuple(name for name in names if isinstance(name, str) and _CATEGORY.fullmatch(name))


def filtered_categories(results: Any) -> list[str]:
    """The names under which Azure's content filter says that it filtered something."""
    named = _fields(results).items()
    return [name for name, result in named if _fields(result).get("filtered") is True]


def _wait_in_words(message: str) -> float | None:
    """Seconds that a sentence asks to wait: "try again in 7.5s", "retry after 26 seconds"."""
    request = _WAIT.search(message)
    if request is None:
        return None
    return sum(_seconds(number, unit.lower()) for number, unit in _SPAN.findall(request[1]))


def _seconds(number: str, unit: str) -> float:
    if unit.startswith(("ms", "milli")):
        return float(number) / 1000
    return float(number) * UNITS[unit[0]]


def _number(match: re.Match[str]) -> int:
    return int(match[1].replace(",", ""))


def wait_in_headers(headers: Any) -> float | None:  # httpx2 headers
    """Seconds from Retry-After, which holds seconds or a date, or from its kin."""
    for name, size in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * size
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    try:
        date = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    return max(0.0, (date.replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds())
