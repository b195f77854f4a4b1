"""The command that records tests, says which recordings no longer fit, and compares two."""

import base64
import io
import json
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from openai import AsyncOpenAI
from PIL import Image
from vcr.cassette import Cassette
from vcr.request import Request

from errors import Problem
from gateway.image_response import Step, receive
from tests import checking, comparing, matching, recording, replay, taking
from tests.cassettes import app
from tests.conftest import CASSETTES, KEY, ROOT, pytest_configure
from tests.tape import Tape, events
from tests.test_recording import LEFT_OUT, python
from tests.tiny import shrink

FOLDER = CASSETTES / "test_recorded"
ASKED = "test_a_vague_idea_is_asked_about"
DRAWN = "test_a_picture_is_drawn_and_changed"
NAMELESS = "test_a_model_that_is_not_there_is_named"
VARIED = "test_variations_get_their_own_pictures"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1536 1024"><path d="M0 0h9"/></svg>'
JOINED = (
    "tests/test_recorded.py::test_a_vague_idea_is_asked_about",
    "tests/test_recorded.py::test_a_model_that_is_not_there_is_named",
)


def tape(name: str) -> Tape:
    return Tape.read(FOLDER / f"{name}.yaml")


def changed(name: str, *pairs: tuple[str, str]) -> Tape:
    """A recording with words replaced."""
    text = tape(name).text
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return Tape(name, text)


