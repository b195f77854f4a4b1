"""The log is one line an event, and neither keys nor prompts are in it."""

import logging
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from pydantic import BaseModel, ValidationError

from cli import logs
from settings import Settings
from tests.calls import CONSULT, DRAW, consult
from tests.conftest import KEY
from tests.folders import rows
from tests.forks import Server
from tests.rpc import SERVE


@pytest.fixture
def restored() -> Iterator[None]:
    """Undo what `configure` changes for the whole process."""
    root, hook, thread_hook = logging.getLogger(), sys.excepthook, threading.excepthook
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(False)
    sys.excepthook, threading.excepthook = hook, thread_hook
    root.handlers[:] = handlers
    root.setLevel(level)


def line(message: str, *arguments: object, key: str = "", error: Exception | None = None) -> str:
    exc_info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("gateway", logging.INFO, "", 0, message, arguments, exc_info)
    return logs.OneLine(key).format(record)


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefgh12345678",
        "sk-abc***xyz",
        "invalid-*****2345",
        "Bearer abcdef.ghijkl",
    ],
)
def test_what_looks_like_a_key_is_redacted(secret: str) -> None:
    logged = line("Incorrect API key provided: %s. Find yours at the console.", secret)

    assert secret.removeprefix("Bearer ") not in logged
    assert "Incorrect API key provided" in logged


def test_an_event_stays_on_one_line() -> None:
    logged = line("one\ntwo\r\nthree\u2028four\x85five", error=ValueError("six\nseven"))

    assert len(logged.splitlines()) == 1
    assert 'message="one\\ntwo' in logged
    assert "ValueError: six\\nseven" in logged


def test_the_configured_key_is_redacted_and_other_words_stay_readable() -> None:
    logged = line("The key is swordfish, of /home/jürgen/画像.", key="swordfish")

    assert "swordfish" not in logged
    assert "/home/jürgen/画像" in logged


def test_a_refused_argument_is_not_quoted() -> None:
    class Arguments(BaseModel):
        size: int

    idea = "a fox who reads in the snow"
    with pytest.raises(ValidationError) as refusal:
        Arguments.model_validate({"size": idea})

    logged = line("refused", error=refusal.value)
    assert "fox" not in logged
    assert "Input should be a valid integer" in logged


async def test_what_a_person_wrote_is_not_logged_when_the_database_refuses_it(
    client: Client[Any], settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await consult(client, "a hen", mode="skip")
    refuse = "CREATE TRIGGER broken BEFORE INSERT ON turns BEGIN SELECT RAISE(ABORT, 'no'); END"
    rows(settings, refuse)

    message = {"message": "a badger in galoshes", "mode": "skip"}
    refused = await client.call_tool(CONSULT, message, raise_on_error=False)

    logged = "\n".join(
        logs.OneLine().format(record) for record in caplog.records if logs.is_for_the_log(record)
    )
    assert refused.is_error
    assert "IntegrityError" in logged
    assert "INSERT INTO turns" in logged
    assert "galoshes" not in logged


def test_a_server_logs_its_settings_and_each_picture_and_no_word_or_secret(
    tmp_path: Path,
) -> None:
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": "https://me:hunter2@proxy.example/v1",
        "IMAGE_CONSULTANT_HTTP_TOKEN": "a-token-of-some-length",
        "IMAGE_CONSULTANT_QUALITY": "low",
    }
    words = {"prompt": "a badger in galoshes", "dialogue_mode": "skip"}
    with Server([*SERVE, "--sandbox"], environment) as server:
        server.open("initialize")
        answer = server.ask("tools/call", {"name": DRAW, "arguments": words})
        log = server.end().errors
    (image,) = answer["result"]["structuredContent"]["images"]
    first, *others = log.splitlines()

    assert "IMAGE_CONSULTANT_SANDBOX=true" in first
    assert "IMAGE_CONSULTANT_QUALITY=low" in first
    assert "OPENAI_API_KEY=[set]" in first
    assert "proxy.example" in first
    assert "IMAGE_CONSULTANT_DATA_DIR" not in first  # as it comes
    (saved,) = (line for line in others if "Saved" in line)
    assert image["path"] in saved
    assert image["image_id"] in saved
    assert "alembic.runtime.plugins" not in log
    for secret in (KEY, "hunter2", "a-token-of-some-length", "badger", "galoshes"):
        assert secret not in log


@pytest.mark.usefixtures("restored")
def test_details_of_other_packages_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(log_level="DEBUG"))
    logging.getLogger("openai").debug("a whole request")
    logging.getLogger("openai").info("one fact")
    logging.getLogger("gateway.client").debug("our own detail")

    said = capsys.readouterr().err
    assert "a whole request" not in said
    assert "one fact" in said
    assert "our own detail" in said
