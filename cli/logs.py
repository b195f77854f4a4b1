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

from errors import redact
from settings import Settings

OURS = frozenset(
    {
        "cli", "consultation", "gateway", "generation", "prompts", "sandbox", "server", "storage",
        "tools", "transports", "workflow",
    }
)  # fmt: skip
"""Loggers of this program, by the first part of their names."""

# What pydantic quotes of a refused argument: a person's words more often than not.
QUOTED_INPUT = re.compile(r"input_value=.*?, input_type=", re.DOTALL)
# Line breaks to Python and to editors, though not to JSON.
RARE_BREAKS = str.maketrans({mark: f"\\u{ord(mark):04x}" for mark in "\x85\u2028\u2029"})


def configure(settings: Settings) -> None:
    """Send what any logger says, every warning and every uncaught exception to stderr."""
    key = settings.openai_api_key
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine(key.get_secret_value() if key else ""))
    handler.addFilter(is_for_the_log)
    logging.basicConfig(handlers=[handler], level=settings.log_level, force=True)
    logging.captureWarnings(True)

    stopped = logging.getLogger("cli").critical
    sys.excepthook = lambda _, error, __: stopped("Stopped by a bug.", exc_info=error)
    threading.excepthook = lambda fault: stopped(
        "A thread was stopped by a bug.", exc_info=fault.exc_value
    )


def is_for_the_log(record: logging.LogRecord) -> bool:
    """Below INFO other packages log whole requests, prompts included: only ours pass."""
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
