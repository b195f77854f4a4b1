"""Put a file in place whole or not at all, durably: the one way in which files are written."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

OWNER_ALONE = 0o600


def write_file(path: Path, pieces: Iterable[bytes], *, mode: int | None = None) -> None:
    """Write bytes, in place of what was there; `mode` is that of the file, else the system's.

    Who reads meanwhile sees the file before or the file after; a process that is killed
    leaves no half one. Raises `OSError`.
    """
    part = path.with_name(f".{secrets.token_hex(8)}.part")

    def create(name: str, flags: int) -> int:
        return os.open(name, flags, 0o666 if mode is None else OWNER_ALONE)

    try:
        with open(part, "xb", opener=create) as file:
            for piece in pieces:
                file.write(piece)
        if mode is not None:
            part.chmod(mode)
        put_in_place(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def put_in_place(part: Path, path: Path) -> None:
    """Give a finished file its name, in place of what had it. Raises `OSError`.

    Bytes go to the disk before the name does: after a power cut the name would otherwise
    stand over an empty file.
    """
    _sync(part, os.O_RDWR)
    part.replace(path)
    if os.name == "posix":  # Windows cannot open a folder, and keeps renames by itself
        _sync(path.parent, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
