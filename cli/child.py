"""Start this very server as a child process and speak MCP with it."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from fastmcp.client.transports import StdioTransport

PROGRAM = Path(__file__).parent.parent / "__main__.py"


def server_process(*options: str, log: TextIO) -> "StdioTransport":
    """A transport to `serve` with these options; what it logs goes to an open file."""
    from fastmcp.client.transports import StdioTransport

    return StdioTransport(
        sys.executable,
        [str(PROGRAM), "serve", *options],
        env=dict(os.environ),
        keep_alive=False,
        log_file=log,
    )
