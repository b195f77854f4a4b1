"""What each test has at hand, and the options and workers of a run.

The process that hands tests to its workers runs none, so it imports nothing of the product: the
workers begin to import it seconds earlier.
"""

import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fastmcp import Client

ROOT = Path(__file__).parent.parent
CASSETTES = ROOT / "cassettes"
KEY = "sk-test-0123456789abcdefghij"

Connect = Callable[..., AbstractAsyncContextManager["Client[Any]"]]
Run = Callable[..., str]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("cassettes")
    group.addoption("--record-to", help="The folder to record to; `tests.cassettes` sets it.")
    group.addoption("--record-from", choices=["sandbox", "openai"], default="sandbox")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: a fifth of its time a worker waits."""
    return (os.cpu_count() or 1) + 1


def pytest_configure(config: pytest.Config) -> None:
    recorded = config.getoption("--record-mode") not in {None, "none"}
    if recorded and not config.getoption("--record-to"):
        raise pytest.UsageError("Record with `python -m tests.cassettes record`.")
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        config.pluginmanager.import_plugin("tests.fixtures")
