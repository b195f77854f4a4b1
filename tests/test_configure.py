"""The key: asked for, checked, kept in the keyring, used when needed, and never seen anywhere."""

import getpass
import io
import json
import sys
import threading
import time
import urllib.request
from pathlib import Path

import anyio
import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from keyring.errors import KeyringLocked

import keyring_store
from cli import command_line
from cli.configure import configure
from errors import Problem
from gateway import api_key as keys
from sandbox.loopback import Sandbox
from tests.calls import CONSULT, DRAW, draw, refusal
from tests.conftest import KEY, Connect
from tests.ring import Ring

ODD = "proxy/0123456789/abcdefghij"
"""A key that does not look like OpenAI's."""

pytestmark = pytest.mark.usefixtures("ring")


class Locked(Ring):
    """A keyring whose person does not unlock it."""

    def get_password(self, service: str, username: str) -> str | None:  # noqa: ARG002
        raise KeyringLocked("no")


class Silent(Ring):
    """A keyring that waits for a person who is not there."""

    unlocked = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.unlocked.wait(9)
        return super().get_password(service, username)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> Path:
    """The home of a person whose OpenAI is the sandbox."""
    monkeypatch.setenv("OPENAI_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("IMAGE_CONSULTANT_DATA_DIR", str(tmp_path / "data"))
    return tmp_path


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{KEY}\n"))


def fail_listing(sandbox: Sandbox, fault: str) -> None:
    """Have the next list of models end in a fault."""
    body = json.dumps({"fault": fault, "path": "/v1/models", "times": 9}).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{sandbox.url}/sandbox/faults", body, headers)
    urllib.request.urlopen(request, timeout=5).close()


def kept(ring: Ring) -> str | None:
    return ring.kept.get((keyring_store.SERVICE, keys.ENTRY))


def complaint(**options: bool) -> str:
    with pytest.raises(Problem) as caught:
        configure(**options)
    return str(caught.value)


def parts_of(key: str) -> list[str]:
    """A key and the parts of it that OpenAI repeats."""
    return [key, key[:8], key[-4:]]


@pytest.mark.usefixtures("stdin", "home")
def test_a_key_that_openai_knows_is_kept_and_not_shown(
    ring: Ring, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "cli")
    assert configure(stdin=True) == 0

    assert kept(ring) == KEY
    assert configure(status=True) == 0
    shown = capsys.readouterr()
    assert "this system's keyring" in shown.out
    assert shown.err == ""
    changes = [record for record in caplog.records if record.name.startswith("cli")]
    assert len(changes) == 1  # of the change, and not of the question
    assert not any(part in shown.out + caplog.text for part in parts_of(KEY))


@pytest.mark.parametrize("changes", [{}, {"openai_api_key": None, "sandbox": True}])
async def test_the_keyring_is_not_asked_where_no_key_of_it_is_needed(
    connect: Connect, ring: Ring, changes: dict[str, object]
) -> None:
    async with connect(**changes) as client:
        await client.list_tools()
        await draw(client, prompt="a red fox", dialogue_mode="skip")

    assert ring.asked == 0


async def test_the_keyring_is_not_asked_by_listing_and_a_new_key_is_found_without_a_restart(
    connect: Connect, ring: Ring
) -> None:
    async with connect(openai_api_key=None) as client:
        await client.list_tools()
        assert ring.asked == 0
        assert "image-consultant configure" in await refusal(client, CONSULT, message="a fox")
        ring.set_password(keyring_store.SERVICE, keys.ENTRY, KEY)
        await draw(client, prompt="a red fox", dialogue_mode="skip")


@pytest.mark.usefixtures("stdin", "home")
@pytest.mark.parametrize("fault", ["invalid_api_key", "key_echo"])
def test_a_wrong_key_is_not_kept_and_the_earlier_one_stays(
    ring: Ring, sandbox: Sandbox, fault: str
) -> None:
    ring.set_password(keyring_store.SERVICE, keys.ENTRY, "an-earlier-key")
    fail_listing(sandbox, fault)

    said = complaint(stdin=True)

    assert said.startswith("OpenAI refused this key. Nothing was changed.")
    assert kept(ring) == "an-earlier-key"
    assert not any(part in said for part in parts_of(KEY))


@pytest.mark.usefixtures("stdin", "home")
@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("unverified", "wants the organization"),
        ("insufficient_quota", "out of credit"),
        (None, "does not list gpt-image-9 for this key. Verify"),
    ],
)
def test_a_key_that_openai_knows_but_limits_is_kept_and_told(
    *, ring: Ring, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], fault: str | None, sentence: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("IMAGE_CONSULTANT_IMAGE_MODEL", "gpt-image-9")
    if fault:
        fail_listing(sandbox, fault)

    configure(stdin=True)

    assert kept(ring) == KEY
    assert sentence in capsys.readouterr().out


@pytest.mark.usefixtures("stdin", "home")
def test_a_key_that_cannot_be_checked_is_kept_only_where_that_is_asked_for(
    ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")

    said = complaint(stdin=True)

    assert "could not be reached. Check the network" in said
    assert said.endswith("Add --unchecked to store it all the same.")
    assert kept(ring) is None
    monkeypatch.setattr(sys, "stdin", io.StringIO(KEY))
    configure(stdin=True, unchecked=True)
    assert kept(ring) == KEY


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("given", "told"),
    [("", "No key was given"), ("  \n", "No key was given"), ("sk proj 12345678", "no key"),
     ("sk-schlüssel-12345", "no key"), ("sk-1", "no key")],
)  # fmt: skip
def test_what_is_no_key_is_refused_without_repeating_it(
    ring: Ring, monkeypatch: pytest.MonkeyPatch, given: str, told: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(given))

    said = complaint(stdin=True)

    assert told in said
    assert not given.strip() or given.strip() not in said
    assert ring.kept == {}


