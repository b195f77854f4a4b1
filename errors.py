"""What all packages share of errors: their base, what they cost, how bad one is, no secrets."""

import re
from typing import Literal, NamedTuple, Self

_KEYS = re.compile(r"(?<![A-Za-z0-9])sk-[\w-]{6,}")
"""A key as OpenAI issues it."""
_SECRETS = re.compile(
    # The masked form that OpenAI echoes; begun anew at each letter a long word takes minutes.
    r"(?<!\S)\S*\*{3,}\S*"
    r"|(?<=[Bb]earer )\S+"
    r"|\b(?:org|proj)[-_]\w{8,}"
)
_SHORTEST_SECRET = 8
"""Letters: replacing a shorter text everywhere would tear ordinary words apart."""
_known_secrets: set[str] = set()


Severity = Literal["ok", "warning", "problem"]
"""How it stands with a part of an installation: a setting, a folder, a file."""


class Check(NamedTuple):
    """One thing that was looked at: its name, how it stands, and what to do if anything."""

    name: str
    state: Severity
    sentence: str


ProblemKind = Literal[
    "input", "settings", "key", "budget", "moderation", "rate", "too_large", "model", "network",
    "storage", "unknown",
]  # fmt: skip
"""Of what sort an error is, for programs that branch on it: a word of every error result."""

Charged = Literal["no", "yes", "unknown"]
"""Whether OpenAI charged for what failed."""

MONEY: dict[Charged, str] = {
    "no": "Nothing was charged.",
    "unknown": "It is unknown whether this was charged.",
    "yes": "The call was charged.",
}
"""The one place that words it."""

DAILY_BUDGET = "daily_budget"
"""The code of a refusal for the limit set here; an empty account at OpenAI is a `budget`, too."""

NEXT_STEPS: dict[ProblemKind, str] = {
    "input": "Change what it names, then call again.",
    "settings": "Correct the setting that it names, then restart the server.",
    "key": "Give this server a key that it can use, with `image-consultant configure`.",
    "budget": "Go on tomorrow, or raise the limit.",
    "moderation": "Change what is asked for, then call again.",
    "rate": "Wait a minute, then make the same call again.",
    "too_large": "Make it smaller, then call again.",
    "model": "Set another model in the settings of this server or in the call.",
    "network": "Check the network connection, then make the same call again.",
    "storage": "Put right what it names, then make the same call again.",
    "unknown": "Make the same call again in a while.",
}
"""What helps where a problem's own words say it in passing."""


class Problem(Exception):  # noqa: N818  # not every one is an error of ours
    """An expected failure: what happened, whether it was charged, and the next step.

    Every package derives its errors from this one. The server shows their text to
    the client as it is; any other exception is a bug and its text stays hidden.
    `charged` is None where that is not its own to know, `retry_after` is in seconds. `advice` is
    empty where the step is the one that helps with every problem of its kind. `code` tells apart
    what is of one kind: OpenAI's own error code, or `DAILY_BUDGET`.
    """

    kind: ProblemKind = "input"
    charged: Charged | None = None
    conversation_id: str | None = None

    def __init__(
        self,
        event: str,
        next_step: str = "",
        *,
        kind: ProblemKind | None = None,
        charged: Charged | None = None,
        retry_after: float | None = None,
        code: str = "",
    ) -> None:
        self.kind = kind or self.kind
        self.code = code
        self.charged = charged or self.charged
        self.retry_after = retry_after
        self.next_step = next_step or NEXT_STEPS[self.kind]
        self.event, self.advice = event, next_step

    def __str__(self) -> str:
        """All of it in words, as far as the problem itself knows what was charged."""
        return self.sentence(MONEY[self.charged] if self.charged else "")

    def sentence(self, money: str) -> str:
        """What happened, what is to be said of money, and the next step."""
        return " ".join(part for part in (self.event, money, self.advice) if part)

    def note_charge(self) -> None:
        """Say that OpenAI charged for it, whatever was thought before."""
        self.charged = "yes"

    def with_step(self, next_step: str) -> Self:
        """A problem like this one that says what else helps; this one may be raised to others."""
        twin = type(self).__new__(type(self))  # what subclasses are made from is not known here
        twin.__dict__.update(self.__dict__)
        twin.__cause__ = self.__cause__
        twin.advice = twin.next_step = f"{self.advice} {next_step}".strip()
        return twin

    def within(self, conversation_id: str) -> Self:
        """The same problem, knowing the conversation that can be continued after it."""
        self.conversation_id = conversation_id
        return self

    def text(self, charged: Charged | None = None, *, spent: float | None = 0.0) -> str:
        """All of it in words.

        Its call was `charged` where it does not say itself, and `spent` so many USD before it,
        None where their price is not known.
        """
        known = self.charged or charged
        money = MONEY[known] if known else ""
        if spent != 0 and self.charged != "yes":
            money = MONEY["unknown"] if self.charged == "unknown" else ""
            before = "What this call asked before it failed was charged; its price is not known."
            if spent is not None:
                before = f"What this call asked before it failed cost ${spent:.4f}."
            money = f"{money} {before}".strip()
        words = self.sentence(money)
        if self.conversation_id is None:
            return words
        return f"{words} What was said is kept in conversation {self.conversation_id}."


class StorageError(Problem):
    """Records or pictures could not be written or read."""

    kind: ProblemKind = "storage"


def conceal(secret: str) -> None:
    """Have this very text counted as a key from now on, whatever it looks like."""
    if len(secret) >= _SHORTEST_SECRET:
        _known_secrets.add(secret)


def without_keys(text: str) -> str:
    """The text without a key: one that looks like it, or one that is known."""
    for secret in _known_secrets:
        text = text.replace(secret, "[redacted]")
    return _KEYS.sub("[redacted]", text)


def redact(text: str) -> str:
    """The text without anything that looks like a key or names an account."""
    return _SECRETS.sub("[redacted]", without_keys(text))
