"""Faults of the database in whole sentences, each with a way out."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from errors import StorageError

DRIVERS = ("sqlite3", "sqlcipher3")
DAMAGED = (
    "is damaged. Make the same call again: it is set aside then, and new records are begun. Quit "
    "other clients that have it open first"
)
NOT_WRITABLE = "Make its folder writable, or set IMAGE_CONSULTANT_DATA_DIR"

FAULTS = {
    "malformed": DAMAGED,
    "not a database": DAMAGED,
    "disk is full": "cannot grow: the disk is full. Free some space, then make the same call again",
    "disk i/o": "cannot be written: the disk reports an error. Check the disk and its free space",
    "readonly": f"cannot be written. {NOT_WRITABLE}",
    "unable to open": f"cannot be opened. {NOT_WRITABLE}",
    "locked": "is in use by another process for too long. Make the same call again",
}


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite says within into a `StorageError`; what is no fault of the file passes."""
    try:
        yield
    except Exception as error:
        said = error.orig if isinstance(error, DBAPIError) else error
        if type(said).__module__.partition(".")[0] not in DRIVERS:
            raise
        reason = str(said).lower()
        sentence = next((words for sign, words in FAULTS.items() if sign in reason), None)
        if sentence is None:
            raise
        raise StorageError(f"The record database {path} {sentence}.") from error
