"""What OpenAI really answers, served to the real server: answers of its shapes, and recordings.

Recordings are played where they lie beside the project, and else the answers of `openai_answers`
that are shaped like them. A stream is played as it is, a body as the stream that it would have
come in. Pictures whose base64 was cut short are refused in words, and served once more with a whole
picture of that format in the place of the cut one.
"""

import base64
import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastmcp import Client
from PIL import Image

from tests import openai_answers
from tests.calls import DRAW, conversation_of, draw, picture, refusal, text_of
from tests.conftest import Connect
from tests.player import UNFINISHED, Player, Recorded, playing
from tests.wire import RECORDED_AS, RECORDINGS

Json = dict[str, Any]

WORDS = {
    "no picture": "OpenAI answered without a picture.",
    "refusal": "The model declined to answer.",
    "cut picture": "OpenAI sent bytes that are not a picture.",
    "invalid_api_key": "OpenAI refused the API key.",
    "model_not_found": "OpenAI does not offer this-model-does-not-exist-12345 to this account.",
    "cut off": "The answer was cut off before its end",
    "context_length_exceeded": "The conversation is too long for the model.",
    "invalid_json_schema": "OpenAI did not accept the request.",
    "insufficient_quota": "The OpenAI account is out of credit or at its spending limit.",
    "rate_limit_exceeded": "This one request is larger than what the OpenAI account may send",
    "404": "OpenAI does not know this request",
}
"""The sentence that tells of each kind of answer that holds no whole picture."""

COLLECT = "Call again with only the conversation_id"

FOX = {"prompt": "a fox", "dialogue_mode": "skip"}

MAGIC = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"RIFF": ".webp"}


def read_all() -> list[Recorded]:
    """Every answer: the recordings, if there are any, and our own that are of none of them."""
    tapes = dict(openai_answers.ANSWERS)
    if RECORDINGS.is_dir():
        tapes = {name: tapes[name] for name in tapes if name not in RECORDED_AS}
    for path in sorted(RECORDINGS.glob("*.json")):
        tapes[path.stem] = json.loads(path.read_text(encoding="utf-8"))["interactions"]
    return [
        _recorded(f"{name}[{number}]", interaction)
        for name, interactions in tapes.items()
        for number, interaction in enumerate(interactions)
    ]


def _recorded(name: str, interaction: Json) -> Recorded:
    """An answer; the body of a stream is that of its last response."""
    asked, came = interaction["request"], interaction["response"]
    sse = came.get("sse") or []
    bodies = [came.get("json") or {}, *(event["response"] for event in sse if "response" in event)]
    path = urlsplit(asked["url"]).path if "://" in asked["url"] else "/v1/responses"
    return Recorded(name, asked["method"], path, came["status"], bodies[-1], sse)


def items(answer: Recorded) -> list[Json]:
    """The finished items of an answer."""
    done = [event["item"] for event in answer.sse if event["type"] == "response.output_item.done"]
    return done or answer.body.get("output") or []


def picture_of(answer: Recorded) -> str:
    """The base64 of an answer's picture, empty if it holds none."""
    calls = [item for item in items(answer) if item["type"] == "image_generation_call"]
    return str(calls[-1].get("result") or "") if calls else ""


def is_whole(result: str) -> bool:
    """Whether base64 is that of a whole picture."""
    try:
        with Image.open(io.BytesIO(base64.b64decode(result, validate=True))) as image:
            image.load()
    except (ValueError, OSError):
        return False
    return True


def kind_of(answer: Recorded) -> str:
    """What an answer is: `picture`, a key of `WORDS`, or what this server never asks for."""
    if answer.method == "DELETE" or not answer.path.startswith("/v1/responses"):
        return "not ours"
    error = answer.body.get("error")
    if error or answer.status >= 400:
        return str((error or {}).get("code") or answer.status)
    if result := picture_of(answer):
        return "picture" if is_whole(result) else "cut picture"
    if answer.body.get("status") in UNFINISHED:
        return "unfinished"
    if answer.body.get("incomplete_details"):
        return "cut off"
    said = [part["type"] for item in items(answer) for part in item.get("content") or []]
    return "refusal" if "refusal" in said else "no picture"


def shape_of(answer: Recorded) -> tuple[object, ...]:
    """What an answer is made of: two of one shape are read alike."""
    types = [one["type"] for one in [*items(answer), *answer.sse]]
    code = (answer.body.get("error") or {}).get("code")
    return KINDS[answer.name], answer.status, code, frozenset(types), frozenset(answer.body)


def mended(answer: Recorded) -> Recorded:
    """An answer whose cut picture is replaced by a whole one of the same format."""
    cut = picture_of(answer)
    made = io.BytesIO()
    known = {"iVBOR": "PNG", "/9j/4": "JPEG", "UklGR": "WEBP"}
    Image.new("RGB", (48, 32), "teal").save(made, known[cut[:5]])
    whole = base64.b64encode(made.getvalue()).decode()
    told = json.dumps([answer.body, answer.sse]).replace(json.dumps(cut), json.dumps(whole))
    body, sse = json.loads(told)
    return answer._replace(name=f"{answer.name}, mended", body=body, sse=sse)


