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
from tests import cassettes, matching, recording, replay
from tests.conftest import KEY
from tests.replay import RecordedTest
from tests.tape import CASSETTES, Tape

ASKED = RecordedTest("tests/test_recorded.py::test_a_vague_idea_is_asked_about")
NAMELESS = RecordedTest("tests/test_recorded.py::test_a_model_that_is_not_there_is_named")
VARIED = RecordedTest("tests/test_recorded.py::test_variations_get_their_own_pictures")
DRAW_TEMPLATE = "generation/draw.md.j2"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Recordings of all tests but one."""
    shutil.copytree(CASSETTES, tmp_path, dirs_exist_ok=True)
    (tmp_path / VARIED.place).unlink()
    monkeypatch.setattr(replay, "CASSETTES", tmp_path)
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def run(*words: str) -> Any:
    return cassettes.app(list(words), result_action="return_value")


def make_stale(path: Path) -> None:
    """As if the template had been edited since."""
    mark = next(t for t in Tape.read(path).data["recorded"]["templates"] if DRAW_TEMPLATE in t)
    edit(path, mark, f"{DRAW_TEMPLATE}@0123456789ab")


@pytest.mark.parametrize(("kind", "strict", "plain"), [("stale", 1, 0), ("unused", 1, 1)])
def test_what_is_stale_fails_a_check_only_where_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, kind: Any, strict: int, plain: int
) -> None:
    misfit = cassettes.Misfit(kind, "test_one", "it is so.")
    monkeypatch.setattr(cassettes, "find_misfits", lambda *, play: [] if play else [misfit])

    assert run("check", "--no-play") == plain
    assert run("check", "--no-play", "--strict", "--json") == strict
    assert run("check", "--strict") == 0


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
    usd = Tape.read(folder / ASKED.place).usd
    assert f"Recording 1 from OpenAI costs about ${usd:.3f}" in capsys.readouterr().out
    with pytest.raises(Problem, match=f"What {VARIED.name} would cost is not known yet"):
        cassettes.agree([VARIED], yes=True)


def play(
    folder: Path = CASSETTES, test: RecordedTest = VARIED
) -> tuple[Cassette, matching.Playing]:
    cassette = Cassette.load(
        path=folder / test.place, serializer=recording, record_mode="none",
        match_on=(matching.same_call,), before_record_request=recording.few_headers_out,
    )  # fmt: skip
    return cassette, matching.Playing(cassette)


def test_a_stale_recording_is_played_and_named(folder: Path) -> None:
    live, *_ = play(test=NAMELESS)[0].requests
    make_stale(folder / NAMELESS.place)
    cassette, playing = play(folder, NAMELESS)

    assert cassette.play_response(live)
    assert playing.stale == [DRAW_TEMPLATE]


def test_a_changed_request_is_named_by_its_fields() -> None:
    cassette, playing = play()
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
