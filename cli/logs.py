"""Logging on stderr, one event a line, without keys and without what people wrote.

The lines are `key=value` pairs with JSON strings for values: Claude Desktop stores
stderr in a file that people read and grep, so time and level come first and need no
parser, while a traceback folds into one quoted value that any JSON reader unfolds.
"""

import json
import logging
import re
import sys
import threading
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from errors import Problem, redact
from settings import Settings, in_words, load_settings, own_version, variable_of

FILE = "command-line.log"
MOST_BYTES = 1_000_000
"""Of that file; about five thousand lines, and as many in the one before it."""
BUG = f"""\
The command failed in a way that nobody foresaw; {FILE} in the data folder says more. Run it again;
if it fails again, report it with what `image-consultant doctor` prints.
"""

OURS = frozenset(path.stem for path in Path(__file__).parents[1].iterdir())
"""Loggers of this program, by the first part of their names: rooms and modules beside this one."""

# What pydantic quotes of a refused argument, 50 letters at most: a person's words, often.
QUOTED_INPUT = re.compile(r"input_value=.{0,200}?, input_type=", re.DOTALL)
# Line breaks to Python and to editors, though not to JSON.
RARE_BREAKS = str.maketrans({mark: f"\\u{ord(mark):04x}" for mark in "\x85\u2028\u2029"})


def configure(settings: Settings) -> None:
    """Send what any logger says, every warning and every uncaught exception to stderr."""
    _send_to(logging.StreamHandler(sys.stderr), settings)


def write_to_file() -> None:
    """Send it to a file of the data folder: a terminal shows what a command says, and no log."""
    try:
        settings = load_settings()
    except Problem:  # the command itself says so, if it needs them
        return
    _send_to(_LogFile(settings.data_dir / FILE), settings, BUG)


class _LogFile(RotatingFileHandler):
    """A file that is there from the first event on: most commands have none."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=MOST_BYTES, backupCount=1, encoding="utf-8", delay=True)

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return super()._open()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Pass over it: a full disk is told by the command that needs room."""


def _send_to(handler: logging.Handler, settings: Settings, bug: str = "") -> None:
    """Have a handler write everything; what is said on stderr of a `bug` besides."""
    key = settings.openai_api_key
    handler.setFormatter(OneLine(key.get_secret_value() if key else ""))
    handler.addFilter(is_for_the_log)
    logging.basicConfig(handlers=[handler], level=settings.log_level, force=True)
    logging.captureWarnings(True)

    def log_bug(what: str, error: BaseException | None) -> None:
        logging.getLogger("cli").critical("%s was stopped by a bug.", what, exc_info=error)
        sys.stderr.write(bug)

    sys.excepthook = lambda _, error, __: log_bug("The program", error)
    threading.excepthook = lambda fault: log_bug("A thread", fault.exc_value)


def start(settings: Settings) -> None:
    """Log that a server starts, and which settings are not as they come; of a secret, that it is.

    A password in an address is none of the log's business either.
    """
    changes = {variable_of(name): in_words(value) for name, value in settings.changes().items()}
    words = ", ".join(f"{name}={value}" for name, value in changes.items()) or "none"
    logging.getLogger("cli.serve").info(
        "image-consultant %s starts. Settings that differ from the default: %s.",
        own_version(),
        re.sub(r"://[^/@\s]*@", "://[redacted]@", words),
    )


def is_for_the_log(record: logging.LogRecord) -> bool:
    """Below INFO other packages log whole requests, prompts included: only ours pass.

    Alembic names its plugins at each start, which tells nobody anything.
    """
    if record.name == "alembic.runtime.plugins":
        return record.levelno > logging.INFO
    return record.levelno >= logging.INFO or record.name.partition(".")[0] in OURS


class OneLine(logging.Formatter):
    """An event as one line in which no key is left, the given one whatever it looks like."""

    def __init__(self, key: str = "") -> None:
        super().__init__()
        self._key = key

    def format(self, record: logging.LogRecord) -> str:
        """The event's time (UTC), level, logger and message, and its traceback if any."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = f"time={moment} level={record.levelname} logger={record.name}"
        line += f" message={self._quote(record.getMessage())}"
        if record.exc_info:
            line += f" traceback={self._quote(self.formatException(record.exc_info))}"
        return line

    def _quote(self, text: str) -> str:
        clean = QUOTED_INPUT.sub("input_value=[left out], input_type=", text)
        if self._key:
            clean = clean.replace(self._key, "[redacted]")
        return json.dumps(redact(clean), ensure_ascii=False).translate(RARE_BREAKS)
