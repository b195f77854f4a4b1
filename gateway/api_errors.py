"""What can go wrong at OpenAI, worded so that whoever can act knows what to do.

No case says it twice: what OpenAI sends for it, what happened, whether money was spent, and
the next step are one table of `api_errors.toml`.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from errors import Charged, Problem, ProblemKind

if TYPE_CHECKING:
    from gateway.prices import Charge

JobState = Literal["requested", "failed", "unknown", "submitted"]

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
    path = Path(__file__).with_suffix(".toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def failure(case: str, **details: object) -> GatewayError:
    """The error of a case."""
    return GatewayError(case, **details)  # type: ignore[arg-type]  # same keywords
