"""What can go wrong at OpenAI, told so that the right person can act.

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

Spent = Literal["no", "maybe", "yes"]

UNAVAILABLE = {"rate_limit", "overloaded", "server", "connection", "unclear", "resting"}
"""Failures that say that OpenAI does not answer for now, whatever it is asked."""

MONEY: dict[Spent, str] = {
    "no": "Nothing was charged.",
    "maybe": "It is unknown whether this was charged.",
    "yes": "The call was charged.",
}


class GatewayError(Problem):
    """A call to OpenAI that brought nothing usable.

    `kind` is a key of `KINDS`, `retryable` says whether the same call may be sent
    again, `unavailable` that nobody answers for now, `retry_after` is what OpenAI asked to
    wait, in seconds. `charges` are what its attempts cost all the same, where OpenAI told.
    """

    def __init__(  # the class says it
        self,
        kind: str,
        *,
        detail: str = "",
        spent: Spent | None = None,
        retryable: bool | None = None,
        retry_after: float | None = None,
        response_id: str | None = None,
    ) -> None:
        row = KINDS[kind]
        self.kind = kind
        self.spent: Spent = spent or row.spent
        self.retryable = row.retry if retryable is None else retryable
        self.retry_after = retry_after
        self.response_id = response_id
        self.unavailable = kind in UNAVAILABLE
        self.charges: list[Charge] = []
        what = f"{row.what} {detail}".strip()
        super().__init__(f"{what} {MONEY[self.spent]} {row.next_step}")


class CallerError(GatewayError):
    """The caller can rephrase or change the request."""


class OwnerError(GatewayError):
    """The owner of the key or the account has to act."""


class Outage(GatewayError):  # noqa: N818  # an outage is no error of anyone here
    """Nobody here can act; time helps."""


@dataclass(frozen=True)
class Kind:
    """One way to fail: who can act, what happened, the money, retry or not, next step."""

    error: type[GatewayError]
    what: str
    spent: Spent
    retry: bool
    next_step: str


KINDS: dict[str, Kind] = {
    "no_key": Kind(
        OwnerError,
        "No OpenAI key is set.",
        "no",
        False,
        "Run `image-consultant configure` in a terminal, or set OPENAI_API_KEY for this server and "
        "restart it, or start it with --sandbox to try it without a key.",
    ),
    "key": Kind(
        OwnerError,
        "OpenAI refused the API key.",
        "no",
        False,
        "Give a valid one with `image-consultant configure` in a terminal, or as OPENAI_API_KEY, "
        "and restart this server.",
    ),
    "verification": Kind(
        OwnerError,
        "OpenAI wants the organization behind the key verified for this model.",
        "no",
        False,
        "Verify the organization in the settings of the OpenAI platform; access can take 15 "
        "minutes to arrive.",
    ),
    "permission": Kind(
        OwnerError,
        "OpenAI does not allow this key to do that.",
        "no",
        False,
        "Check the key's permissions and the region in the settings of the OpenAI platform.",
    ),
    "quota": Kind(
        OwnerError,
        "The OpenAI account is out of credit or at its spending limit.",
        "no",
        False,
        "Add credit or raise the limit in the billing settings of the OpenAI platform, then call "
        "again.",
    ),
    "model": Kind(
        OwnerError,
        "OpenAI does not offer that model to this key.",
        "no",
        False,
        "Set another model in the settings of this server or in the call.",
    ),
    "no_image_tool": Kind(
        OwnerError,
        "The assistant model cannot call the image tool.",
        "no",
        False,
        "Set IMAGE_CONSULTANT_ASSISTANT_MODEL to a model that can, such as gpt-6-luna.",
    ),
    "rate_limit": Kind(
        Outage,
        "OpenAI is limiting the pace of requests.",
        "no",
        True,
        "Wait a minute, then make the same call again.",
    ),
    "overloaded": Kind(
        Outage,
        "OpenAI is overloaded.",
        "no",
        True,
        "Wait a few minutes, then make the same call again.",
    ),
    "server": Kind(
        Outage,
        "OpenAI had an internal error.",
        "no",
        True,
        "Wait a minute, then make the same call again.",
    ),
    "connection": Kind(
        Outage,
        "OpenAI could not be reached.",
        "no",
        True,
        "Check the network connection, then make the same call again.",
    ),
    "resting": Kind(
        Outage,
        "OpenAI failed several times in a row, so this server leaves it alone for a moment.",
        "no",
        False,
        "Make the same call again then.",
    ),
    "unclear": Kind(
        Outage,
        "The connection to OpenAI broke before the answer was complete.",
        "maybe",
        False,
        "Look at the usage page of the OpenAI platform before paying for it again.",
    ),
    "lost": Kind(
        Outage,
        "OpenAI no longer knows this request, so what became of its picture cannot be known.",
        "maybe",
        False,
        "Look at the usage page of the OpenAI platform before paying for it again.",
    ),
    "cut": Kind(
        Outage,
        "The connection to OpenAI broke while it was drawing.",
        "maybe",
        False,
        "Call again with only the conversation_id: that looks the picture up where OpenAI keeps "
        "it, and costs nothing.",
    ),
    "unfinished": Kind(
        Outage,
        "OpenAI is still drawing this picture.",
        "maybe",
        False,
        "Call again in a minute with only this conversation_id.",
    ),
    "moderation": Kind(
        CallerError,
        "OpenAI's safety system refused this request.",
        "no",
        False,
        "Change what is asked for; unchanged it will be refused again.",
    ),
    "refusal": Kind(
        CallerError,
        "The model declined to answer.",
        "yes",
        False,
        "Change what is asked for, then call again.",
    ),
    "no_picture": Kind(
        CallerError,
        "OpenAI answered without a picture.",
        "yes",
        False,
        "Say more plainly what is to be drawn, then call again.",
    ),
    "not_a_picture": Kind(
        Outage,
        "OpenAI sent bytes that are not a picture.",
        "yes",
        False,
        "Call again to have it drawn anew; that is charged again.",
    ),
    "truncated": Kind(
        Outage,
        "The answer was cut off before its end.",
        "yes",
        False,
        "Call again with the same words.",
    ),
    "empty": Kind(
        Outage,
        "OpenAI sent an empty answer.",
        "yes",
        False,
        "Call again with the same words.",
    ),
    "too_long": Kind(
        CallerError,
        "The conversation is too long for the model.",
        "no",
        False,
        "Start a new conversation with the refined prompt so far.",
    ),
    "previous_response": Kind(
        CallerError,
        "OpenAI no longer knows the earlier picture's response.",
        "no",
        False,
        "Draw the picture anew from its prompt; its file is still on disk.",
    ),
    "not_found": Kind(
        CallerError,
        "OpenAI does not know what was asked for.",
        "no",
        False,
        "It may be older than the 30 days that OpenAI keeps it.",
    ),
    "input_image": Kind(
        CallerError,
        "OpenAI could not use the input picture.",
        "no",
        False,
        "Use a PNG, JPEG or WebP file below 50 MB.",
    ),
    "request": Kind(
        CallerError,
        "OpenAI did not accept the request.",
        "no",
        False,
        "Change the parameter it names, then call again.",
    ),
    "unknown": Kind(
        Outage,
        "OpenAI failed in a way this server does not know.",
        "maybe",
        False,
        "Wait a minute, then call again.",
    ),
}


def failure(kind: str, **details: object) -> GatewayError:
    """The error of a kind, as the class that says who can act."""
    return KINDS[kind].error(kind, **details)  # type: ignore[arg-type]  # same keywords