class Terminal(io.StringIO):
    """A stdin that a person sits at."""

    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("home")
def test_in_a_terminal_it_is_typed_unseen(
    ring: Ring, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(getpass, "getpass", lambda _: KEY)

    configure()

    assert kept(ring) == KEY
    assert not any(part in str(capsys.readouterr()) for part in parts_of(KEY))


@pytest.mark.usefixtures("stdin", "home")
def test_without_a_terminal_the_way_out_is_named() -> None:
    assert complaint().endswith("image-consultant configure --stdin")


@pytest.mark.usefixtures("home")
def test_a_key_as_an_argument_is_refused_without_repeating_it(ring: Ring) -> None:
    with pytest.raises(Problem) as caught:
        command_line()(["configure", KEY])

    assert "never given as an argument" in str(caught.value)
    assert not any(part in str(caught.value) for part in parts_of(KEY))
    assert ring.kept == {}


@pytest.mark.usefixtures("stdin", "home")
def test_a_key_that_another_source_hides_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")

    configure(stdin=True)

    assert "of the environment wins over it: remove it there." in capsys.readouterr().out


@pytest.mark.usefixtures("stdin", "home")
def test_a_key_can_be_replaced_and_removed(ring: Ring, capsys: pytest.CaptureFixture[str]) -> None:
    ring.set_password(keyring_store.SERVICE, keys.ENTRY, "an-earlier-key")

    configure(stdin=True)
    assert "replaces the earlier one" in capsys.readouterr().out
    assert kept(ring) == KEY
    configure(remove=True)
    assert "was removed from" in capsys.readouterr().out
    configure(remove=True)
    assert "There is no key in" in capsys.readouterr().out
    assert configure(status=True) == 1


@pytest.mark.usefixtures("stdin")
def test_a_system_without_a_keyring_is_told_before_the_key_is_asked_for(
    home: Path, sandbox: Sandbox
) -> None:
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]

    said = complaint(stdin=True)

    assert f"into {home / 'data' / '.env'}" in said
    assert sys.stdin.read() == f"{KEY}\n"
    assert sandbox.requests == []


async def test_without_a_keyring_status_and_drawing_say_what_works_there(
    connect: Connect, capsys: pytest.CaptureFixture[str]
) -> None:
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]

    assert configure(status=True) == 1
    async with connect(openai_api_key=None) as client:
        error = await refusal(client, DRAW, prompt="a fox", dialogue_mode="skip")

    for said in (capsys.readouterr().out, error):
        assert ".env" in said
        assert "image-consultant configure" not in said


async def test_a_locked_keyring_is_a_sentence(connect: Connect) -> None:
    keyring.set_keyring(Locked())

    async with connect(openai_api_key=None) as client:
        said = await refusal(client, DRAW, prompt="a fox", dialogue_mode="skip")

    assert "Unlock it and allow the access" in said
    assert "OPENAI_API_KEY" in said


async def test_a_silent_keyring_is_waited_for_once_and_used_once_it_is_unlocked(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring_store, "PATIENCE_SECONDS", 0.2)
    silent = Silent()
    silent.set_password(keyring_store.SERVICE, keys.ENTRY, KEY)
    keyring.set_keyring(silent)

    async with connect(openai_api_key=None) as client:
        began = time.monotonic()
        said = [await refusal(client, CONSULT, message="a fox") for _ in range(2)]
        waited = time.monotonic() - began
        silent.unlocked.set()
        while not all(question.done() for question in keyring_store._unanswered):  # noqa: ASYNC110
            await anyio.sleep(0.01)
        await draw(client, prompt="a red fox", dialogue_mode="skip")

    assert all("did not answer within" in one for one in said)
    assert waited < 10  # seconds on a busy machine; one answer is awaited, for 0.2 s
    assert silent.asked == 2


@pytest.mark.parametrize(("mode", "key"), [("auto", KEY), ("legacy", ODD)])
async def test_no_part_of_a_key_in_the_keyring_is_told_logged_or_recorded(
    *, connect: Connect, sandbox: Sandbox, ring: Ring, tmp_path: Path, mode: str, key: str,
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    ring.set_password(keyring_store.SERVICE, keys.ENTRY, key)
    told = []
    with caplog.at_level("INFO"):
        async with connect(mode, openai_api_key=None, toolsets=["all"]) as client:
            for fault in ("key_echo", "invalid_api_key"):
                sandbox.fail(fault)
                told.append(await refusal(client, DRAW, prompt="a fox", dialogue_mode="skip"))
                sandbox.fail(fault)
                told.append(await refusal(client, CONSULT, message="a fox"))
            told.append(str(await client.call_tool("openai_status", {})))
    files = files_below(tmp_path)

    assert "OpenAI refused the API key." in told[0]
    for text in (*told, caplog.text, *capfd.readouterr()):
        assert not any(part in text for part in parts_of(key))
    assert any(path.suffix == ".db" for path in files)
    for data in files.values():
        assert not any(part.encode() in data for part in parts_of(key)[:2])


def files_below(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
