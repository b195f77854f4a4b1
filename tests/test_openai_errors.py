"""What OpenAI sends instead of a picture, in its own sentences, through MCP.

Each is played as an HTTP answer and inside a stream: in turn in both shapes of its `error` event,
and, where that exists, as a failed response alone. Sentences, codes and types are OpenAI's and
Azure's, from recordings and reports up to November 2026; what is expected is written by hand.
"""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, NamedTuple

import pytest
from fastmcp import Client

from gateway.api_errors import explain
from gateway.api_fault import ApiFault, wait_in_headers
from settings import Settings
from tests import openai_answers as wire
from tests.calls import DRAW, consult, conversation_of, draw, picture, text_of
from tests.conftest import KEY, Connect
from tests.folders import rows
from tests.player import Player, Recorded, playing
from tests.turns import source, turn

Json = dict[str, Any]
FOX = {"prompt": "a fox", "dialogue_mode": "skip", "image_model": "gpt-image-2"}
USER, REQUEST = "image_generation_user_error", "invalid_request_error"
CATEGORIES = {"moderation_stage": "input", "categories": ["violence", "self-harm"]}
FILTERS = {"hate": {"filtered": False}, "violence": {"filtered": True, "severity": "medium"}}
UNKNOWN = "It is unknown whether"


class Row(NamedTuple):
    """An error as it is sent, and what a person and a program are to learn from it.

    `alone` says that it also comes as a failed response without an error event.
    """

    name: str
    status: int
    error: Json
    kind: str
    says: list[str]
    never: list[str] = []  # noqa: RUF012  # of a named tuple, and never changed
    alone: bool = True


def sent(message: str, kind: str | None, code: str | None, param: str | None = None) -> Json:
    return {"message": message, "type": kind, "code": code, "param": param}


ROWS = [
    Row(
        "no such image model", 400,
        sent("The model 'gpt-image-2' does not exist.", USER, "invalid_value", "tools"),
        "model", ["gpt-image-2", "IMAGE_CONSULTANT_IMAGE_MODEL", "gpt-image-2.5-sunburst"],
        ["Wait a minute", "this server does not know", "parameter tools"],
    ),
    Row(
        "too large for the tier", 429,
        sent(
            "Request too large for gpt-5 in organization org-0123456789 on tokens per min (TPM): "
            "Limit 30000, Requested 35364. The input or output tokens must be reduced in order to "
            "run successfully. Visit https://platform.openai.com/account/rate-limits to learn "
            "more.", "tokens", "rate_limit_exceeded",
        ),
        "too_large", ["30000", "35364", "Waiting does not help"], ["pace", "org-0123456789"],
    ),
    Row(
        "Azure's content filter", 400,
        sent(
            "The response was filtered due to the prompt triggering Azure OpenAI's content "
            "management policy. Please modify your prompt and retry.", None, "content_filter",
            "prompt",
        ) | {"innererror": {"code": "ResponsibleAIPolicyViolation",
                            "content_filter_result": FILTERS}},
        "moderation", ["safety system", "Change what is asked for"], ["Change the parameter"],
    ),
    Row(
        "moderation with what it objected to", 400,
        sent(
            "Your request was rejected by the safety system. If you believe this is an error, "
            "contact us at help.openai.com.", USER, "moderation_blocked",
        ) | {"moderation_details": CATEGORIES},
        "moderation", ["safety system"],
    ),
    Row(
        "missing scopes", 401,
        sent(
            "You have insufficient permissions for this operation. Missing scopes: "
            "api.responses.write. Check that you have the correct role in your organization "
            "(Reader, Writer, Owner) and project (Member, Owner), and if you're using a restricted "
            "API key, that it has the necessary scopes.", REQUEST, None,
        ),
        "key", ["api.responses.write", "does not allow it"], ["refused the API key"], alone=False,
    ),
    Row(
        "a country that is not served", 403,
        sent(
            "Country, region, or territory not supported", "request_forbidden",
            "unsupported_country_region_territory",
        ),
        "key", ["country or region"], ["key's permissions"], alone=False,
    ),
    Row(
        "a project without the model", 403,
        sent(
            "Project `proj_0123456789abcdef` does not have access to model `gpt-image-2`", REQUEST,
            "model_not_found",
        ),
        "model", ["no access to gpt-image-2", "limits of the project"],
        ["no longer", "proj_0123456789abcdef"], alone=False,
    ),
    Row(
        "an organization that is not verified", 403,
        sent(
            "Your organization must be verified to use the model `gpt-image-2`. Please go to: "
            "https://platform.openai.com/settings/organization/general and click on Verify "
            "Organization.", REQUEST, None,
        ),
        "model", ["Verify the organization"], ["does not offer"], alone=False,
    ),
    Row(
        "money without a code", 429,
        sent("You exceeded your current quota, please check it.", "insufficient_quota", None),
        "budget", ["out of credit"], ["Wait", "pace"],
    ),
    Row(
        "a size that is refused", 400,
        sent("Invalid size '64x64'. Use 655360 pixels.", USER, "invalid_value", "size"),
        "input", ["Invalid size '64x64'", "Change size"],
    ),
    Row(
        "a parameter that no tool has", 400,
        sent(
            "Unknown parameter: 'tools[0].complexity'.", REQUEST, "unknown_parameter",
            "tools[0].complexity",
        ),
        "input", ["Unknown parameter", "nothing that a tool takes"], ["Change complexity"],
    ),
    Row(
        "something new", 418,
        sent(f"The kettle of {KEY} is empty.", "kettle_error", "kettle_empty"),
        "input", ["The kettle of [redacted] is empty."],
    ),
]  # fmt: skip

