"""What can go wrong at OpenAI, worded so that whoever can act knows what to do.

    GatewayError
        CallerError    the wording or the request can be changed
        OwnerError     the owner of the key has to act: key, money, access, model
        Outage         nobody can act but OpenAI; time helps

Facts: the API's error bodies as of 2026-11-21. No class says it twice: what
happened, whether money was spent, and the next step are one row of `CASES`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from errors import Charged, Problem, ProblemKind

if TYPE_CHECKING:
    from gateway.prices import Charge

UNAVAILABLE = {"rate_limit", "overloaded", "server", "connection", "unclear", "resting"}
"""Cases that say that OpenAI does not answer for now, whatever it is asked."""

UNDECIDED = {"cut", "lost", "unclear", "unfetched", "unfinished"}
"""Cases after which a response may still bring its picture."""


class GatewayError(Problem):
    """A call to OpenAI that brought nothing usable.

    `case` is a key of `CASES`, `retryable` says whether the same call may be sent
    again, `unavailable` that nobody answers for now, `retry_after` is what OpenAI asks to
    wait, in seconds. `charges` are what its attempts cost all the same, where OpenAI says it.
    `content` is what came instead of a picture.
    """

    def __init__(
        self,
        case: str,
        *,
        detail: str = "",
        charged: Charged | None = None,
        retryable: bool | None = None,
        retry_after: float | None = None,
        response_id: str | None = None,
    ) -> None:
        row = CASES[case]
        super().__init__(
            f"{row.event} {detail}".strip(),
            row.next_step,
            kind=row.kind,
            charged=charged or row.charged,
            retry_after=retry_after,
        )
        self.case = case
        self.retryable = row.retryable if retryable is None else retryable
        self.response_id = response_id
        self.unavailable = case in UNAVAILABLE
        self.charges: list[Charge] = []
        self.content = b""

    @property
    def is_final(self) -> bool:
        """Whether OpenAI itself says that the response of this id has ended without a picture."""
        return self.response_id is not None and self.case not in UNDECIDED


class CallerError(GatewayError):
    """The caller can rephrase or change the request."""


class OwnerError(GatewayError):
    """The owner of the key or the account has to act."""


class Outage(GatewayError):  # noqa: N818  # an outage is no error of anyone here
    """Nobody here can act; time helps."""


@dataclass(frozen=True)
class Case:
    """One way to fail: who can act, of which kind, what happened, what helps, money, retries."""

    error: type[GatewayError]
    kind: ProblemKind
    event: str
    next_step: str
    charged: Charged = "no"
    retryable: bool = False


CASES: dict[str, Case] = {
    "no_key": Case(
        OwnerError,
        "key",
        "No OpenAI key is set.",
        "Run `image-consultant configure` in a terminal, or set OPENAI_API_KEY for this server and "
        "restart it, or start it with --sandbox to try it without a key.",
    ),
    "key": Case(
        OwnerError,
        "key",
        "OpenAI refused the API key.",
        "Give a valid one with `image-consultant configure` in a terminal, or as OPENAI_API_KEY, "
        "and restart this server.",
    ),
    "verification": Case(
        OwnerError,
        "model",
        "OpenAI wants the organization behind the key verified for this model.",
        "Verify the organization in the settings of the OpenAI platform; access can take 15 "
        "minutes to arrive.",
    ),
    "permission": Case(
        OwnerError,
        "key",
        "OpenAI does not allow this key to do that.",
        "Check the key's permissions and the region in the settings of the OpenAI platform.",
    ),
    "quota": Case(
        OwnerError,
        "budget",
        "The OpenAI account is out of credit or at its spending limit.",
        "Add credit or raise the limit in the billing settings of the OpenAI platform, then call "
        "again.",
    ),
    "model": Case(
        OwnerError,
        "model",
        "OpenAI does not offer that model to this key.",
        "Set another model in the settings of this server or in the call.",
    ),
    "no_image_tool": Case(
        OwnerError,
        "model",
        "The assistant model cannot call the image tool.",
        "Set IMAGE_CONSULTANT_ASSISTANT_MODEL to a model that can, such as gpt-6-luna.",
    ),
    "rate_limit": Case(
        Outage,
        "rate",
        "OpenAI is limiting the pace of requests.",
        "Wait a minute, then make the same call again.",
        retryable=True,
    ),
    "overloaded": Case(
        Outage,
        "network",
        "OpenAI is overloaded.",
        "Wait a few minutes, then make the same call again.",
        retryable=True,
    ),
    "server": Case(
        Outage,
        "network",
        "OpenAI had an internal error.",
        "Wait a minute, then make the same call again.",
        retryable=True,
    ),
    "connection": Case(
        Outage,
        "network",
        "OpenAI could not be reached.",
        "Check the network connection, then make the same call again.",
        retryable=True,
    ),
    "resting": Case(
        Outage,
        "network",
        "OpenAI failed several times in a row, so this server leaves it alone for a moment.",
        "Make the same call again then.",
    ),
    "unclear": Case(
        Outage,
        "network",
        "The connection to OpenAI broke before the answer was complete.",
        "Look at the usage page of the OpenAI platform before paying for it again.",
        charged="unknown",
    ),
    "lost": Case(
        Outage,
        "network",
        "OpenAI no longer knows this request, so what became of its picture cannot be known.",
        "Look at the usage page of the OpenAI platform before paying for it again.",
        charged="unknown",
    ),
    "cut": Case(
        Outage,
        "network",
        "The connection to OpenAI broke while it was drawing.",
        "Call again with only the conversation_id: that looks the picture up where OpenAI keeps "
        "it, and costs nothing.",
        charged="unknown",
    ),
    "unfinished": Case(
        Outage,
        "network",
        "OpenAI is still drawing this picture.",
        "Call again in a minute with only this conversation_id.",
        charged="unknown",
    ),
    "unfetched": Case(
        Outage,
        "network",
        "OpenAI has this request, but its picture could not be fetched.",
        "Call again in a minute with only this conversation_id: that fetches it, and costs nothing "
        "more.",
        charged="unknown",
    ),
    "moderation": Case(
        CallerError,
        "moderation",
        "OpenAI's safety system refused this request.",
        "Change what is asked for; unchanged it will be refused again.",
    ),
    "refusal": Case(
        CallerError,
        "moderation",
        "The model declined to answer.",
        "Change what is asked for, then call again.",
        charged="yes",
    ),
    "no_picture": Case(
        CallerError,
        "input",
        "OpenAI answered without a picture.",
        "Say more plainly what is to be drawn, then call again.",
        charged="yes",
    ),
    "not_a_picture": Case(
        Outage,
        "network",
        "OpenAI sent bytes that are not a picture.",
        "Call again to have it drawn anew; that is charged again.",
        charged="yes",
    ),
    "truncated": Case(
        Outage,
        "model",
        "The answer was cut off before its end.",
        "Call again with the same words.",
        charged="yes",
    ),
    "empty": Case(
        Outage,
        "model",
        "OpenAI sent an empty answer.",
        "Call again with the same words.",
        charged="yes",
    ),
    "too_long": Case(
        CallerError,
        "too_large",
        "The conversation is too long for the model.",
        "Start a new conversation with the refined prompt so far.",
    ),
    "previous_response": Case(
        CallerError,
        "input",
        "OpenAI no longer knows the earlier picture's response.",
        "Draw the picture anew from its prompt; its file is still on disk.",
    ),
    "not_found": Case(
        CallerError,
        "input",
        "OpenAI does not know what was asked for.",
        "It may be older than the 30 days that OpenAI keeps it.",
    ),
    "input_image": Case(
        CallerError,
        "input",
        "OpenAI could not use the input picture.",
        "Use a PNG, JPEG or WebP file below 50 MB.",
    ),
    "request": Case(
        CallerError,
        "input",
        "OpenAI did not accept the request.",
        "Change the parameter it names, then call again.",
    ),
    "unknown": Case(
        Outage,
        "unknown",
        "OpenAI failed in a way this server does not know.",
        "Wait a minute, then call again.",
        charged="unknown",
    ),
}


def failure(case: str, **details: object) -> GatewayError:
    """The error of a case, as the class that says who can act."""
    return CASES[case].error(case, **details)  # type: ignore[arg-type]  # same keywords
