"""Every failure of OpenAI, wherever it stands, as one of our errors."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from errors import redact
from gateway.api_errors import Case, GatewayError, Sign, cases, failure, tool_parameters
from gateway.models import is_image_model, replacements
from settings import variable_of

DETAIL_LENGTH = 300
"""Characters of OpenAI's own sentence that are repeated: it may quote a whole prompt."""

READ_LENGTH = 4000
"""Characters of an error that are read at all: a proxy may send megabytes of HTML."""

SLOW_SECONDS = 5.0
"""No picture is drawn faster (6 s at best): a proxy that breaks off earlier broke off nothing."""

SERVER_ERROR, CLIENT_ERROR = 500, 400
MINUTE, HOUR = 60, 3600
UNITS = {"s": 1, "m": MINUTE, "h": HOUR, "d": 24 * HOUR}

ENDINGS = (".", "!", "?", "…", "]", ")")
NO_PARAMETER = (
    "It names nothing that a tool takes: set another model in the settings of this server, and "
    "report it if that does not help."
)

_QUOTED = re.compile(r"[`'\"‘“]([A-Za-z][\w.:/-]{1,80})[`'\"’”]")
_NAMED = re.compile(r"\b(?:models?|with):? ([A-Za-z][\w.:/-]{0,60}\d[\w.:/-]{0,60})")
_NO_MODELS = ("proj_", "org-", "image_generation")
_WAIT = re.compile(
    r"\b(?:try again|retry|wait)(?: in| after| for)?(?: about)? "
    r"((?:\d{1,9}(?:\.\d{1,9})?\s?(?:milliseconds?|ms|minutes?|mins?|m|hours?|hrs?|h|days?|d"
    r"|seconds?|secs?|s)\s?){1,4})",
    re.IGNORECASE,
)
_SPAN = re.compile(r"(?<!\d)(\d{1,9}(?:\.\d{1,9})?)\s?([a-z]+)", re.IGNORECASE)
_LIMIT = re.compile(r"\blimit:?\s?(\d[\d,]{0,15})", re.IGNORECASE)
_REQUESTED = re.compile(r"\brequested:?\s?(\d[\d,]{0,15})", re.IGNORECASE)
_UNIT = re.compile(r"\bon ([\w-]{2,20} per \w{3,6})", re.IGNORECASE)
_VIOLATIONS = re.compile(r"safety_violations=\[([\w/, -]{1,200})\]")
_CATEGORY = re.compile(r"[\w/ -]{1,40}")
_TITLE = re.compile(r"<title>([^<]{1,200})", re.IGNORECASE)


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
        names = [*_QUOTED.findall(self.message), *_NAMED.findall(self.message)]
        names = [name.rstrip(".") for name in names if not name.startswith(_NO_MODELS)]
        return next(iter(names), None)

    @property
    def numbers(self) -> str:
        """The limit that was passed, in brackets, and what was requested where that is more."""
        limit = _LIMIT.search(self.message)
        unit = _UNIT.search(self.message)
        if limit is None:
            return ""
        requested = _REQUESTED.search(self.message)
        more = f", requested {requested[1]}" if requested and self._never_fits else ""
        return f" (limit {limit[1].rstrip(',')}{f' {unit[1]}' if unit else ''}{more})"

    @property
    def _never_fits(self) -> bool:
        limit, requested = _LIMIT.search(self.message), _REQUESTED.search(self.message)
        return bool(limit and requested and _number(requested) > _number(limit))


def explain(fault: ApiFault, *, paid: bool) -> GatewayError:
    """Our error for a failure; `paid` says whether the call was to buy a picture."""
    name = fault.case
    case = cases()[name]
    retryable = case.retry == "yes" or (case.retry == "unpaid" and not paid)
    charged = case.charged
    if paid and (fault.progress or fault.stage == "output") and charged == "no":
        retryable, charged = False, "unknown"  # it was drawn, or may have been
    if name == "unknown" and CLIENT_ERROR <= (fault.status or 0) < SERVER_ERROR:
        charged = "no"
    return failure(
        name,
        detail=_detail(name, case, fault),
        words=_words(name, fault, paid=paid),
        charged=charged,
        retryable=retryable,
        retry_after=fault.retry_after,
        response_id=fault.response_id,
        model=fault.model,
    )


def explain_exception(
    error: BaseException, *, paid: bool, response_id: str | None = None, progress: bool = False
) -> GatewayError:
    """Our error for what the SDK, or the transport below it, raised.

    A call that broke off after it was sent may have bought a picture, so it is
    never marked for retry when `paid`. `progress` says that the picture was begun.
    """
    import openai

    if isinstance(error, openai.APIStatusError):
        return _explain_answer(error, paid=paid)
    if isinstance(error, openai.APIConnectionError) or not isinstance(error, openai.APIError):
        if response_id is None and _never_sent(error):
            return failure("connection")
        if response_id is not None:
            return failure("cut", response_id=response_id)
        return failure("unclear", retryable=not paid)
    fault = ApiFault.read(error.body or error, response_id=response_id, progress=progress)
    return explain(fault, paid=paid)