ANSWERS = read_all()
KINDS = {answer.name: kind_of(answer) for answer in ANSWERS}
CUT = [answer for answer in ANSWERS if KINDS[answer.name] == "cut picture"]
WHOLE = [answer for answer in ANSWERS if KINDS[answer.name] == "picture"] + [*map(mended, CUT)]
OF_EACH_FORMAT = [*{picture_of(answer)[:5]: answer for answer in WHOLE}.values()]
CREATED = [a for a in ANSWERS if a.method == "POST" and KINDS[a.name] in WORDS]
CREATED = [*{shape_of(answer): answer for answer in CREATED}.values()]
RETRIEVED = [a for a in ANSWERS if a.method == "GET" and KINDS[a.name] in WORDS]
POLLED = [a for a in ANSWERS if a.method == "POST" and KINDS[a.name] == "unfinished"]


def order(answer: Recorded) -> Json:
    """A call of its own: an equal one would be shown the earlier picture."""
    return {**FOX, "prompt": f"a fox, {answer.name}"}


async def assert_is(client: Client[Any], result: Json, answer: Recorded) -> None:
    """Fail unless the file of a result holds exactly the recorded bytes, and is named by them."""
    assert result["status"] == "done"
    data = picture(result).read_bytes()
    assert data == base64.b64decode(picture_of(answer))
    assert picture(result).suffix == next(MAGIC[sign] for sign in MAGIC if data.startswith(sign))
    again = await draw(client, conversation_id=result["conversation_id"])
    assert again["images"] == result["images"]


async def told_in_the_end(client: Client[Any], answer: Recorded) -> str:
    """What a call is told, or the call after it where its error asks for one."""
    error = await refusal(client, DRAW, **order(answer))
    if COLLECT not in error:
        return error
    return await refusal(client, DRAW, conversation_id=conversation_of(error))


def test_every_answer_is_of_a_kind_that_is_played_or_is_never_asked_for() -> None:
    assert set(KINDS.values()) <= WORDS.keys() | {"picture", "unfinished", "not ours"}
    assert set(KINDS.values()) >= WORDS.keys() | {"picture", "unfinished"}


@pytest.fixture
def player() -> Iterator[Player]:
    with playing(WHOLE) as started:
        yield started


@pytest.mark.parametrize("is_ordered_in_the_background", [False, True])
async def test_a_picture_becomes_a_file_of_exactly_its_bytes(
    connect: Connect, player: Player, *, is_ordered_in_the_background: bool
) -> None:
    here = {"openai_base_url": player.url, "background_mode": is_ordered_in_the_background}
    async with connect(**here) as client:
        for answer in OF_EACH_FORMAT if is_ordered_in_the_background else WHOLE:
            player.play([answer])
            await assert_is(client, await draw(client, **order(answer)), answer)
            assert player.asked.count("POST") == 1, answer.name


async def test_a_picture_whose_stream_breaks_is_looked_up_and_not_bought_again(
    connect: Connect, player: Player
) -> None:
    player.cut = True
    async with connect(openai_base_url=player.url) as client:
        for answer in WHOLE:
            player.play([answer])
            called = await client.call_tool(DRAW, order(answer), raise_on_error=False)
            result = dict(called.structured_content or {})
            if called.is_error:
                conversation = conversation_of(text_of(called))
                result = await draw(client, conversation_id=conversation)
            await assert_is(client, result, answer)
            assert player.asked.count("POST") == 1, answer.name


async def test_an_answer_without_a_picture_is_told_in_words(
    connect: Connect, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.retry.MOST_FAULTS", 1000)  # else it is left alone after five
    async with connect(openai_base_url=player.url) as client:
        for answer in CREATED:
            player.play([answer])
            error = await refusal(client, DRAW, **order(answer))
            assert error.startswith(WORDS[KINDS[answer.name]]), answer.name


async def test_an_answer_to_a_look_up_without_a_picture_is_told_in_words(
    connect: Connect, player: Player
) -> None:
    player.cut = True
    async with connect(openai_base_url=player.url) as client:
        for answer in RETRIEVED:
            begun = next(a for a in ANSWERS if a.method == "POST" and same_recording(a, answer))
            player.play([begun], [answer])
            error = await told_in_the_end(client, answer)
            assert error.startswith(WORDS[KINDS[answer.name]]), answer.name
            assert player.asked.count("POST") == 1, answer.name


async def test_a_response_that_is_queued_is_looked_up_until_it_is_finished(
    connect: Connect, player: Player
) -> None:
    async with connect(openai_base_url=player.url) as client:
        for answer in POLLED:
            polls = [a for a in ANSWERS if a.method == "GET" and same_recording(a, answer)]
            player.play([answer], polls)
            error = await told_in_the_end(client, answer)
            assert error.startswith(WORDS[KINDS[polls[-1].name]]), answer.name
            assert player.asked.count("POST") == 1, answer.name
            assert player.asked.count("GET") >= len(polls), answer.name


def same_recording(one: Recorded, other: Recorded) -> bool:
    """Whether two answers stand in the same file."""
    return one.name.rsplit("[", 1)[0] == other.name.rsplit("[", 1)[0]
