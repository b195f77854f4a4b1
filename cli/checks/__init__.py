"""What `doctor` looks at, each finding with its next step."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal, NamedTuple, TextIO

import anyio

from cli.child import server_process
from gateway.models import outlook
from problems import Problem
from settings import Settings, load_settings, variable_of

PACKAGES = ("fastmcp", "mcp", "openai", "pydantic", "pillow", "sqlalchemy")
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
START_SECONDS = 60
"""After so long Claude Desktop gives a server up (claude-code#84136)."""
SPACE_WANTED, SPACE_NEEDED = 1_000_000_000, 100_000_000
"""Bytes of a few dozen pictures, and of a handful."""


class Check(NamedTuple):
    """One finding: what was looked at, how it stands, and what to do if anything."""

    name: str
    state: Literal["ok", "warning", "problem"]
    sentence: str


def examine(sandbox: bool) -> Iterator[Check]:
    """Look at one thing after the other; the server's own start comes last."""
    yield _python()
    yield _packages()
    try:
        settings = load_settings(sandbox=True) if sandbox else load_settings()
    except Problem as problem:
        yield Check("settings", "problem", str(problem))
        return
    yield _key(settings)
    yield _folder(settings.images_dir, "images_dir")
    yield _folder(settings.data_dir, "data_dir")
    for name, state, sentence in outlook(settings, datetime.now().astimezone().date()):
        yield Check(name, state, sentence)
    yield _start(sandbox)


def _python() -> Check:
    running = ".".join(map(str, sys.version_info[:3]))
    if OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        return Check("python", "ok", running)
    return Check("python", "problem", f"{running} is not supported. Install Python 3.13.")


def _packages() -> Check:
    there, missing = [], []
    for package in PACKAGES:
        try:
            there.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            missing.append(package)
    if missing:
        names = ", ".join(missing)
        return Check("packages", "problem", f"Not installed: {names}. Install the server again.")
    return Check("packages", "ok", ", ".join(there))


def _key(settings: Settings) -> Check:
    if settings.sandbox:
        return Check("key", "ok", "The sandbox needs none.")
    if settings.openai_api_key is None:
        return Check(
            "key",
            "problem",
            f"There is none. Set OPENAI_API_KEY in the client's configuration or in "
            f"{settings.data_dir / '.env'}, or try everything with --sandbox first.",
        )
    value = settings.openai_api_key.get_secret_value()
    in_environment = value == os.environ.get("OPENAI_API_KEY")
    source = "the environment" if in_environment else str(settings.data_dir / ".env")
    return Check("key", "ok", f"OPENAI_API_KEY comes from {source}.")


def _folder(folder: Path, field: str) -> Check:
    name = field.removesuffix("_dir") + " folder"
    there = next(place for place in (folder, *folder.parents) if place.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            free = shutil.disk_usage(there).free
    except OSError as error:
        fault = f"{folder} cannot be written: {error.strerror}."
        return Check(name, "problem", f"{fault} Choose another with {variable_of(field)}.")
    space = f"{folder}, {free / 1e9:.1f} GB free"
    if free < SPACE_NEEDED:
        return Check(name, "problem", f"{space}: too little for pictures. Make room.")
    if free < SPACE_WANTED:
        return Check(name, "warning", f"{space}: little for pictures. Make room soon.")
    return Check(name, "ok", f"{space}.")


def _start(sandbox: bool) -> Check:
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        try:
            tools, seconds = anyio.run(_list_tools, ["--sandbox"] if sandbox else [], said)
        except Exception as error:  # whatever ends the child is the finding
            said.seek(0)
            last = (said.read().splitlines() or [str(error) or type(error).__name__])[-1]
            return Check("start", "problem", f"The server did not list its tools: {last}")
    return Check("start", "ok", f"{tools} tools listed over stdio after {seconds:.1f} s.")


async def _list_tools(options: list[str], said: TextIO) -> tuple[int, float]:
    from fastmcp import Client

    transport = server_process(*options, log=said)
    began = time.perf_counter()
    with anyio.fail_after(START_SECONDS):
        async with Client(transport) as client:
            return len(await client.list_tools()), time.perf_counter() - began
