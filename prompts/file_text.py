"""Read a file of prompts as text, whatever lies there in its place."""

from pathlib import Path

from prompts.errors import PromptError

LARGEST = 64_000
"""Bytes of a file. The longest shipped one has a tenth of it."""
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_text(path: Path, file: str) -> str:
    """The text of a file, its lines ended alike. Raises `PromptError` with the fix.

    `file` is what to call it.
    """
    data = _read(path, file)
    if data.startswith(UTF_16) or b"\0" in data:
        raise PromptError.at(file, 1, "it is UTF-16 or no text at all; save it as UTF-8.")
    try:
        text = data.decode("utf-8-sig")  # an editor may mark the order of bytes
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PromptError.at(
            file, line, "a letter here is not UTF-8; save the file in the encoding UTF-8."
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _read(path: Path, file: str) -> bytes:
    try:
        if path.is_dir():
            raise PromptError.at(file, None, "it is a folder; put a file in its place.")
        if path.exists() and not path.is_file():  # a pipe or device could be read without end
            raise PromptError.at(file, None, "it is no file; put a text file in its place.")
        with path.open("rb") as opened:
            data = opened.read(LARGEST + 1)
    except OSError as error:
        raise PromptError.at(file, None, _mending(path, error)) from error
    if len(data) > LARGEST:
        raise PromptError.at(
            file,
            data.count(b"\n") + 1,
            f"it is larger than {LARGEST:,} bytes; cut it down to what the model needs to know.",
        )
    return data


def _mending(path: Path, error: OSError) -> str:
    why = error.strerror or "unreadable"
    if path.is_symlink():
        return f"it is a link that leads nowhere ({why}); put the file itself in its place."
    return f"it cannot be read ({why}); give yourself the right to read it."