def run(*words: str) -> Any:
    return app(list(words), result_action="return_value")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project, with the recordings of two tests."""
    root = shutil.copytree(ROOT, tmp_path / "project", ignore=LEFT_OUT)
    for path in root.glob("cassettes/*/*.yaml"):
        if path.stem not in {ASKED, NAMELESS}:
            path.unlink()
    return root


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_check_tells_each_kind_of_recording_that_does_not_fit(copy: Path) -> None:
    folder = copy / "cassettes" / "test_recorded"
    edit(folder / f"{NAMELESS}.yaml", "sdk: openai 3.", "sdk: openai 2.")
    shutil.copyfile(folder / f"{ASKED}.yaml", folder / "test_nothing.yaml")
    twice = yaml.safe_load((folder / f"{NAMELESS}.yaml").read_text(encoding="utf-8"))
    twice["interactions"] *= 2
    (folder / f"{NAMELESS}.yaml").write_text(yaml.safe_dump(twice), encoding="utf-8")
    edit(copy / "prompts/generation/draw.md.j2", "\n---\n", "\n---\nBe quick.\n")
    edit(copy / "consultation/request.py", "LONGEST_ANSWER = 6_000", "LONGEST_ANSWER = 7_000")

    checked = python(copy, "-m", "tests.cassettes", "check", "--json")

    told = {(one["kind"], one["test"]): one["told"] for one in json.loads(checked.stdout)}
    assert checked.returncode == 1
    assert told["unplayed", "test_nothing"] == "no test of this name plays it; delete it."
    assert told["missing", VARIED] == "it has no recording; record it."
    assert told["stale", NAMELESS] == (
        "stale cassette: generation/draw.md.j2 changed since recording."
    )
    assert told["sdk", NAMELESS].startswith("it was recorded by openai 2.")
    assert "call 2 of 2 (POST /v1/responses)" in told["unused", NAMELESS]
    assert "max_output_tokens was 6000 and is 7000" in told["changed", ASKED]


@pytest.mark.parametrize(("kind", "strict", "plain"), [("stale", 1, 0), ("unused", 1, 1)])
def test_what_is_stale_fails_where_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, kind: checking.Kind, strict: int, plain: int
) -> None:
    found = [checking.Fault(kind, "test_one", "it is so.")]
    monkeypatch.setattr(checking, "faults", lambda *, play: found if not play else [])

    assert run("check", "--no-play") == plain
    assert run("check", "--no-play", "--strict") == strict
    assert run("check", "--strict") == 0


def test_a_test_that_fails_keeps_its_recording(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copy / "cassettes" / "test_recorded"
    for path in folder.iterdir():
        edit(path, "date: '", "date: '19")
    before = {path.stem: path.read_bytes() for path in folder.iterdir()}
    edit(copy / "tests/test_recorded.py", 'assert "gpt-none" in error', 'assert error == ""')
    monkeypatch.setattr(replay, "ROOT", copy)
    monkeypatch.setattr(replay, "CASSETTES", copy / "cassettes")
    monkeypatch.setenv("PYTHONPATH", str(copy))

    went = taking.take([replay.Recorded(name) for name in JOINED], "sandbox")

    assert [bool(went[name].failed) for name in JOINED] == [False, True]
    after = {path.stem: path.read_bytes() for path in folder.iterdir()}
    assert after.keys() == before.keys()
    assert after[ASKED] != before[ASKED]
    assert after[NAMELESS] == before[NAMELESS]


def test_pytest_by_itself_records_nothing(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pytestconfig.option, "record_mode", "rewrite")

    with pytest.raises(pytest.UsageError, match=r"tests\.cassettes record"):
        pytest_configure(pytestconfig)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[replay.Recorded]:
    """Two tests, the recording of the first of which came from OpenAI."""
    monkeypatch.setattr(replay, "CASSETTES", tmp_path)
    tests = [replay.Recorded(name) for name in JOINED]
    for test in tests:
        test.path.parent.mkdir(exist_ok=True)
        shutil.copyfile(CASSETTES / test.place, test.path)
    edit(tests[0].path, "origin: sandbox", "origin: openai")
    return tests


def test_a_recording_from_openai_is_not_replaced_unsaid(elsewhere: list[replay.Recorded]) -> None:
    with pytest.raises(Problem, match=f"{ASKED} is recorded from OpenAI; say --origin sandbox"):
        taking.settle_origin(elsewhere, None)

    assert taking.settle_origin(elsewhere[1:], None) == "sandbox"
    assert taking.settle_origin(elsewhere, "sandbox") == "sandbox"
    assert taking.changing(elsewhere, "sandbox") == [ASKED]
    assert taking.changing(elsewhere, "openai") == [NAMELESS]


def test_without_a_key_nothing_is_recorded_from_openai(elsewhere: list[replay.Recorded]) -> None:
    with pytest.raises(Problem, match="takes a key: set OPENAI_API_KEY"):
        taking.settle_origin(elsewhere, "openai")


def test_a_cost_is_agreed_to_before_openai_is_asked(
    elsewhere: list[replay.Recorded],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert taking.settle_origin(elsewhere, "openai") == "openai"
    usd = tape(ASKED).usd
    answers = io.StringIO("y\nno\n")
    monkeypatch.setattr("sys.stdin", answers)

    with pytest.raises(Problem, match="no terminal to ask in: say --yes"):
        taking.agree(elsewhere, yes=False)
    monkeypatch.setattr(answers, "isatty", lambda: True)

    assert taking.agree(elsewhere, yes=False)
    assert not taking.agree(elsewhere, yes=False)
    assert taking.agree(elsewhere, yes=True)
    said = f"Recording 2 tests from OpenAI costs about ${usd:.3f} (an estimate)."
    assert said in capsys.readouterr().out
    elsewhere[0].path.unlink()
    with pytest.raises(Problem, match=f"What {ASKED} would cost is not known yet"):
        taking.agree(elsewhere, yes=True)


def test_the_estimate_is_tokens_times_prices() -> None:
    (asked,) = tape(ASKED).calls
    usage = asked.answered["usage"]
    cached = usage["input_tokens_details"]["cached_tokens"]
    fresh = usage["input_tokens"] - cached

    said = (fresh * 2.5 + cached * 1.25 + usage["output_tokens"] * 10) / 1e6
    assert asked.usd == pytest.approx(said)
    first, second = tape(DRAWN).calls
    drawn = first.answered["tool_usage"]["image_gen"]["output_tokens"] * 30 / 1e6
    assert drawn < first.usd < drawn + 0.002
    assert second.usd > first.usd, "it starts from a picture"


def test_one_cassette_never_holds_both_origins() -> None:
    data = tape(DRAWN).data
    for call, host in zip(data["interactions"], ("api.openai.com", "127.0.0.1:80"), strict=True):
        call["request"] |= {"uri": f"https://{host}/v1/responses", "body": "{}"}

    with pytest.raises(ValueError, match="never holds calls to OpenAI and to the sandbox"):
        recording.serialize({"interactions": data["interactions"]})


def test_a_wrong_name_is_met_with_the_one_that_was_meant() -> None:
    with pytest.raises(Problem, match=f"Did you mean {ASKED}"):
        replay.choose([replay.Recorded(name) for name in JOINED], ["a_vague_idea_is_asked"])
    with pytest.raises(Problem, match=f"Did you mean {ASKED}"):
        comparing.find(Path("test_a_vague_idea_is_asked"))


def test_the_list_says_what_each_recording_is(capsys: pytest.CaptureFixture[str]) -> None:
    run("list", "--json")

    rows = {row["test"].split("::")[1]: row for row in json.loads(capsys.readouterr().out)}
    assert rows.keys() == {path.stem for path in FOLDER.glob("*.yaml")}
    assert rows[DRAWN]["calls"] == 2
    assert rows[DRAWN]["bytes"] == (FOLDER / f"{DRAWN}.yaml").stat().st_size
    assert all(row["origin"] in {"sandbox", "openai"} for row in rows.values())


def test_two_recordings_are_compared_in_sentences() -> None:
    (mark,) = tape(ASKED).templates["consultation/facilitator.md.j2"]
    question = json.loads(said(tape(ASKED)))["questions"][0]
    spent = tape(ASKED).calls[0].answered["usage"]["input_tokens"]
    other = changed(
        ASKED, (mark, "cd34" + mark[4:]), ('"questions_left": 5', '"questions_left": 3')
    )
    text = json.loads(said(other))
    del text["questions"][0]
    answered = other.data["interactions"][0]["response"]["body"]["json"]
    answered["output"][0]["content"][0]["text"] = json.dumps(text)
    answered["usage"]["input_tokens"] = 790

    told = comparing.compare(tape(ASKED), other)

    assert told == [
        f"The template consultation/facilitator.md.j2 changed ({mark[:4]} -> cd34).",
        "Call 1 of 1 (POST /v1/responses): the question budget went from 5 to 3; the answer's "
        f"questions are 2 instead of 3: {question['text']!r} is gone; usage {spent} -> 790 tokens "
        "in.",
    ]


def said(recorded: Tape) -> str:
    (call,) = recorded.calls
    text: str = call.answered["output"][0]["content"][0]["text"]
    return text


def test_other_ids_and_dates_are_no_difference() -> None:
    ids = set(re.findall(r"sandbox_([0-9a-f]{32})", tape(DRAWN).text))
    other = changed(DRAWN, *((one, one[::-1]) for one in ids), ("date: '20", "date: '19"))

    assert comparing.compare(tape(DRAWN), other) == [
        "Both say the same; ids, dates and pictures aside."
    ]


def played(name: str) -> tuple[Cassette, matching.Playing]:
    cassette = Cassette.load(
        path=FOLDER / f"{name}.yaml", serializer=recording, record_mode="none",
        match_on=(matching.same_call,), before_record_request=recording.few_headers_out,
    )  # fmt: skip
    return cassette, matching.Playing(cassette)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_calls_made_at_once_get_their_own_answers_in_any_order(order: tuple[int, int]) -> None:
    cassette, playing = played(VARIED)
    requests, responses = cassette.requests, cassette.responses

    got = [cassette.play_response(requests[number]) for number in order]

    assert got == [responses[number] for number in order]
    assert playing.stale == playing.unused == playing.unknown == []


def test_a_changed_request_is_told_by_its_field() -> None:
    cassette, playing = played(VARIED)
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


@pytest.mark.parametrize("size", [1, 100, 5_000, 10**6])
async def test_a_recorded_stream_is_read_however_it_is_cut(size: int) -> None:
    (first, *_) = tape(DRAWN).data["interactions"]
    stream = first["response"]["body"]["string"]

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(stream), size):
            yield stream[start : start + size].encode()

    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=pieces())

    steps: list[str] = []

    async def stage(step: Step) -> None:
        steps.append(step.name)

    transport = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    async with AsyncOpenAI(api_key=KEY, http_client=transport) as client:
        drawing = await receive(client, {"model": "m", "input": "a red boat"}, stage)

    finished = [event for event in events(stream) if event["type"] == "response.output_item.done"]
    (encoded,) = [event["item"]["result"] for event in finished if "result" in event["item"]]
    assert drawing.data == base64.b64decode(encoded)
    assert drawing.usage.image_reported
    assert steps == ["sending", "submitted", "planning", "drawing", "drawn"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
@pytest.mark.parametrize(
    ("size", "tiny"), [((64, 64), (48, 48)), ((96, 64), (48, 32)), ((64, 128), (24, 48))]
)
def test_a_picture_stays_what_it_is_but_tiny(
    kind: str, size: tuple[int, int], tiny: tuple[int, int]
) -> None:
    with Image.open(io.BytesIO(shrink(painted(kind, size)))) as image:
        image.load()
        assert (image.format, image.size) == (kind, tiny)
        assert getattr(image, "n_frames", 1) == (2 if kind == "GIF" else 1)
        assert image.has_transparency_data == (kind in {"PNG", "WEBP"})


def test_a_drawing_in_svg_stays_one() -> None:
    assert shrink(SVG.encode()).startswith(
        b'<svg xmlns="http://www.w3.org/2000/svg" width="48" hei'
    )
    assert b'viewBox="0 0 48 32"' in shrink(SVG.encode())
    assert shrink(b"no picture") == b"no picture"


def painted(kind: str, size: tuple[int, int]) -> bytes:
    target = io.BytesIO()
    mode = "RGBA" if kind in {"PNG", "WEBP"} else "RGB"
    image = Image.effect_noise(size, 90).convert(mode)
    if mode == "RGBA":
        image.putalpha(100)
    more = {"save_all": True, "append_images": [Image.new("RGB", size)]} if kind == "GIF" else {}
    image.save(target, kind, **more)
    return target.getvalue()
