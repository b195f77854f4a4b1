"""The command line `image-consultant`: which commands there are, and how each may end."""

import os
import sys
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from errors import Problem

if TYPE_CHECKING:
    from cyclopts import App

__all__ = ["launch", "terminal"]

FASTMCP_DEFAULTS = {"FASTMCP_ENV_FILE": os.devnull, "FASTMCP_TELEMETRY_MODE": "off"}
"""FastMCP reads a `.env` of the working directory and records spans unless set otherwise."""
FASTMCP_FIXED = {"FASTMCP_LOG_ENABLED": "false"}
"""Its own handlers draw boxes of several lines on stderr; `cli.logs` writes one line each."""

COMMANDS = {
    "serve": (
        "cli.serve:serve",
        "Serve the tools to an MCP client, over stdio or http.",
    ),
    "conversations": (
        "cli.conversations:commands",
        "Find, take out, bring in and remove records.",
    ),
    "consult": ("cli.consult:consult", "Hold the dialogue in a terminal, then draw if wanted."),
    "generate": ("cli.generate:generate", "Draw a prompt as it is, and wait for the picture."),
    "demo": ("cli.demo:demo", "Play the whole job on the sandbox: no key, no cost."),
    "configure": ("cli.configure:configure", "Put the OpenAI key into this system's keyring."),
    "client-config": (
        "cli.client_config:client_config",
        "Print what makes a client start this server, or write it.",
    ),
    "doctor": ("cli.doctor.command:doctor", "Check what the server needs, and start it once."),
    "prompts": ("cli.prompts:app", "List, check, try and change what is said to models."),
    "records": (
        "cli.records:app",
        "Encrypt the records at rest, or make them plain again.",
    ),
    "sandbox": ("cli.sandbox:sandbox", "Serve the stand-in for OpenAI by itself."),
}
"""Each command with where it lives, imported when it is called, and its line of help."""

SERVE_ALONE = frozenset({"serve", "--sandbox"})


def main() -> None:
    """Run the command that the arguments name.

    Exits with 2 after one line on stderr where a person has to act, with 130 on Ctrl-C.
    """
    for name, value in FASTMCP_DEFAULTS.items():
        os.environ.setdefault(name, value)
    os.environ.update(FASTMCP_FIXED)
    try:
        _run(sys.argv[1:])
    except Problem as problem:
        sys.stderr.write(" ".join(str(problem).split()) + "\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _run(arguments: Sequence[str]) -> None:
    """Start the server directly where little is to be parsed: importing the parser costs 0.1 s.

    A client writes all folders that a person chose in a bundle's form behind one option.
    """
    alone = [*takewhile(lambda word: word != "--input-dirs", arguments)]
    folders = arguments[len(alone) + 1 :]
    if SERVE_ALONE.issuperset(alone) and not any(word.startswith("-") for word in folders):
        from cli.serve import serve

        serve(sandbox="--sandbox" in alone, input_dirs=folders)
    else:
        command_line()(arguments)


def command_line() -> "App":
    """Every command with its options, as the parser knows them."""
    from cyclopts import App, Parameter

    from cli.serve import serve
    from settings import own_version

    app = App(
        name="image-consultant",
        help="An MCP server that asks before it draws. Without a command it serves.",
        version=own_version,
        default_parameter=Parameter(negative=()),
        suppress_keyboard_interrupt=False,
    )
    app.default(serve)
    for name, (place, help_line) in COMMANDS.items():
        app.command(place, name=name, help=help_line)
    return app
