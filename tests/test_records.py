"""Earlier work through MCP: found, read in full, rated, learnt from, removed."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastmcp import Client
from mcp import MCPError

from errors import StorageError
from gateway.api_errors import GatewayError
from gateway.client import Gateway
from gateway.connection import Connection
from sandbox.loopback import Sandbox
from settings import Settings
from storage.search import Search
from storage.stamps import title_of
from tests.calls import CONSULT, LOW, consult, data_of, draw, picture, refusal, text_of
from tests.conftest import Connect
from tools import resources

LIST = "openai_list_conversations"
SEARCH = "openai_search_conversations"
RATE = "openai_rate_image"
DELETE = "openai_delete_conversation"

Result = dict[str, Any]


@pytest.fixture
async def client(connect: Connect) -> AsyncIterator[Client[Any]]:
    """A client with every toolset."""
    async with connect(toolsets=["all"]) as connected:
        yield connected


async def call(client: Client[Any], tool: str, **arguments: Any) -> Result:
    return data_of(await client.call_tool(tool, arguments))


async def ids(client: Client[Any], **filters: Any) -> list[str]:
    found = await call(client, LIST, **filters)
    return [one["conversation_id"] for one in found["conversations"]]


async def begin(client: Client[Any], *ideas: str) -> list[str]:
    return [(await consult(client, idea, mode="skip"))["conversation_id"] for idea in ideas]


async def test_a_list_names_the_picture_that_the_next_change_starts_from(
    client: Client[Any],
) -> None:
    drawn = await draw(client, prompt="a fox in a scarf", variations=2, **LOW)
    owner = {"conversation_id": drawn["conversation_id"]}
    changed = await draw(client, prompt="make it blue", **owner)
    named = []
    for chosen in (None, drawn["images"][0]["image_id"]):
        if chosen:
            await draw(client, from_image=chosen, **owner)
        called = await client.call_tool(LIST, {})
        named.append(data_of(called)["conversations"][0]["newest_image_id"])

    assert named == [changed["images"][0]["image_id"], drawn["images"][0]["image_id"]]
    assert f"current picture {named[1]}" in text_of(called)


async def test_the_newest_conversation_comes_first_with_its_facts(client: Client[Any]) -> None:
    await begin(client, "a hedgehog")
    drawn = await draw(client, prompt="a fox in a scarf", **LOW)

    called = await client.call_tool(LIST, {})

    newest, *_ = data_of(called)["conversations"]
    assert newest["conversation_id"] == drawn["conversation_id"]
    assert newest["pictures"] == 1
    assert newest["cost_usd"] == pytest.approx(drawn["cost_usd"], abs=1e-5)
    assert newest["newest_image_id"] == drawn["images"][0]["image_id"]
    for fact in (newest["conversation_id"], newest["title"], "1 picture"):
        assert fact in text_of(called)


async def test_a_record_comes_in_full_and_a_long_one_in_parts(client: Client[Any]) -> None:
    words = " ".join(f"word{number}" for number in range(3500))
    (conversation,) = await begin(client, words)

    first = await call(client, LIST, conversation_id=conversation)
    rest, cursor = "", first["cursor"]
    while cursor:
        page = await call(client, LIST, conversation_id=conversation, cursor=cursor)
        rest, cursor = rest + page["record"], page["cursor"]

    (whole,) = await client.read_resource(f"conversation://{conversation}")
    assert first["cursor"]
    assert first["record"] + rest == whole.text  # type: ignore[union-attr]  # Markdown


async def test_a_picture_of_a_sheet_is_rated_by_its_number_there(client: Client[Any]) -> None:
    drawn = await draw(client, prompt="a fox", variations=2, **LOW)
    second = drawn["images"][1]["image_id"]

    kept = await call(
        client, RATE, image_id="2", conversation_id=drawn["conversation_id"], rating="4"
    )

    assert kept["done"][0].startswith(f"{second} is rated 4")


async def test_ratings_and_bookmarks_are_kept_and_filtered(client: Client[Any]) -> None:
    drawn = await draw(client, prompt="a fox", **LOW)
    other = await draw(client, prompt="a hen", **LOW)
    image = drawn["images"][0]["image_id"]

    kept = await call(client, RATE, image_id=image, rating="thumbs_up", liked="the light")
    await call(client, RATE, image_id=other["images"][0]["image_id"], rating=2)
    named = await call(client, RATE, conversation_id=drawn["conversation_id"], title="Red fox")
    marked = await call(client, RATE, conversation_id=drawn["conversation_id"], bookmark=True)

    assert kept["done"] == [f"{image} is rated 5 of 5; liked: the light."]
    assert named["done"] == ["The conversation is called 'Red fox' now."]
    assert marked["done"] == ["The conversation is bookmarked."]
    assert await ids(client, rating=4) == [drawn["conversation_id"]]
    assert await ids(client, bookmarked=True) == [drawn["conversation_id"]]
    assert await ids(client, query="red") == [drawn["conversation_id"]]


async def test_what_was_liked_and_disliked_is_found_and_shown(client: Client[Any]) -> None:
    drawn = await draw(client, prompt="a fox", **LOW)
    await begin(client, "a hen")
    conversation, image = drawn["conversation_id"], drawn["images"][0]["image_id"]

    await call(client, RATE, image_id=image, rating="2", liked="the brushwork", disliked="too dim")
    await call(client, RATE, image_id=image, rating="3", disliked="too\nmurky")

    assert await ids(client, query="brushwork") == await ids(client, query="murky")
    assert await ids(client, query="murky") == [conversation]
    assert await ids(client, query="dim") == []
    (record,) = await client.read_resource(f"conversation://{conversation}")
    expected = "  - rated 3 of 5; liked: the brushwork; disliked: too murky\n"
    assert expected in record.text  # type: ignore[union-attr]  # Markdown


async def test_what_a_person_usually_chooses_becomes_the_default_and_is_said(
    client: Client[Any],
) -> None:
    before = await consult(client, "a tower")
    for idea in ("a fox", "a hen", "a boat"):
        await consult(client, f"{idea}, watercolor", finish=True)

    called = await client.call_tool(CONSULT, {"message": "a lighthouse"})

    asked = data_of(called)
    style = next(q for q in asked["questions"] if q["dimension"] == "style")
    assert "watercolor" in style["default"]
    assert (
        style["options"]
        == next(q for q in before["questions"] if q["dimension"] == "style")["options"]
    )
    assert "You usually choose" in text_of(called)


async def test_who_takes_what_is_proposed_has_chosen_nothing(
    client: Client[Any],
) -> None:
    for idea in ("a fox", "a hen", "a boat"):
        asked = await consult(client, idea)
        (style,) = [one for one in asked["questions"] if one["dimension"] == "style"]
        taken = {"question_id": style["id"], "answer": style["default"]}
        owner = {"conversation_id": asked["conversation_id"]}
        done = await consult(client, "", answers=[taken], finish=True, **owner)
        assert style["default"] in done["refined_prompt"]

    asked = await consult(client, "a lighthouse")
    assert not any("usually" in note for note in asked["notes"])


async def test_play_on_the_sandbox_is_nobodys_taste(
    client: Client[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for idea in ("a fox", "a hen", "a boat"):
        await consult(client, f"{idea}, watercolor", finish=True)
    monkeypatch.setattr(Connection, "origin", "openai")

    asked = await consult(client, "a lighthouse")

    assert not any("usually" in note for note in asked["notes"])


async def test_where_learning_is_off_nothing_is_learnt(connect: Connect) -> None:
    async with connect(learn=False) as client:
        for idea in ("a fox", "a hen", "a boat"):
            await consult(client, f"{idea}, watercolor", finish=True)
        asked = await consult(client, "a lighthouse")

    assert not any("usually" in note for note in asked["notes"])
    assert not any("watercolor" in question["default"] for question in asked["questions"])


async def test_earlier_work_that_is_close_is_offered_and_not_used(
    client: Client[Any], sandbox: Sandbox
) -> None:
    earlier = await draw(client, prompt="a red lighthouse in a storm", **LOW)

    asked = await consult(client, "a lighthouse in a storm")
    other = await consult(client, "a bowl of fruit")

    (note,) = [note for note in asked["notes"] if "something like this" in note]
    assert earlier["conversation_id"] in note
    assert earlier["conversation_id"] not in str(sandbox.requests[-2].body)
    assert not any("something like this" in note for note in other["notes"])


@pytest.mark.parametrize("changes", [{"embeddings": False}, {"openai_api_key": None}])
async def test_without_meanings_words_are_compared_and_it_is_said(
    connect: Connect, changes: dict[str, Any], sandbox: Sandbox
) -> None:
    async with connect(toolsets=["all"], **changes) as client:
        (lighthouse, _) = await begin(client, "a lighthouse at the coast", "a hedgehog")
        found = await call(client, SEARCH, query="lighthouse")

    assert [one["conversation_id"] for one in found["conversations"]] == [lighthouse]
    assert "Words were compared" in found["notes"][0]
    assert sandbox.requests == []


async def test_the_reason_why_meanings_are_not_compared_is_a_whole_sentence(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise GatewayError("model_access", words={"model": "text-embedding-3.5"})

    monkeypatch.setattr(Gateway, "embed", refuse)
    async with connect(toolsets=["all"]) as client:
        found = await call(client, SEARCH, query="lighthouse")

    assert found["notes"][0].endswith(
        "not meanings: This OpenAI project has no access to text-embedding-3.5."
    )


async def test_a_search_for_earlier_work_that_fails_is_in_the_log_and_the_turn_goes_on(
    client: Client[Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object, **_arguments: object) -> None:
        raise StorageError("The record database is damaged.")

    monkeypatch.setattr(Search, "has_pictures", fail)

    asked = await call(client, CONSULT, message="a red fox in deep snow")

    assert asked["questions"]
    assert "The record database is damaged." in caplog.text


async def test_no_meaning_is_asked_for_once_the_budget_is_spent(
    connect: Connect,
) -> None:
    own = {"toolsets": ["all"], "sandbox": True, "openai_base_url": None}
    async with connect(**own) as client:
        drawn = await draw(client, prompt="a lighthouse", **LOW)
    async with connect(**own, daily_budget_usd=drawn["cost_usd"] / 2) as client:
        found = await call(client, SEARCH, query="lighthouse")

    assert found["conversations"]
    assert "the daily budget is spent" in found["notes"][0]


async def test_deleting_says_first_what_would_go_and_spares_pictures(
    client: Client[Any],
) -> None:
    drawn = await draw(client, prompt="a fox", **LOW)
    conversation = drawn["conversation_id"]

    asked = await call(client, DELETE, conversation_id=conversation)
    still = await ids(client)
    done = await call(client, DELETE, conversation_id=conversation, confirm=True)

    assert "This would delete" in asked["done"][0]
    assert "1 picture file (0.1 MB)" in asked["done"][0]
    assert still == [conversation]
    assert "Deleted" in done["done"][0]
    assert await ids(client) == []
    assert await ids(client, query="fox") == []
    assert picture(drawn).is_file()
    refused = await refusal(client, DELETE, conversation_id=conversation)
    assert "no conversation" in refused
    assert "new one" not in refused  # than the one that is to go


async def test_its_own_pictures_go_with_it_if_asked_and_the_day_s_sum_stays(
    client: Client[Any], settings: Settings
) -> None:
    drawn = await draw(client, prompt="a fox", **LOW)
    beside = settings.images_dir / "mine.png"
    beside.write_bytes(b"mine")

    await call(
        client, DELETE, conversation_id=drawn["conversation_id"], confirm=True, pictures=True
    )
    assert list(settings.images_dir.iterdir()) == [beside]
    after = await draw(client, prompt="a hen", **LOW)

    assert after["spent_today_usd"] > after["spent_conversation_usd"]


async def test_a_file_that_is_not_the_recorded_one_outlives_its_record(
    client: Client[Any],
) -> None:
    drawn = await draw(client, prompt="a fox", **LOW)
    picture(drawn).write_bytes(b"a person's own")

    deleted = await call(
        client, DELETE, conversation_id=drawn["conversation_id"], confirm=True, pictures=True
    )

    assert picture(drawn).read_bytes() == b"a person's own"
    assert "is not the one that was recorded" in str(deleted)


async def test_the_newest_resources_are_one_page(
    client: Client[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "NEWEST", 3)
    drawn = await draw(client, prompt="fox", **LOW)
    await begin(client, "one", "two", "three")

    listed = await client.list_resources_mcp()
    uris = [str(one.uri) for one in listed.resources]
    newest = [uri for uri in uris if not uri.startswith(("template://", "style://", "ui://"))]

    assert listed.next_cursor is None
    assert len(set(newest)) == len(newest) == 3
    assert f"image://{drawn['images'][0]['image_id']}" not in newest
    with pytest.raises(MCPError, match="without a cursor"):
        await client.list_resources_mcp(cursor="x")


UNKNOWN = [
    "image://no", "conversation://no", "template://no", "style://no", "nothing://no", "image://../x",
    "image://" + "a" * 60_000,
]  # fmt: skip


@pytest.mark.parametrize(("mode", "code"), [("legacy", -32002), ("auto", -32602)])
async def test_an_unknown_resource_has_the_code_of_the_era(
    connect: Connect, mode: str, code: int
) -> None:
    async with connect(mode) as client:
        for uri in UNKNOWN:
            with pytest.raises(MCPError) as caught:
                await client.read_resource(uri)

            assert caught.value.error.code == code
            assert uri.startswith(caught.value.error.data["uri"])
            assert len(str(caught.value)) < 2000


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("a fox", "a fox"),
        ("a fox that runs, sleeps", "a fox that runs…"),
        ("嵐の中の灯台と波と雲と雨と風と夜と月", "嵐の中の灯台と波と雲と雨と風と夜…"),
    ],
)
def test_a_title_says_that_it_is_a_beginning(words: str, title: str) -> None:
    assert title_of(words, 17) == title
