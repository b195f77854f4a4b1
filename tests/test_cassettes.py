"""What may be committed in a recording."""

import base64
import io
import json
import re
from pathlib import Path

import pytest
import yaml
from PIL import Image

from tests.conftest import CASSETTES
from tests.recording import KEPT_HEADERS
from tests.tape import Tape
from tests.tiny import DATA_URL, EDGE, FIELD

LIMIT = 64 * 1024
SECRET = re.compile(
    r"sk-[\w-]{16}|bearer|set-cookie|openai-(organization|project)|\b(org|proj)-\w{10}",
    re.IGNORECASE,
)
RECORDINGS = sorted(CASSETTES.rglob("*.yaml"))


def test_there_are_recordings() -> None:
    assert RECORDINGS


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_recording_is_small_and_holds_no_secret(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert len(text.encode()) <= LIMIT
    assert not SECRET.search(text)


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_recording_says_where_it_comes_from(path: Path) -> None:
    recorded = yaml.safe_load(path.read_text(encoding="utf-8"))["recorded"]

    assert recorded["origin"] in {"sandbox", "openai"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", recorded["date"])
    assert recorded["sdk"].startswith("openai 3.")
    assert all(re.fullmatch(r"\S+@[0-9a-f]{12}", name) for name in recorded["templates"])


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_only_a_recording_from_the_sandbox_holds_its_mark(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    origin = yaml.safe_load(text)["recorded"]["origin"]

    assert ("resp_sandbox_" in text or "//sandbox/" in text) == (origin == "sandbox")


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_recording_keeps_few_headers(path: Path) -> None:
    for call in yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]:
        assert set(call["request"]["headers"]) <= KEPT_HEADERS
        assert set(call["response"]["headers"]) <= KEPT_HEADERS


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_pictures_in_a_recording_are_tiny(path: Path) -> None:
    calls = json.dumps(Tape.read(path).data).replace("\\", "")
    for _, encoded, _ in [*FIELD.findall(calls), *DATA_URL.findall(calls)]:
        with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
            image.load()
            assert max(image.size) <= EDGE


@pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
def test_a_stream_in_a_recording_is_text_that_can_be_read(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert text.count("content-type:\n      - text/event-stream") == len(
        re.findall(r"body:\n      string: \|\+?\n        event: response.created\n", text)
    )


def test_pictures_and_streams_are_among_the_recordings() -> None:
    texts = [path.read_text(encoding="utf-8") for path in RECORDINGS]

    assert sum("text/event-stream" in text for text in texts) >= 4
    assert {kind for text in texts for kind in re.findall(r"data:image/(\w+)", text)} >= {
        "png", "jpeg",
    }  # fmt: skip


def test_each_recording_belongs_to_a_test() -> None:
    for path in RECORDINGS:
        module = Path(__file__).parent / f"{path.parent.name}.py"
        assert f"def {path.stem.split('[')[0]}(" in module.read_text(encoding="utf-8")
