"""Every failure of OpenAI, wherever it stands, as one of our errors."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from errors import redact
from gateway.api_errors import Case, GatewayError, cases, failure, tool_parameters
from gateway.api_fault import CLIENT_ERROR, HOUR, MINUTE, READ_LENGTH, SERVER_ERROR, ApiFault
from gateway.models import is_image_model, replacements
from settings import variable_of

DETAIL_LENGTH = 300
"""Characters of OpenAI's own sentence that are repeated: it may quote a whole prompt."""

SLOW_SECONDS = 5.0
"""No picture is drawn faster (6 s at best): a proxy that breaks off earlier broke off nothing."""

_CODE = re.compile(r"[a-z0-9_.]{1,64}")
"""A code as OpenAI has them (the longest is of 36): what a proxy calls so may be anything."""

ENDINGS = (".", "!", "?", "…", "]", ")")
NO_PARAMETER = (
    "It names nothing that a tool takes: set another model in the settings of this server, and "
    "report it if that does not help."
)


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
        code=fault.code if _CODE.fullmatch(fault.code) else "",
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
