"""What a start costs beside a bare FastMCP server, so that imports stay lazy.

Both servers are started in turn and asked for their tools over stdio; the medians of
processor time and peak memory are compared. Run it with `uv run python bench/start.py`.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
BARE = """\
from fastmcp import FastMCP

mcp = FastMCP("bare", version="0")


@mcp.tool
def one() -> None: ...


@mcp.tool
def two() -> None: ...


mcp.run(show_banner=False)
"""
REQUESTS: tuple[dict[str, object], ...] = (
    {
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "bench", "version": "0"},
        },
    },
    {"method": "notifications/initialized"},
    {"id": 2, "method": "tools/list"},
)
BARS = {"processor": 1.1, "memory": 1.05}
"""What a person does not notice beside the Python and FastMCP that any server needs."""


class Cost(NamedTuple):
    """What one start took: processor seconds and peak memory in the system's unit."""

    processor: float
    memory: float


def start_once(command: Sequence[str], environment: dict[str, str]) -> Cost:
    """Start a server, have it list its tools, end it there and read what it used."""
    with subprocess.Popen(
        command, env=environment, stdin=-1, stdout=-1, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin
        assert process.stdout
        for request in REQUESTS:
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **request}).encode() + b"\n")
        process.stdin.flush()
        while json.loads(process.stdout.readline()).get("id") != REQUESTS[-1]["id"]:
            pass
        process.kill()
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


def measure(runs: int) -> tuple[Cost, Cost]:
    """The median costs of the bare server and of ours, started in turn."""
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder, "bare.py")
        bare.write_text(BARE, encoding="utf-8")
        commands = ([sys.executable, str(bare)], [sys.executable, str(ROOT / "__main__.py")])
        # With PYTHONDONTWRITEBYTECODE each start of ours would compile its modules anew, while
        # those of the bare server lie compiled where they are installed.
        inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment = {
            **inherited,
            "HOME": folder,
            "IMAGE_CONSULTANT_DATA_DIR": folder,
            "IMAGE_CONSULTANT_IMAGES_DIR": folder,
        }
        for command in commands:  # once before, so that both find their bytecode compiled
            start_once(command, environment)
        costs = [[start_once(command, environment) for command in commands] for _ in range(runs)]
    theirs, ours = (
        Cost(*map(statistics.median, zip(*side, strict=True))) for side in zip(*costs, strict=True)
    )
    return theirs, ours


def main() -> int:
    """Print each ratio beside its bar; 1 where one does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="starts of each server")
    theirs, ours = measure(parser.parse_args().runs)
    all_hold = True
    for name, bar in BARS.items():
        ratio = getattr(ours, name) / getattr(theirs, name)
        verdict = "holds" if ratio <= bar else "MISSED"
        all_hold = all_hold and ratio <= bar
        print(f"{name:9}  {ratio:.2f} x a bare FastMCP server  (bar {bar:.2f}: {verdict})")
    return 0 if all_hold else 1


if __name__ == "__main__":
    sys.exit(main())
