"""What went wrong, in words that a person or a model can act on."""

import re
from typing import Literal, Self

_KEYS = re.compile(r"(?<![A-Za-z0-9])sk-[\w-]{6,}")  # as they are issued
_SECRETS = re.compile(
    r"\S*\*{3,}\S*"  # the masked form that OpenAI echoes
    r"|(?<=[Bb]earer )\S+"
    r"|\b(?:org|proj)[-_]\w{8,}"
)
_SHORTEST = 8
_concealed: set[str] = set()


Severity = Literal["ok", "warning", "problem"]
"""How one finding about an installation, a file or a folder stands."""


class Problem(Exception):  # noqa: N818  # not every one is an error of ours
    """An expected failure: whole sentences saying what happened and the next step.

    Every package derives its errors from this one. The server shows their text to
    the client as it is; any other exception is a bug and its text stays hidden.
    """

    conversation_id: str | None = None

    def within(self, conversation_id: str) -> Self:
        """The same problem, knowing the conversation that can be continued after it."""
        self.conversation_id = conversation_id
        return self

    @property
    def text(self) -> str:
        """All of it in words."""
        if self.conversation_id is None:
            return str(self)
        return f"{self} What was said is kept in conversation {self.conversation_id}."


class StorageError(Problem):
    """Records or pictures could not be written or read."""


def conceal(secret: str) -> None:
    """Have this very text counted as a key from now on, whatever it looks like."""
    if len(secret) >= _SHORTEST:
        _concealed.add(secret)


def without_keys(text: str) -> str:
    """The text without a key: one that looks like it, or one that is known."""
    for secret in _concealed:
        text = text.replace(secret, "[redacted]")
    return _KEYS.sub("[redacted]", text)


def redact(text: str) -> str:
    """The text without anything that looks like a key or names an account."""
    return _SECRETS.sub("[redacted]", without_keys(text))
