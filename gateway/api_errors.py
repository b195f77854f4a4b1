"""Every failure of OpenAI as one of our errors, worded so that whoever can act knows what to do."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from errors import Charged, Problem, redact
from gateway.api_fault import (
    CLIENT_ERROR,
    HOUR,
    MINUTE,
    READ_LENGTH,
    SERVER_ERROR,
    ApiFault,
    Case,
    cases,
    tool_parameters,
    wait_in_headers,
)
from gateway.models import is_image_model, replacements
from settings import variable_of

if TYPE_CHECKING:
    from gateway.prices import Charge

WORDS = {
    "model": "the model that was asked for",
    "setting": "the model in the settings of this server",
    "other": "",
    "parameter": "",
    "numbers": "",
    "wait": "a minute",
    "change": "Change what is asked for, then call again.",
}
"""What stands in the words of a case where its error does not say better."""


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


class GatewayError(Problem):
    """A call to OpenAI that brought nothing usable.

    `case` is a table of `api_errors.toml`, `retryable` says whether the same call may be sent
    again, `unavailable` that nobody answers for now, `outage` that this speaks of OpenAI and
    not of one request, `job_state` what becomes of a drawing. `model` is the one it names,
    `content` what came instead of a picture.
    """

    def __init__(
        self,
        case: str,
        *,
        detail: str = "",
        words: Mapping[str, str] | None = None,
        charged: Charged | None = None,
        retryable: bool | None = None,
        retry_after: float | None = None,
        response_id: str | None = None,
        model: str | None = None,
        code: str = "",
    ) -> None:
        row = cases()[case]
        fitting = {**WORDS, **(words or {})}
        super().__init__(
            f"{row.event.format_map(fitting)} {detail}".strip(),
            row.next_step.format_map(fitting),
            kind=row.kind,
            charged=charged or row.charged,
            retry_after=retry_after,
            code=code,
        )
        self.case = case
        self.retryable = row.retry == "yes" if retryable is None else retryable
        self.response_id = response_id
        self.model = model
        self.unavailable = row.unavailable
        self.outage = row.outage
        self.job_state = row.job
        self.charges: list[Charge] = []
        self.content = b""

    @property
    def is_final(self) -> bool:
        """Whether OpenAI itself says that the response of this id has ended without a picture."""
        return self.response_id is not None and self.job_state == "failed"

    def note_charges(self, charges: list["Charge"]) -> None:
        """Keep what the attempts cost all the same, where OpenAI says it."""
        self.charges = charges
        if charges:
            self.note_charge()


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
    return GatewayError(
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
            return GatewayError("connection")
        if response_id is not None:
            return GatewayError("cut", response_id=response_id)
        return GatewayError("unclear", retryable=not paid)
    fault = ApiFault.read(error.body or error, response_id=response_id, progress=progress)
    return explain(fault, paid=paid)


def _explain_answer(error: Any, *, paid: bool) -> GatewayError:  # openai.APIStatusError
    """Our error for an answer with an HTTP status of failure."""
    fault = ApiFault.read(error.body, status=error.status_code)
    headers = error.response.headers
    fault = replace(fault, retry_after=wait_in_headers(headers) or fault.retry_after)
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
