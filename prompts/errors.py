"""What can be wrong with a file of prompts."""

from typing import Self

from errors import Problem


class PromptError(Problem):
    """A prompt file is missing, malformed, or was given the wrong variables.

    `file` and `line` say where, as far as that is known; the text names both, too.
    """

    file = ""
    line: int | None = None

    @classmethod
    def at(cls, file: str, line: int | None, sentence: str) -> Self:
        """An error at a line of a file, counted from 1."""
        where = file if line is None else f"{file}, line {line}"
        error = cls(f"{where}: {sentence}")
        error.file, error.line = file, line
        return error