SPOKEN = {
    "Rate limit reached for gpt-image-2 in organization org-0123456789 on input-images per min: "
    "Limit 5, Used 5, Requested 1. Please try again in 12s.": 12,
    "Rate limit reached for gpt-5 on requests per day (RPD): Limit 200, Used 200, Requested 1. "
    "Please try again in 8m38.4s.": 518.4,
    "Rate limit reached on tokens per min. Please try again in 986ms.": 0.986,
    "Requests to the Create a response Operation have exceeded token rate limit of your current "
    "OpenAI S0 pricing tier. Please retry after 26 seconds.": 26,
    "Rate limit reached. Please try again in 1h2m3s.": 3723,
}
"""What a limit of pace says of the time, in seconds."""


@pytest.fixture
def player() -> Iterator[Player]:
    with playing(Recorded("nothing")) as started:
        yield started


def http(error: Json, status: int = 400, **headers: str) -> Recorded:
    return Recorded("http", status=status, body={"error": error}, headers=headers)


def stream(*events: Json) -> Recorded:
    numbered = [{"sequence_number": n, **event} for n, event in enumerate([*wire.begun(), *events])]
    return Recorded("stream", sse=numbered)


def failed(error: Json, **fields: Any) -> Json:
    short = {"code": error["code"] or error["type"], "message": error["message"]}
    body = wire.response(status="failed", error=short, usage=None, **fields)
    return {"type": "response.failed", "response": body}


def forms(row: Row) -> list[Recorded]:
    """An error as an HTTP answer, and in one of the shapes in which a stream has it, in turn."""
    nested = stream({"type": "error", "error": row.error}, failed(row.error))
    flat = stream({**row.error, "type": "error"})
    alone = [stream(failed(row.error))] if row.alone else []
    shapes = [nested, flat, *alone]
    return [http(row.error, row.status), shapes[ROWS.index(row) % len(shapes)]]


async def ends(client: Client[Any], **arguments: Any) -> tuple[str, Json]:
    """The words and the data of the error that a call must end in."""
    called = await client.call_tool(DRAW, arguments or FOX, raise_on_error=False)
    assert called.is_error, called.structured_content
    return text_of(called), dict((called.structured_content or {})["error"])


