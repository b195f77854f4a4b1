"""What can go wrong at OpenAI, worded so that whoever can act knows what to do.

    GatewayError
        CallerError    the wording or the request can be changed
        OwnerError     the owner of the key has to act: key, money, access, model
        Outage         nobody can act but OpenAI; time helps

Facts: the API's error bodies as of 2026-11-21. No class says it twice: what
happened, whether money was spent, and the next step are one row of `KINDS`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from errors import Problem

if TYPE_CHECKING:
    from gateway.prices import Charge

Payment = Literal["no", "maybe", "yes"]

UNAVAILABLE = {"rate_limit", "overloaded", "server", "connection", "unclear", "resting"}
"""Kinds that say that OpenAI does not answer for now, whatever it is asked."""

MONEY: dict[Payment, str] = {
    "no": "Nothing was charged.",
    "maybe": "It is unknown whether this was charged.",
    "yes": "The call was charged.",
}


class GatewayError(Problem):
    """A call to OpenAI that brought nothing usable.

    `kind` is a key of `KINDS`, `retryable` says whether the same call may be sent
    again, `unavailable` that nobody answers for now, `retry_after` is what OpenAI asks to
    wait, in seconds. `charges` are what its attempts cost all the same, where OpenAI says it.
    """

    def __init__(
        self,
        kind: str,
        *,
        detail: str = "",
        payment: Payment | None = None,
        retryable: bool | None = None,
        retry_after: float | None = None,
        response_id: str | None = None,
    ) -> None:
        row = KINDS[kind]
        self.kind = kind
        self.retryable = row.retryable if retryable is None else retryable
        self.retry_after = retry_after
        self.response_id = response_id
        self.unavailable = kind in UNAVAILABLE
        self.charges: list[Charge] = []
        event = f"{row.event} {detail}".strip()
        super().__init__(f"{event} {MONEY[payment or row.payment]} {row.next_step}")


class CallerError(GatewayError):
    """The caller can rephrase or change the request."""


class OwnerError(GatewayError):
    """The owner of the key or the account has to act."""


class Outage(GatewayError):  # noqa: N818  # an outage is no error of anyone here
    """Nobody here can act; time helps."""


@dataclass(frozen=True)
class ErrorKind:
    """One way to fail: who can act, what happened, the next step, the money, retry or not."""

    error: type[GatewayError]
    event: str
    next_step: str
    payment: Payment = "no"
    retryable: bool = False


KINDS: dict[str, ErrorKind] = {
    "no_key": ErrorKind(
        OwnerError,
        "No OpenAI key is set.",
        "Run `image-consultant configure` in a terminal, or set OPENAI_API_KEY for this server and "
        "restart it, or start it with --sandbox to try it without a key.",
    ),
    "key": ErrorKind(
        OwnerError,
        "OpenAI refused the API key.",
        "Give a valid one with `image-consultant configure` in a terminal, or as OPENAI_API_KEY, "
        "and restart this server.",
    ),
    "verification": ErrorKind(
        OwnerError,
        "OpenAI wants the organization behind the key verified for this model.",
        "Verify the organization in the settings of the OpenAI platform; access can take 15 "
        "minutes to arrive.",
    ),
    "permission": ErrorKind(
        OwnerError,
        "OpenAI does not allow this key to do that.",
        "Check the key's permissions and the region in the settings of the OpenAI platform.",
    ),
    "quota": ErrorKind(
        OwnerError,
        "The OpenAI account is out of credit or at its spending limit.",
        "Add credit or raise the limit in the billing settings of the OpenAI platform, then call "
        "again.",
    ),
    "model": ErrorKind(
        OwnerError,
        "OpenAI does not offer that model to this key.",
        "Set another model in the settings of this server or in the call.",
    ),
    "no_image_tool": ErrorKind(
        OwnerError,
        "The assistant model cannot call the image tool.",
        "Set IMAGE_CONSULTANT_ASSISTANT_MODEL to a model that can, such as gpt-6-luna.",
    ),
    "rate_limit": ErrorKind(
        Outage,
        "OpenAI is limiting the pace of requests.",
        "Wait a minute, then make the same call again.",
        retryable=True,
    ),
    "overloaded": ErrorKind(
        Outage,
        "OpenAI is overloaded.",
        "Wait a few minutes, then make the same call again.",
        retryable=True,
    ),
    "server": ErrorKind(
        Outage,
        "OpenAI had an internal error.",
        "Wait a minute, then make the same call again.",
        retryable=True,
    ),
    "connection": ErrorKind(
        Outage,
        "OpenAI could not be reached.",
        "Check the network connection, then make the same call again.",
        retryable=True,
    ),
    "resting": ErrorKind(
        Outage,
        "OpenAI failed several times in a row, so this server leaves it alone for a moment.",
        "Make the same call again then.",
    ),
    "unclear": ErrorKind(
        Outage,
        "The connection to OpenAI broke before the answer was complete.",
        "Look at the usage page of the OpenAI platform before paying for it again.",
        payment="maybe",
    ),
    "lost": ErrorKind(
        Outage,
        "OpenAI no longer knows this request, so what became of its picture cannot be known.",
        "Look at the usage page of the OpenAI platform before paying for it again.",
        payment="maybe",
    ),
    "cut": ErrorKind(
        Outage,
        "The connection to OpenAI broke while it was drawing.",
        "Call again with only the conversation_id: that looks the picture up where OpenAI keeps "
        "it, and costs nothing.",
        payment="maybe",
    ),
    "unfinished": ErrorKind(
        Outage,
        "OpenAI is still drawing this picture.",
        "Call again in a minute with only this conversation_id.",
        payment="maybe",
    ),
    "moderation": ErrorKind(
        CallerError,
        "OpenAI's safety system refused this request.",
        "Change what is asked for; unchanged it will be refused again.",
    ),
    "refusal": ErrorKind(
        CallerError,
        "The model declined to answer.",
        "Change what is asked for, then call again.",
        payment="yes",
    ),
    "no_picture": ErrorKind(
        CallerError,
        "OpenAI answered without a picture.",
        "Say more plainly what is to be drawn, then call again.",
        payment="yes",
    ),
    "not_a_picture": ErrorKind(
        Outage,
        "OpenAI sent bytes that are not a picture.",
        "Call again to have it drawn anew; that is charged again.",
        payment="yes",
    ),
    "truncated": ErrorKind(
        Outage,
        "The answer was cut off before its end.",
        "Call again with the same words.",
        payment="yes",
    ),
    "empty": ErrorKind(
        Outage,
        "OpenAI sent an empty answer.",
        "Call again with the same words.",
        payment="yes",
    ),
    "too_long": ErrorKind(
        CallerError,
        "The conversation is too long for the model.",
        "Start a new conversation with the refined prompt so far.",
    ),
    "previous_response": ErrorKind(
        CallerError,
        "OpenAI no longer knows the earlier picture's response.",
        "Draw the picture anew from its prompt; its file is still on disk.",
    ),
    "not_found": ErrorKind(
        CallerError,
        "OpenAI does not know what was asked for.",
        "It may be older than the 30 days that OpenAI keeps it.",
    ),
    "input_image": ErrorKind(
        CallerError,
        "OpenAI could not use the input picture.",
        "Use a PNG, JPEG or WebP file below 50 MB.",
    ),
    "request": ErrorKind(
        CallerError,
        "OpenAI did not accept the request.",
        "Change the parameter it names, then call again.",
    ),
    "unknown": ErrorKind(
        Outage,
        "OpenAI failed in a way this server does not know.",
        "Wait a minute, then call again.",
        payment="maybe",
    ),
}


def failure(kind: str, **details: object) -> GatewayError:
    """The error of a kind, as the class that says who can act."""
    return KINDS[kind].error(kind, **details)  # type: ignore[arg-type]  # same keywords
