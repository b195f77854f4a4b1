"""Whether the folders that a person chose can be used, looked at without making anything."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

SPACE_WANTED, SPACE_NEEDED = 1_000_000_000, 100_000_000
"""Bytes of a few dozen pictures, and of a handful."""
OTHERS = 0o077

Finding = tuple[str, Literal["ok", "warning", "problem"], str]


def folder(name: str, path: Path, variable: str) -> Finding:
    """Whether a folder is, or can be made, a place to write to, and the room that is left."""
    try:
        there = next(place for place in (path, *path.parents) if place.exists())
        with tempfile.TemporaryFile(dir=there):
            free = shutil.disk_usage(there).free
    except OSError as error:
        fault = f"{path} cannot be written: {error.strerror}."
        return name, "problem", f"{fault} Make it writable, or choose another with {variable}."
    space = f"{path}, {free / 1e9:.1f} GB free"
    if free < SPACE_NEEDED:
        return name, "problem", f"{space}: too little for pictures. Make room."
    if free < SPACE_WANTED:
        return name, "warning", f"{space}: little for pictures. Make room soon."
    return name, "ok", f"{space}."


def inputs(images_dir: Path, folders: Sequence[Path], variable: str) -> Iterator[Finding]:
    """Whether pictures can be read from the folders that are allowed, and no more than that."""
    name = "input folders"
    for path in folders:
        if not path.is_dir():
            sentence = f"{path} is no folder. Create it, or take it out of {variable}."
            yield name, "warning", sentence
        elif not os.access(path, os.R_OK | os.X_OK):
            sentence = f"{path} cannot be read. Allow it, or take it out of {variable}."
            yield name, "warning", sentence
        elif path.resolve() in {Path.home().resolve(), *Path.home().resolve().parents}:
            sentence = f"{path} opens all of the home to tools. Name single folders in {variable}."
            yield name, "warning", sentence
        else:
            yield name, "ok", f"{path}."
    if not folders:
        yield name, "ok", f"Only {images_dir}; {variable} adds more."


def secret_file(path: Path) -> Iterator[Finding]:
    """Whether others can read a file that may hold the key."""
    if os.name != "nt" and path.is_file() and path.stat().st_mode & OTHERS:
        yield ".env", "warning", f'Others can read {path}. Close it: chmod go= "{path}"'
