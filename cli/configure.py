"""The command `configure`: the OpenAI key into this system's keyring, checked, changed, removed."""

import getpass
import logging
import re
import sys
import warnings
from typing import Annotated

import anyio
from cyclopts import Parameter
from pydantic import SecretStr

import keyring_store
from cli import terminal as show
from cli.doctor.account import access, list_models, refusal
from errors import Problem, conceal
from gateway import api_key as keys
from gateway.api_errors import GatewayError
from settings import Settings, load_settings, local_date

logger = logging.getLogger(__name__)

KEY = re.compile(r"[!-~]{8,512}")
"""One word of plain letters: what an HTTP header and every keyring can hold."""

RECOGNISED = {"verification", "permission", "denied", "quota", "region", "address"}
"""Refusals that OpenAI gives to keys that it knows."""

ARGUMENT = (
    "A key is never given as an argument: it would stay in the history of the shell. Replace a key "
    "that was typed there, then run `image-consultant configure`, which asks for it."
)
REFUSED = (
    "OpenAI refused this key. Nothing was changed. Copy it anew from the OpenAI platform, or make "
    "another there."
)
NO_TERMINAL = (
    "There is no terminal to ask in. Run this command in one, or give the key on stdin: "
    "image-consultant configure --stdin"
)


def configure(
    *words: Annotated[str, Parameter(show=False)],
    stdin: bool = False,
    unchecked: bool = False,
    status: bool = False,
    remove: bool = False,
) -> int:
    """Ask for the OpenAI key without showing it, check it, put it into this system's keyring.

    A key that is there is replaced. One in the environment, or in the `.env` of the data
    folder, wins over it.

    Args:
        words: Refused, since arguments are seen by others.
        stdin: Read the key from the first line of stdin.
        unchecked: Store it without asking OpenAI whether it is right.
        status: Say where the key comes from, and nothing of it; exits with 1 where none is set.
        remove: Remove the key from the keyring.
    """
    if words:
        raise Problem(ARGUMENT)
    settings = load_settings()
    if status:
        return _show_source(settings)
    if remove:
        _remove(settings)
        return 0
    _store(settings, stdin=stdin, unchecked=unchecked)
    return 0


def _show_source(settings: Settings) -> int:
    key = keys.find_key(settings)
    if key is None:
        show.line(f"No key is set. {keys.way_to_give(settings)}")
        return 1
    show.line(f"The key comes from {key.source}.")
    return 0


def _remove(settings: Settings) -> None:
    had_key = keyring_store.remove(keys.ENTRY)
    outcome = "The key was removed from" if had_key else "There is no key in"
    show.line(f"{outcome} {keys.KEYRING}.{_rival(settings, 'is used still')}")
    if had_key:
        logger.info("%s %s.", outcome, keys.KEYRING)


def _store(settings: Settings, *, stdin: bool, unchecked: bool) -> None:
    """Everything that can be refused comes before the keyring is changed."""
    replaced = _in_keyring(settings)
    key = _as_key(sys.stdin.readline()) if stdin else _ask()
    remarks = [] if unchecked else _check(settings, key)
    keyring_store.put(keys.ENTRY, key.get_secret_value())
    verb = "replaces the earlier one in" if replaced else "is in"
    show.line(f"The key {verb} {keys.KEYRING}.{_rival(settings, 'wins over it')}")
    logger.info("The key %s %s.", verb, keys.KEYRING)
    for remark in remarks:
        show.line(remark)
    show.line("A client that runs this server uses it after its next start.")


def _in_keyring(settings: Settings) -> bool:
    """Whether the keyring holds a key already; a system without a keyring is told early."""
    try:
        return keys.from_keyring() is not None
    except keyring_store.NoKeyring as fault:
        raise Problem(keys.way_to_give(settings)) from fault


def _rival(settings: Settings, effect: str) -> str:
    """That another source comes first, if one does."""
    if settings.openai_api_key is None:
        return ""
    key = keys.find_key(settings)
    return f" OPENAI_API_KEY of {key.source} {effect}: remove it there." if key else ""


def _ask() -> SecretStr:
    if not sys.stdin.isatty():
        raise Problem(NO_TERMINAL)
    try:
        with warnings.catch_warnings():
            # Without a terminal getpass warns, then shows what is typed.
            warnings.simplefilter("error", getpass.GetPassWarning)
            return _as_key(getpass.getpass("OpenAI API key (nothing shows while you paste it): "))
    except getpass.GetPassWarning:
        raise Problem(NO_TERMINAL) from None
    except EOFError:
        return _as_key("")


def _as_key(text: str) -> SecretStr:
    key = text.strip()
    if not key:
        raise Problem("No key was given. Nothing was changed.")
    if not KEY.fullmatch(key):
        raise Problem(
            "That is no key: a key is one word of at least 8 letters, digits and signs. Nothing "
            "was changed. Copy it anew from the OpenAI platform."
        )
    conceal(key)
    return SecretStr(key)


def _check(settings: Settings, key: SecretStr) -> list[str]:
    """What to tell of a key that OpenAI knows. Raises `Problem` for one not to be stored."""
    trial = settings.model_copy(update={"openai_api_key": key, "sandbox": False})
    try:
        offered = anyio.run(list_models, trial)
    except GatewayError as error:
        if error.case in RECOGNISED:
            return [refusal(error, keys.KEYRING)]
        if error.case == "key":
            raise Problem(REFUSED) from error
        raise Problem(
            f"The key could not be checked. {refusal(error, keys.KEYRING)} Nothing was changed. "
            "Add --unchecked to store it all the same."
        ) from error
    checks = access(offered, trial, local_date())
    return [check.sentence for check in checks if check.state != "ok"]