def state_of(settings: Settings, words: str) -> str:
    """How the drawing of an error stands in the record."""
    query = "SELECT state FROM jobs WHERE conversation_id = ?"
    ((state,),) = rows(settings, query, conversation_of(words))
    return str(state)


async def test_an_error_is_told_alike_wherever_it_stands_and_sent_once(
    connect: Connect, player: Player, settings: Settings
) -> None:
    async with connect(openai_base_url=player.url) as client:
        for row, number, form in ((one, n, f) for one in ROWS for n, f in enumerate(forms(one))):
            player.play([form])
            words, data = await ends(client, **{**FOX, "prompt": f"{row.name}, {number}"})

            is_new = row.name == "something new" and number > 0
            assert data["kind"] == ("unknown" if is_new else row.kind), (form, words)
            assert data["charged"] == ("unknown" if is_new else "no")
            assert words.count("charged") == 1
            assert all(part in words for part in row.says), (form, words)
            assert not any(part in words for part in row.never), (form, words)
            assert player.asked == ["POST"]
            assert state_of(settings, words) == "failed"
    assert rows(settings, "SELECT * FROM spending") == []


@pytest.mark.parametrize("name", ["moderation with what it objected to", "Azure's content filter"])
def test_moderation_says_what_it_objected_to(name: str) -> None:
    (row,) = [row for row in ROWS if row.name == name]

    assert "It objected to: violence" in str(explain(ApiFault.read(row.error), paid=True))


GONE = [
    http(sent("Previous response cannot be used for this organization due to Zero Data Retention.",
         REQUEST, "unsupported_parameter", "previous_response_id")),
    stream({"type": "error", "error": sent("Previous response with id 'resp_1' not found.", REQUEST,
           "previous_response_not_found", "previous_response_id")}),
    stream(failed(sent("Item with id 'ig_1' not found. Items are not persisted when `store` is set "
           "to false. Try again with `store` set to true, or remove this item from your input.",
           REQUEST, None))),
]  # fmt: skip


async def test_a_refused_earlier_response_has_the_kept_picture_uploaded_once_and_says_so(
    connect: Connect, player: Player
) -> None:
    whole = wire.ANSWERS["picture_not_stored"][0]["response"]["json"]
    good = Recorded("good", body=whole)
    async with connect(openai_base_url=player.url) as client:
        player.play([good])
        first = await draw(client, **FOX)
        for number, form in enumerate(GONE):
            player.play([form, good])
            result = await draw(
                client, prompt=f"now red, {number}", conversation_id=first["conversation_id"]
            )

            assert result["status"] == "done"
            assert any("kept file was uploaded instead" in note for note in result["notes"])
            (turn,) = player.bodies[1]["input"]
            assert [part["type"] for part in turn["content"]] == ["input_text", "input_image"]
            assert "previous_response_id" in player.bodies[0]
            assert "previous_response_id" not in player.bodies[1]
            assert len(player.bodies) == 2


SERVER = sent(
    "The server had an error processing your request. Sorry about that! You can retry your "
    "request, or contact us through our help center at help.openai.com.", "server_error", None,
)  # fmt: skip


@pytest.mark.parametrize("form", [
    http(SERVER, 500), stream({"type": "error", "error": SERVER}), stream(failed(SERVER)),
    http(sent("Rate limit reached. Please try again in 30ms.", "requests", None), 429),
], ids=["http", "stream", "alone", "pace"])  # fmt: skip
async def test_what_passes_is_sent_again_where_nothing_was_made(
    connect: Connect, player: Player, form: Recorded
) -> None:
    whole = wire.ANSWERS["picture_not_stored"][0]["response"]["json"]
    player.play([form, Recorded("good", body=whole)])
    async with connect(openai_base_url=player.url) as client:
        result = await draw(client, **FOX)

    assert (result["status"], result["attempts"]) == ("done", 2)
    assert player.asked == ["POST", "POST"]


