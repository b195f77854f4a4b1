"""What may be committed in a recording."""

import base64
import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import CASSETTES
from tests.recording import KEPT_HEADERS
from tests.tape import Tape
from tests.tiny import DATA_URL, EDGE, FIELD

LIMIT = 64 * 1024
"""Bytes: what a reviewer reads in a sitting, and git keeps for good."""

SECRET = re.compile(
    r"sk-[\w-]{16}|bearer|set-cookie|openai-(organization|project)|\b(org|proj)-\w{10}",
    re.IGNORECASE,
)
PATHS = sorted(CASSETTES.rglob("*.yaml"))


def assert_may_be_committed(tape: Tape) -> None:
    """Fail for a secret, a header beyond the few, a large picture, a large file."""
    assert len(tape.text.encode()) <= LIMIT
    assert not SECRET.search(tape.text)
    for call in tape.data["interactions"]:
        assert {*call["request"]["headers"], *call["response"]["headers"]} <= KEPT_HEADERS
    calls = json.dumps(tape.data).replace("\\", "")
    for _, encoded, _ in [*FIELD.findall(calls), *DATA_URL.findall(calls)]:
        with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
            image.load()
            assert max(image.size) <= EDGE


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_recording_is_small_holds_no_secret_and_says_where_it_comes_from(path: Path) -> None:
    tape = Tape.read(path)
    recorded = tape.data["recorded"]

    assert_may_be_committed(tape)
    assert ("resp_sandbox_" in tape.text or "//sandbox/" in tape.text) == (
        recorded["origin"] == "sandbox"
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", recorded["date"])
    assert recorded["sdk"].startswith("openai 3.")
    assert all(re.fullmatch(r"\S+@[0-9a-f]{12}", name) for name in recorded["templates"])
    assert tape.text.count("content-type:\n      - text/event-stream") == len(
        re.findall(r"body:\n      string: \|\+?\n        event: response.created\n", tape.text)
    ), "a stream is text that can be read"