def _explain_answer(error: Any, *, paid: bool) -> GatewayError:  # openai.APIStatusError
    """Our error for an answer with an HTTP status of failure."""
    fault = ApiFault.read(error.body, status=error.status_code)
    headers = error.response.headers
    fault = replace(fault, retry_after=_wait_in_headers(headers) or fault.retry_after)
    if fault.foreign and error.status_code >= SERVER_ERROR and _is_slow(error.response):
        fault = replace(fault, code="gateway_timeout")
    explained = explain(fault, paid=paid)
    if headers.get("x-should-retry") == "false":
        explained.retryable = False
    return explained


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


def _detail(name: str, case: Case, fault: ApiFault) -> str:
    """OpenAI's own words, where they help and are safe to repeat."""
    if name in {"moderation", "filtered"}:
        where = {"input": "It stopped at the request.", "output": "It stopped at the picture."}
        objection = f"It objected to: {', '.join(fault.categories)}." if fault.categories else ""
        return f"{where.get(fault.stage or '', '')} {objection}".strip()
    if name == "rate_limit" and fault.retry_after:
        return f"It asks to wait {duration(fault.retry_after)}."
    if not case.quote:
        return ""
    code = f" (code {quote(fault.code)})" if name == "unknown" and fault.code else ""
    sentence = quote(fault.message)
    if not sentence:
        return f"It gave no words{code}."
    return f"It said{code}: {sentence}{'' if sentence.endswith(ENDINGS) else '.'}"


def quote(message: str) -> str:
    """A sentence from outside as it may be repeated: one line, redacted, cut."""
    return re.sub(r"\s+", " ", redact(message[:READ_LENGTH])).strip()[:DETAIL_LENGTH]


def _words(name: str, fault: ApiFault, *, paid: bool) -> Mapping[str, str]:
    """What the sentences of a case say of this very error."""
    words = {"numbers": fault.numbers, "change": NO_PARAMETER}
    if fault.retry_after:
        words["wait"] = duration(fault.retry_after)
    if name == "overloaded" and not fault.retry_after:
        words["wait"] = "a few minutes"
    if fault.model:
        words["model"] = redact(fault.model)
    is_image = name != "no_image_tool" and (
        fault.param.startswith("tools") or is_image_model(fault.model or "")
    )
    field = "image_model" if is_image else "assistant_model" if paid else "facilitator_model"
    words["setting"] = variable_of(field)
    if others := replacements(fault.model or "", image=is_image):
        words["other"] = f", such as {' or '.join(others)}"
    if paid:
        words["parameter"] = f", or pass it as {field}"
    if paid and (parameter := _tool_parameter(fault)):
        words["change"] = f"Change {parameter}, then call again."
    return words


def _tool_parameter(fault: ApiFault) -> str | None:
    """What the tools call the parameter of an error: the one it names, else one in its words."""
    if fault.param:
        return tool_parameters().get(re.split(r"[.\[\]]", fault.param)[-1])
    words = re.findall(r"\w+", fault.message)
    return next((tool for wire, tool in tool_parameters().items() if wire in words), None)


def duration(seconds: float) -> str:
    """Seconds as one says them: rounded up, in minutes or hours where those are whole enough."""
    for size, name in ((HOUR, "hours"), (MINUTE, "minutes")):
        if seconds > 2 * size:
            return f"{math.ceil(seconds / size)} {name}"
    whole = max(1, math.ceil(seconds))
    return "1 second" if whole == 1 else f"{whole} seconds"


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
    names = [*names, *filtered_categories(_fields(azure))] if isinstance(names, list) else []
    if not names and (violations := _VIOLATIONS.search(message)):
        names = [name.strip() for name in violations[1].split(",")]
    return tuple(name for name in names if isinstance(name, str) and _CATEGORY.fullmatch(name))


def filtered_categories(results: Mapping[str, Any]) -> list[str]:
    """The names under which Azure's content filter says that it filtered something."""
    return [name for name, result in results.items() if _fields(result).get("filtered") is True]


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


def _wait_in_headers(headers: Any) -> float | None:  # httpx2 headers
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
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())


def _number(match: re.Match[str]) -> int:
    return int(match[1].replace(",", ""))


def _is_slow(response: Any) -> bool:  # httpx2 response
    try:
        return bool(response.elapsed.total_seconds() >= SLOW_SECONDS)
    except RuntimeError:  # it was not read to its end
        return False


def _never_sent(error: BaseException) -> bool:
    """Whether the connection failed before the request left."""
    import httpx2

    before = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
    return isinstance(error, before) or isinstance(error.__cause__, before)


UNREADABLE = (json.JSONDecodeError, UnicodeDecodeError)
"""What the SDK lets through where a body is not what its header says."""
