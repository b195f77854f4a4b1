"""How this very installation is started: by another program, or by us as a child.

By absolute paths alone: programs with a window do not see the PATH of a shell, least of all on
macOS, where a bare `uv` is found in a terminal and not by them.
"""

import os
import shutil
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from fastmcp.client.transports import StdioTransport

ROOT = Path(__file__).parent.parent
DISTRIBUTION = "image-consultant"


def command() -> list[str]:
    """The program and its arguments that serve over stdio.

    In a clone that is uv, which brings the environment up to date after a pull; in uv's
    cache, which may be emptied, uvx; else the installed script, or this Python.
    """
    uv = find_uv()
    if uv and (ROOT / "pyproject.toml").is_file():
        return [uv, "run", "--directory", str(ROOT), DISTRIBUTION]
    if uv and Path(sys.prefix).parent.name.startswith("archive-v"):
        return [uv, "tool", "run", "--from", _origin(), DISTRIBUTION]
    script = shutil.which(DISTRIBUTION, path=sysconfig.get_path("scripts"))
    return [script] if script else [sys.executable, str(ROOT / "__main__.py")]


def find_uv() -> str | None:
    """The absolute path of uv: the one that runs this, one on PATH, or one beside this Python."""
    scripts = sysconfig.get_path("scripts")
    running = shutil.which(os.environ.get("UV", ""))
    path = running or shutil.which("uv") or shutil.which("uv", path=scripts)
    return str(Path(path).absolute()) if path else None


def server_process(*options: str, log: TextIO) -> "StdioTransport":
    """A transport to `serve` with these options; what it logs goes to an open file."""
    from fastmcp.client.transports import StdioTransport

    return StdioTransport(
        sys.executable,
        [str(ROOT / "__main__.py"), "serve", *options],
        env=dict(os.environ),
        keep_alive=False,
        log_file=log,
    )


def _origin() -> str:
    """What was installed: the address of a file or folder, or the version in a registry."""
    import json

    try:
        installed = distribution(DISTRIBUTION)
    except PackageNotFoundError:
        return DISTRIBUTION
    address = json.loads(installed.read_text("direct_url.json") or "{}").get("url")
    return f"{DISTRIBUTION} @ {address}" if address else f"{DISTRIBUTION}=={installed.version}"
