"""The one studio of a data folder: where it listens, for whoever starts a second one."""

import json
import secrets
import time
from contextlib import suppress
from typing import NamedTuple, Self

from errors import Problem
from settings import Settings
from storage.shared_folder import OWNER_ALONE, FolderLock, write_file
from studio.access import Access, secret_in

FOLDER_NAME = "studio"
ADDRESS_FILE = "address.json"

START_SECONDS, RETRY_SECONDS = 10.0, 0.05
"""How long one that was started just now may take to say where it listens: it imports FastMCP
before, which is two seconds, and more on a busy machine."""


class Running(NamedTuple):
    """A studio that runs: its addresses on this machine and from others, without a path.

    Others may not reach it, then theirs is empty. Tokens are for one `run`.
    """

    here: str
    elsewhere: str
    sandbox: bool
    run: str


class Instance:
    """A studio's place in the data folder, held for as long as it runs.

    The lock tells whether one runs: a process that was killed leaves its address there, and the
    system lets go of its lock.
    """

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.data_dir / FOLDER_NAME
        self._file = self._folder / ADDRESS_FILE
        self._lock = FolderLock(self._folder)
        self._run = secrets.token_hex(8)
        self.other: Running | None = None

    def __enter__(self) -> Self:
        """Take the place, or know the `other` that has it."""
        try:
            for folder in (self._folder.parent, self._folder):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._lock.try_lock(alone=True):
                self.other = self._wait()
            self.access = Access(secret_in(self._folder), self.run)
        except OSError as error:
            raise Problem(
                f"{self._folder} cannot be used ({error.strerror}). Make it writable for you, or "
                "choose another data folder with IMAGE_CONSULTANT_DATA_DIR.",
                kind="storage",
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the place."""
        if self.other is None:
            # Windows keeps a file that another command reads just now; nobody believes it
            # without the lock.
            with suppress(OSError):
                self._file.unlink()
        self._lock.release()

    @property
    def run(self) -> str:
        """The run of the studio that has the place."""
        return self.other.run if self.other else self._run

    def announce(self, running: Running) -> None:
        """Write down where this studio listens."""
        text = json.dumps(running._asdict())
        write_file(self._file, [text.encode()], mode=OWNER_ALONE)

    def _wait(self) -> Running | None:
        """What the other wrote; nothing where the disk knows no locks and there is none."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            # Windows refuses to open a file that is being put in its place.
            with suppress(FileNotFoundError, PermissionError, ValueError, TypeError):
                return Running(**json.loads(self._file.read_text(encoding="utf-8")))
            time.sleep(RETRY_SECONDS)
        return None
