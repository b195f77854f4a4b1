"""Shared fixtures: a sandbox, settings in an empty home, clients of both protocol eras."""

import os
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import keyring
import pytest
from fastmcp import Client
from vcr import VCR
from vcr.cassette import Cassette

import server
from cli import command_line
from sandbox.loopback import Sandbox
from settings import Settings
from tests import built_once, matching, recording
from tests.conftest import CASSETTES, KEY, Connect, Run
from tests.folders import settings_in
from tests.ring import Ring


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the person who runs the tests reaches them, nor their home."""
    for name in os.environ:
        if name.startswith(("OPENAI_", "IMAGE_CONSULTANT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries wait for nothing but what OpenAI asks for; that they wait is in test_faults."""
    for name in ("BACKOFF", "RATE_BACKOFF"):
        monkeypatch.setattr(f"gateway.retry.{name}", lambda _state: 0.0)


@pytest.fixture(scope="session", autouse=True)
def everything_built() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        built_once.build(patch)
        yield


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def sandbox(shared_sandbox: Sandbox) -> Sandbox:
    """OpenAI's stand-in, without the requests and faults of earlier tests."""
    shared_sandbox.clear()
    return shared_sandbox


@pytest.fixture
def settings(sandbox: Sandbox, tmp_path: Path) -> Settings:
    return settings_in(tmp_path, sandbox.base_url)


@pytest.fixture
def ring() -> Iterator[Ring]:
    """The system's keyring, empty, for the time of a test."""
    before = keyring.get_keyring()
    ring = Ring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def run(
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run a command on folders of its own, with a key and the sandbox; what it printed."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("IMAGE_CONSULTANT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("IMAGE_CONSULTANT_IMAGES_DIR", str(tmp_path / "images"))

    def command(*words: str) -> str:
        command_line()(words, result_action="return_value")
        return capsys.readouterr().out

    return command


@pytest.fixture
def connect(settings: Settings) -> Connect:
    """Connect to a server with these settings, changed where the test says so."""

    @asynccontextmanager
    async def open_client(mode: str = "auto", **changes: Any) -> AsyncIterator[Client[Any]]:
        changed = settings.model_copy(update=changes)
        async with Client(server.create_server(changed), mode=mode) as client:
            yield client

    return open_client


@pytest.fixture
async def client(connect: Connect) -> AsyncIterator[Client[Any]]:
    async with connect() as connected:
        yield connected


@pytest.fixture(scope="module")
def vcr_cassette_dir(request: pytest.FixtureRequest) -> str:
    """Top-level cassettes/, one folder per test module."""
    return str(Path(request.config.getoption("--record-to") or CASSETTES, request.path.stem))


@pytest.fixture(scope="module")
def vcr_config() -> dict[str, Any]:
    """No record_mode here: it would override --record-mode."""
    return {
        "match_on": ["method", "path", "call"],
        "decode_compressed_response": True,
        "before_record_request": recording.few_headers_out,
        "before_record_response": recording.few_headers_back,
        "before_save_interaction": recording.shorten,
    }


def pytest_recording_configure(config: pytest.Config, vcr: VCR) -> None:  # noqa: ARG001  # a hook
    vcr.register_matcher("call", matching.same_call)
    vcr.register_serializer("yaml", recording)


@pytest.fixture
def cassette(vcr: Cassette, record_mode: str) -> Iterator[Cassette]:
    """The recording of this test: played to its end, and said to be stale where it is."""
    if record_mode != "none":
        yield vcr
        return
    playing = matching.Playing(vcr)
    yield vcr
    for name in playing.stale:
        warnings.warn(f"stale cassette: {name} changed since recording", stacklevel=1)
    assert not playing.unknown, ". ".join(playing.unknown)
    assert not playing.unused, f"recorded and no longer made: {', '.join(playing.unused)}"