async def test_an_error_after_a_first_version_is_not_paid_for_again(
    connect: Connect, player: Player
) -> None:
    place = {"item_id": "ig_1", "output_index": 0, "partial_image_index": 0}
    partial = {"type": "response.image_generation_call.partial_image", **place,
               "partial_image_b64": wire.picture("PNG")}  # fmt: skip
    player.play([stream(partial, {"type": "error", "error": SERVER})])
    async with connect(openai_base_url=player.url) as client:
        words, data = await ends(client)

    assert data["charged"] == "unknown"
    assert UNKNOWN in words
    assert player.asked == ["POST"]


LATE = ("A timeout occurred", "network", "unknown", "unknown", "usage page")
PAGES = {
    504: LATE, 524: LATE, 408: LATE,
    413: ("413 Request Entity Too Large", "too_large", "no", "failed", "smaller input pictures"),
}  # fmt: skip
"""What a gateway's page says by its status: title, kind, price, the job's state, the way on."""


async def test_a_page_of_a_gateway_is_told_by_its_status_and_not_asked_for_again(
    connect: Connect, player: Player, settings: Settings
) -> None:
    async with connect(openai_base_url=player.url) as client:
        for status, (title, kind, charged, state, says) in PAGES.items():
            page = f"<html><head><title>{title}</title></head><body>cloudflare</body></html>"
            head = {"content-type": "text/html"}
            player.play([Recorded("page", status=status, text=page, headers=head)])
            words, data = await ends(client, **{**FOX, "prompt": f"a fox, {status}"})

            assert (data["kind"], data["charged"]) == (kind, charged)
            assert says in words
            assert "parameter" not in words
            assert player.asked == ["POST"]
            assert state_of(settings, words) == state


FILTERED: Json = {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}
ITEM = wire.image_call(None, status="failed")
EMPTY = {
    "content filter": (wire.response(ITEM, **FILTERED), "moderation", "content filter stopped"),
    "cut off": (
        wire.response(ITEM, **wire.CUT),
        "model", "cut off before its end",
    ),
    "the words beside it": (
        wire.response(ITEM, wire.message(wire.text("I can't draw living politicians."))),
        "input", "It said: I can't draw living politicians.",
    ),
    "an item's error": (
        wire.response(ITEM | {"error": {"code": "moderation_blocked", "message": "Blocked.",
                                        "moderation_details": CATEGORIES}}),
        "moderation", "It objected to: violence, self-harm.",
    ),
    "Azure's filters": (
        wire.response(ITEM, content_filters=[
            {"blocked": True, "source_type": "completion", "content_filter_results": FILTERS}]),
        "moderation", "It objected to: violence.",
    ),
    "nothing said": (wire.response(ITEM), "network", "did not finish it"),
    "cancelled": (wire.response(status="cancelled", usage=None), "unknown", "was cancelled"),
}  # fmt: skip
"""Answers with an empty image item, of which kind they are, and what is to be said."""


async def test_an_empty_image_item_is_told_by_everything_that_stands_beside_it(
    connect: Connect, player: Player, settings: Settings
) -> None:
    async with connect(openai_base_url=player.url) as client:
        for name, (body, kind, says) in EMPTY.items():
            player.play([Recorded(name, body=body)])
            words, data = await ends(client, **{**FOX, "prompt": name})

            assert (data["kind"], says in words) == (kind, True), (name, words)
            assert data["charged"] == ("unknown" if name == "cancelled" else "yes"), words
            assert player.asked == ["POST"]
            assert state_of(settings, words) == "failed"
    assert len(rows(settings, "SELECT * FROM spending")) == len(EMPTY) - 1


WHOLE = wire.response(wire.image_call(wire.picture("PNG")))
NUMBERS: Json = {"model": 7, "status": 3, "usage": {"input_tokens": "many"}, "tools": 7,
           "output": [7, wire.image_call(wire.picture("PNG")) | {"size": 7, "quality": []}],
           "tool_usage": {"image_gen": {"output_tokens": "x"}}, "content_filters": 5}  # fmt: skip
