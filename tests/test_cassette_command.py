"""The command that records tests and says which recordings no longer fit."""

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from vcr.cassette import Cassette
from vcr.request import Request

from errors import Problem
from tests import cassettes, matching, recording
from tests.conftest import KEY
from tests.tape import Tape

ASKED = "test_a_vague_idea_is_asked_about"
NAMELESS = "test_a_model_that_is_not_there_is_named"
VARIED = "test_variations_get_their_own_pictures"
DRAW_TEMPLATE = "generation/draw.md.j2"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Recordings of all tests but one, of which one is of a template that was edited since."""
    shutil.copytree(cassettes.FOLDER, tmp_path, dirs_exist_ok=True)
    (tmp_path / f"{VARIED}.yaml").unlink()
    path = tmp_path / f"{NAMELESS}.yaml"
    mark = next(t for t in Tape.read(path).data["recorded"]["templates"] if DRAW_TEMPLATE in t)
    text = path.read_text(encoding="utf-8").replace(mark, f"{DRAW_TEMPLATE}@0123456789ab")
    path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(cassettes, "FOLDER", tmp_path)
    return tmp_path


def test_what_is_missing_fails_a_check_and_what_is_stale_where_that_is_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [*cassettes.find_faults(folder)] == [f"{VARIED}: it has no recording; record it."]
    stale = [*cassettes.find_stale(folder)]
    assert f"{NAMELESS}: stale cassette: {DRAW_TEMPLATE} changed since recording." in stale

    monkeypatch.setattr(cassettes, "find_faults", list)
    monkeypatch.setattr(cassettes, "find_stale", lambda: stale)
    assert cassettes.check(play=False) == 0
    assert cassettes.check(play=False, strict=True) == 1


def test_a_cost_is_agreed_to_before_openai_is_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert cassettes.settle_origin([ASKED], "openai") == "openai"
    answers = io.StringIO("y\nno\n")
    monkeypatch.setattr("sys.stdin", answers)

    with pytest.raises(Problem, match="no terminal to ask in: say --yes"):
        cassettes.agree([ASKED], yes=False)
    monkeypatch.setattr(answers, "isatty", lambda: True)

    assert cassettes.agree([ASKED], yes=False)
    assert not cassettes.agree([ASKED], yes=False)
    assert cassettes.agree([ASKED], yes=True)
    usd = Tape.read(folder / f"{ASKED}.yaml").usd
    assert f"Recording 1 from OpenAI costs about ${usd:.3f}" in capsys.readouterr().out
    with pytest.raises(Problem, match=f"What {VARIED} would cost is not known yet"):
        cassettes.agree([VARIED], yes=True)


def play(folder: Path, name: str) -> tuple[Cassette, matching.Playing]:
    cassette: Any = Cassette.load(
        path=folder / f"{name}.yaml", serializer=recording, record_mode="none",
        match_on=(matching.same_call,), before_record_request=recording.few_headers_out,
    )  # fmt: skip
    return cassette, matching.Playing(cassette)


def test_a_stale_recording_is_played_and_named(folder: Path) -> None:
    live, *_ = play(folder, NAMELESS)[0].requests
    live.body = live.body.replace(b"0123456789ab", b"ba9876543210")
    cassette, playing = play(folder, NAMELESS)

    assert cassette.play_response(live)
    assert playing.stale == [DRAW_TEMPLATE]


def test_a_changed_request_is_named_by_its_fields() -> None:
    cassette, playing = play(cassettes.FOLDER, VARIED)
    body = json.loads(cassette.requests[0].body)
    body["tools"][0]["quality"] = "high"
    del body["max_tool_calls"]
    live = Request("POST", "http://127.0.0.1/v1/responses", json.dumps(body), {})

    assert not cassette.can_play_response_for(live)
    assert playing.unknown == [
        "POST /v1/responses is not as recorded: max_tool_calls is gone, it was 1; "
        "tools.0.quality was 'low' and is 'high'"
    ]
    assert len(playing.unused) == 2
