"""The command `records`: encrypt the records, make them plain again, look after their key."""

import logging
import sys
from getpass import getpass
from typing import Annotated

from cyclopts import App, Parameter

from cli import terminal as show
from errors import Problem
from settings import load_settings

logger = logging.getLogger(__name__)
app = App(name="records", help="Encrypt the records at rest, or make them plain again.")


@app.command
def encrypt() -> None:
    """Encrypt the records with a key in this system's keyring, or with a passphrase.

    The passphrase is IMAGE_CONSULTANT_RECORDS_PASSPHRASE, where it is set.
    """
    from storage import rewriting

    settings = load_settings()
    _tell(rewriting.encrypt(settings.data_dir, settings.records_passphrase))


@app.command
def decrypt() -> None:
    """Make encrypted records plain again."""
    from storage import rewriting

    settings = load_settings()
    _tell(rewriting.decrypt(settings.data_dir, settings.records_passphrase))


@app.command
def key(
    *,
    reveal: Annotated[bool, Parameter(name="--show")] = False,
    restore: Annotated[bool, Parameter(name="--restore")] = False,
) -> None:
    """Say where the key of the records is, print it for safekeeping, or put it back.

    Args:
        reveal: Print the key, in a terminal alone.
        restore: Ask for a key and put it into the keyring.
    """
    from storage.database_file import FILE_NAME
    from storage.encryption import restore_key, reveal_key

    settings = load_settings()
    path = settings.data_dir / FILE_NAME
    if restore:
        restore_key(path, getpass("Key: "))
        _tell(f"The keyring holds the key for {path} now.")
        return
    secret = reveal_key(path)
    if not reveal:
        way = "`image-consultant records key --show` prints it."
        show.line(f"The keyring holds a key for {path}. {way}")
    elif sys.stdout.isatty():
        sys.stdout.write(f"{secret}\n")
    else:
        raise Problem("The key is printed in a terminal alone. Run this command in one.")


def _tell(outcome: str) -> None:
    show.line(outcome)
    logger.info(outcome)