MISREAD: dict[str, Json] = {
    "no list": {"output": 7},
    "no objects": {"output": [7]},
    "no state": {"output": [], "status": 3},
    "no words": {"output": [wire.message() | {"content": 7}]},
}
"""Parts of an answer that are not of the types that OpenAI's documents give them."""


async def test_an_answer_of_wrong_types_gives_its_picture_or_is_told_with_its_id_and_price(
    connect: Connect, player: Player, settings: Settings
) -> None:
    async with connect(openai_base_url=player.url) as client:
        for plain in (True, False):
            player.plain = plain
            player.play([Recorded("numbers", body=WHOLE | NUMBERS)])
            result = await draw(client, **{**FOX, "prompt": f"a fox, {plain}"})
            assert picture(result).is_file()
            for name, part in MISREAD.items():
                player.play([misread(WHOLE | part)], [Recorded(name, body=WHOLE | part)])
                words, data = await ends(client, **{**FOX, "prompt": f"{name}, {plain}"})

                assert "could not be read" in words, (name, words)
                assert "usage page" in words
                assert wire.RESPONSE_ID in words
                assert data["charged"] == "yes"
                assert player.asked == (["POST"] if plain else ["POST", "GET"])
                jobs = rows(settings, "SELECT state, response_id FROM jobs ORDER BY rowid DESC")
                assert jobs[0] == ("failed", wire.RESPONSE_ID)
        said = await consult(client, "a fox")

    assert "could not be used" in said["reply"]


async def test_a_picture_is_fetched_where_its_stream_could_not_be_read(
    connect: Connect, player: Player
) -> None:
    player.play([misread(WHOLE | {"output": 7})], [Recorded("whole", body=WHOLE)])
    async with connect(openai_base_url=player.url) as client:
        result = await draw(client, **FOX)

    assert picture(result).is_file()
    assert player.asked == ["POST", "GET"]


def misread(body: Json) -> Recorded:
    """An answer whose output may be no list, whole and as the stream that it would come in."""
    return stream({"type": "response.completed", "response": body})._replace(body=body)


def plain(body: Json, *without: str) -> Recorded:
    kept = {key: value for key, value in body.items() if key not in without}
    return Recorded("plain", body=kept)


async def test_a_turn_of_a_gateway_that_leaves_out_its_id_or_model_is_taken(
    connect: Connect, player: Player
) -> None:
    said = turn(reply="A fox, then.", prompt="A fox.", sources=[source("A fox", ("m1", "a fox"))])
    whole = wire.response(wire.message(wire.text(json.dumps(said))))
    async with connect(openai_base_url=player.url) as client:
        for name in ("id", "model"):
            for answer in (plain(whole, name), plain({**whole, name: None})):
                player.play([answer])
                assert (await consult(client, f"a fox without {name}"))["reply"] == "A fox, then."


async def test_answers_of_gateways_give_their_picture(connect: Connect, player: Player) -> None:
    item = wire.image_call(wire.picture("PNG"))
    data_url = item | {"result": f"data:image/png;base64,{item['result']}"}
    wrapped = item | {"result": "\r\n".join([item["result"][:40], item["result"][40:]])}
    whole = wire.response(item)
    done = {"type": "response.output_item.done", "output_index": 0, "item": item}
    bare = {"type": "response.completed", "response": {"id": "resp_1", "status": "completed"}}
    answers = {
        "a data URL": plain(wire.response(data_url)),
        "lines": plain(wire.response(wrapped)),
        "no tools": plain(whole, "tools"),
        "no output at the end": stream(done, bare),
        "a second call that is empty": plain(wire.response(item, wire.image_call(None))),
    }
    async with connect(openai_base_url=player.url) as client:
        for name, answer in answers.items():
            for as_plain in (False, True):
                if as_plain and answer.sse:
                    continue
                player.plain = as_plain
                player.play([answer])
                result = await draw(client, **{**FOX, "prompt": f"{name}, {as_plain}"})

                assert result["status"] == "done", (name, as_plain)
                assert picture(result).read_bytes()[:4] == b"\x89PNG"
                assert player.asked == ["POST"]


