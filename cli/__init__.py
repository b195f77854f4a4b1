"""The command line `image-consultant`: which commands there are, and how each may end."""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import takewhile
from typing import TYPE_CHECKING, NoReturn

from errors import Problem

if TYPE_CHECKING:
    from cyclopts import App

__all__ = ["clients", "terminal"]

FASTMCP_DEFAULTS = {"FASTMCP_ENV_FILE": os.devnull, "FASTMCP_TELEMETRY_MODE": "off"}
"""FastMCP reads a `.env` of the working directory and records spans unless set otherwise."""
FASTMCP_FIXED = {"FASTMCP_LOG_ENABLED": "false", "FASTMCP_CLIENT_DISCONNECT_TIMEOUT": "600"}
"""Its own handlers draw boxes of several lines on stderr; `cli.logs` writes one line each. Its
client breaks off after five seconds what a server still waits for at its end, which in the process
of a command is at most as long as a picture may take."""

COMMANDS = {
    "serve": (
        "cli.serve:serve",
        "Serve the tools to an MCP client, over stdio or http.",
    ),
    "studio": ("cli.studio:studio", "Open the whole job as a page in the browser."),
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
    "styles": (
        "cli.styles:app",
        "Make, apply, list, show and delete styles: what pictures look like.",
    ),
    "records": (
        "cli.records:app",
        "Encrypt the records at rest, or make them plain again.",
    ),
    "sandbox": ("cli.serve:sandbox", "Serve the stand-in for OpenAI by itself."),
}
"""Each command with where it lives, imported when it is called, and its line of help."""

SERVE_ALONE = frozenset({"serve", "--sandbox"})

SANDBOX = (
    "With --sandbox a stand-in plays OpenAI, without key and cost. What it makes lies in the same "
    "data folder as real work and is marked; its costs, ratings and choices count apart. "
    "IMAGE_CONSULTANT_DATA_DIR gives it a folder of its own."
)

FAILED, MISUSED, INTERRUPTED = 1, 2, 130
"""Exit codes, as shells and POSIX tools have them."""


PAYING = frozenset({"consult", "generate"})
"""Commands that say themselves what Ctrl-C leaves behind, once they have begun something."""


class Interruption(KeyboardInterrupt):
    """Ctrl-C to a command that had begun something, and has said what becomes of it."""


class UsageProblem(Problem):
    """A command was typed in a way that means nothing."""


def main() -> None:
    """Run the command that the arguments name.

    A failure is one line on stderr and exits with 1, where the command or a setting has to be
    written differently with 2, Ctrl-C with 130, a reader that went away with 141.
    """
    for name, value in FASTMCP_DEFAULTS.items():
        os.environ.setdefault(name, value)
    os.environ.update(FASTMCP_FIXED)
    try:
        try:
            _run(sys.argv[1:])
        finally:
            sys.stdout.flush()
    except Problem as problem:
        _stop(str(problem), MISUSED if _is_misuse(problem) else FAILED)
    except KeyboardInterrupt as stop:
        if PAYING.intersection(sys.argv[1:2]) and not isinstance(stop, Interruption):
            sys.stderr.write("Stopped. Nothing was begun or charged.\n")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        from cli import terminal

        terminal.end_quietly()


def _is_misuse(problem: Problem) -> bool:
    return isinstance(problem, UsageProblem) or problem.kind == "settings"


def _stop(words: str, code: int) -> NoReturn:
    from cli import terminal

    with suppress(KeyboardInterrupt):  # while it is told: it has failed all the same
        terminal.failure(words)
    sys.exit(code)


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
        from cli import logs

        logs.write_to_file()
        _require_command(arguments)
        command_line()(arguments)


def _require_command(arguments: Sequence[str]) -> None:
    """Refuse a command that is not there: the parser would take its name for words of `serve`."""
    name = next(iter(arguments), "-")
    if name.startswith("-") or name in COMMANDS:
        return
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, n=1)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    raise UsageProblem(f"There is no command {name!r}.{hint} `image-consultant --help` lists them.")


def command_line() -> "App":
    """Every command with its options, as the parser knows them."""
    from cyclopts import App, Parameter

    from cli.serve import serve
    from settings import own_version

    app = App(
        name="image-consultant",
        help=f"An MCP server that asks before it draws. Without a command it serves.\n\n{SANDBOX}",
        version=own_version,
        default_parameter=Parameter(negative=(), show_default=_default_in_help),
        suppress_keyboard_interrupt=False,
    )
    app.default(serve)
    add_commands(app, COMMANDS)
    return app


def add_commands(app: "App", commands: Mapping[str, tuple[str, str]]) -> None:
    """Add commands that are imported when they are called, by place and line of help.

    The line stands in lists of them, which import none; on its own page a docstring says more.
    """
    for name, (place, help_line) in commands.items():
        app.command(place, name=name, help=None if name in sys.argv else help_line)


def _default_in_help(value: object) -> str | None:
    """A default as the help of a command shows it, None where it says nothing: "", () or False."""
    return str(value) if value else None