@pytest.mark.parametrize("sentence", SPOKEN)
def test_a_wait_is_read_from_the_words(sentence: str) -> None:
    error = explain(ApiFault.read(sent(sentence, "requests", None), status=429), paid=True)

    assert error.retry_after == pytest.approx(SPOKEN[sentence])
    assert error.kind == "rate"
    assert "Wait a minute" not in str(error)


def test_a_wait_in_a_header_may_be_a_date() -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(minutes=1), usegmt=True)

    assert wait_in_headers({"retry-after": in_a_minute}) == pytest.approx(60, abs=5)
    assert wait_in_headers({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert wait_in_headers({"retry-after": "soon"}) is None


@pytest.mark.parametrize("unit", ["*a", "Bearer ", "<title>"])
async def test_a_megabyte_of_an_error_is_told_at_once_and_in_few_words(
    connect: Connect, player: Player, unit: str
) -> None:
    text = unit * (1_000_000 // len(unit))
    page = Recorded("page", status=400, text=text, headers={"content-type": "text/html"})
    async with connect(openai_base_url=player.url) as client:
        player.play([http(sent("Once, to have everything imported.", None, None))])
        await ends(client)
        for number, answer in enumerate((http(sent(text, text, text)), page)):
            player.play([answer])
            began = time.process_time()
            words, _ = await ends(client, **{**FOX, "prompt": f"a fox {number}"})

            assert time.process_time() - began < 1
            assert len(words) < 1000


async def test_a_call_that_only_met_a_limit_of_pace_says_so_and_can_be_taken_back(
    connect: Connect, player: Player, settings: Settings
) -> None:
    limit = sent("Rate limit reached for gpt-5. Please try again in 7.5s.", "tokens", None)
    player.play([http(limit, 429)])
    async with connect(openai_base_url=player.url, wait_seconds=2) as client:
        result = await draw(client, **FOX)

        assert (result["status"], result["attempts"]) == ("working", 1)
        told = "\n".join(result["notes"])
        assert "It asks to wait 8 seconds. The request is sent again in about 8 seconds" in told
        assert "nothing was charged so far" in told
        assert "cannot be cancelled" not in told
        assert rows(settings, "SELECT state FROM jobs") == [("requested",)]


async def test_a_picture_is_priced_by_the_model_that_drew_and_an_unknown_price_is_no_zero(
    connect: Connect, player: Player, settings: Settings
) -> None:
    item = wire.image_call(wire.picture("PNG"))
    known, strange = (
        wire.response(item, model=assistant, tools=[wire.LOW | {"model": image}])
        for assistant, image in (("gpt-4o", "gpt-image-2"), ("gpt-9", "gpt-image-9"))
    )
    async with connect(openai_base_url=player.url) as client:
        player.play([Recorded("known", body=known)])
        other = {**FOX, "image_model": "gpt-image-2.5-flare", "quality": "medium"}
        priced = await draw(client, **{**other, "size": "1024x1024"})
        player.play([Recorded("strange", body=strange)])
        unpriced = await draw(client, **{**FOX, "prompt": "a cat"})

    # OpenAI's page: gpt-image-2 at low is $0.006; gpt-4o $2.50 and $10.00 a million.
    assert priced["cost_usd"] == pytest.approx(0.00588 + (54 * 2.5 + 13 * 10) / 1e6, rel=0.01)
    assert unpriced["cost_usd"] is None
    assert any("No price of gpt-image-9 is known" in note for note in unpriced["notes"])
    booked = rows(settings, "SELECT model, usd FROM spending ORDER BY id")
    assert [model for model, _ in booked] == ["gpt-4o", "gpt-image-2", "gpt-9", "gpt-image-9"]
    assert [usd is None for _, usd in booked] == [False, False, True, True]
