"""Templates in the dialogue, as MCP prompts and as resources."""

import json
import re
from typing import Any

import mcp.types as mt
import pytest
from fastmcp import Client
from mcp import MCPError
from PIL import Image

from consultation.template_dialogue import NO_PLACE_NOTE
from consultation.turn import FILLING_NAME
from prompts.parameter import COLORS
from prompts.prompt_files import SHIPPED
from sandbox.loopback import Sandbox
from settings import Settings
from tests.calls import CONSULT, Result, consult, draw, refusal, text_of
from tests.conftest import Connect
from tests.test_library import NAMES, SHIPPED_STORE, SOUND

ERAS = pytest.mark.parametrize("mode", ["auto", "legacy"])
HERO, DIVIDER = "product_hero", "section_divider"


def given(**values: str) -> list[dict[str, str]]:
    """Answers by the names of parameters."""
    return [{"question_id": name, "answer": value} for name, value in values.items()]


def sources(result: Result) -> dict[str, tuple[str, str | None]]:
    """Each phrase that is not the template's own, with its source."""
    return {
        span["text"].strip(): (span["source"], span["ref"])
        for span in result["provenance"]
        if span["source"] != "template"
    }


def own_template(settings: Settings, source: str, place: str = "art/door_sign") -> None:
    path = settings.templates_dir / "library" / f"{place}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")


async def test_open_parameters_are_asked_in_the_templates_words_and_fill_it_without_any_model(
    client: Client[Any], sandbox: Sandbox
) -> None:
    text = 'Plan "B" {{ 7 * 7 }}'
    asked = await consult(client, text, template=DIVIDER, answers=given(text=text, number="2"))
    chosen = {"motif": "a paper boat", "ground": "#112233"}

    result = await consult(
        client,
        "a paper boat; #112233",
        conversation_id=asked["conversation_id"],
        answers=given(**chosen),
    )

    template = SHIPPED_STORE.library_template(DIVIDER)
    assert asked["status"] == "asking"
    assert [one["dimension"] for one in asked["questions"]] == [
        name for name in template.parameters if name not in {"text", "number"}
    ]
    for one in asked["questions"]:
        parameter = template.parameters[one["dimension"]]
        assert (one["text"], one["default"]) == (parameter.question, str(parameter.default))
        assert one["default"] in one["options"]
    assert result["status"] == "ready"
    assert result["refined_prompt"] == template.render({"text": text, "number": "2", **chosen})
    assert sources(result) == {
        "#112233": ("said", "m5"),
        "2": ("said", "m2"),
        text: ("said", "m1"),
        "warm orange": ("assumed", None),
        "a paper boat": ("said", "m4"),
    }
    assert [one["value"] for one in result["assumptions"]] == ["warm orange"]
    assert result["suggested"]["size"] == "1536x864"
    assert sandbox.requests == []


async def test_words_are_read_into_parameters(client: Client[Any], sandbox: Sandbox) -> None:
    asked = await consult(
        client, "a hero of our matte black kettle, no steam", template=HERO, mode="quick"
    )
    result = await consult(
        client,
        "grey slate; rim light against a dark ground",
        conversation_id=asked["conversation_id"],
    )

    assert [one["dimension"] for one in asked["questions"]] == ["surface", "light"]
    assert result["status"] == "ready"
    told = sources(result)
    assert told["our matte black kettle"] == ("said", "m1")
    assert told["grey slate"] == ("said", "m2")
    assert told["rim light against a dark ground"] == ("said", "m2")
    assert "no steam" in [one["quote"] for one in result["not_used"]]
    assert told["in three-quarter view"] == ("assumed", None)
    assert len(sandbox.requests) == 2


@pytest.mark.parametrize("words", ["my old mug", "my mug", "mug"])
async def test_short_words_are_read_into_parameters(client: Client[Any], words: str) -> None:
    result = await consult(client, words, template=HERO, finish=True)

    assert sources(result)[words] == ("said", "m1")


@pytest.mark.parametrize("words", ["my old mug", "a tea mug packshot", "ox"])
async def test_a_message_of_which_nothing_fills_the_template_is_shown(
    client: Client[Any], sandbox: Sandbox, words: str
) -> None:
    sandbox.answer(FILLING_NAME, {"language": "en", "title": "", "filled": [], "besides": []})

    result = await consult(client, words, template=HERO, finish=True)

    assert [one["quote"] for one in result["not_used"]] == [words]


async def test_a_clause_beside_one_that_fills_the_template_is_shown_where_nothing_is_taken_of_it(
    client: Client[Any], sandbox: Sandbox
) -> None:
    mug = {"parameter": "subject", "value": "my old mug", "quote": "my old mug", "seen_in": None}
    read = {"language": "en", "title": "", "filled": [mug], "besides": []}
    sandbox.answer(FILLING_NAME, read)

    result = await consult(
        client, "It is for a friend. Show my old mug, and nothing green", template=HERO, finish=True
    )

    unused = {one["quote"]: one["why"] for one in result["not_used"]}
    assert unused == {"It is for a friend": "talk", "and nothing green": "unplaced"}


@pytest.mark.parametrize("by_id", [True, False])
@pytest.mark.parametrize(
    ("words", "left_to_us"),
    [("maybe the second", []), ("2", []), ("2, you decide the rest", ["you decide the rest"])],
)
async def test_a_choice_named_by_its_place_is_chosen(
    client: Client[Any], words: str, left_to_us: list[str], *, by_id: bool
) -> None:
    begun = await consult(client, "our matte black kettle", template=HERO, mode="quick")
    first = begun["questions"][0]
    result = await consult(
        client,
        "" if by_id else words,
        conversation_id=begun["conversation_id"],
        answers=[{"question_id": first["id"], "answer": words}] if by_id else [],
        finish=True,
    )

    assert sources(result)[first["options"][1]] == ("chosen", first["id"])
    assert [one["dimension"] for one in result["assumptions"]] == ["light", "composition"]
    assert [one["quote"] for one in result["not_used"]] == left_to_us
    assert all(one["why"] == "left_to_us" for one in result["not_used"])


async def test_a_question_beside_answers_to_everything_is_answered(client: Client[Any]) -> None:
    result = await consult(
        client,
        "what does hero shot mean?",
        template=HERO,
        answers=given(
            subject="a mug",
            text="Mia",
            surface="oak",
            light="bright even studio light",
            composition="in three-quarter view",
            props="a cut lemon",
        ),
    )

    assert result["status"] == "ready"
    assert result["reply"]
    assert [one["why"] for one in result["not_used"]] == ["talk"]


async def test_words_that_fit_no_choice_leave_their_question_open(client: Client[Any]) -> None:
    begun = await consult(client, "our matte black kettle", template=HERO, mode="quick")
    place = {"conversation_id": begun["conversation_id"]}
    first, second = begun["questions"]
    words = [{"question_id": second["id"], "answer": "as in an old advert"}]
    told = await consult(client, "", answers=words, **place)
    numbers = [{"question_id": one["id"], "answer": one["options"][0]} for one in (first, second)]
    ready = await consult(client, "", answers=numbers, **place)

    assert (told["status"], told["questions"]) == ("asking", [first, second])
    assert NO_PLACE_NOTE in told["notes"]
    assert ready["status"] == "ready"


async def test_words_that_fill_two_parameters_count_once(
    client: Client[Any], sandbox: Sandbox
) -> None:
    values = {"contents": "crimson pepper", "accent": "crimson"}
    filled = [{"parameter": name, "value": v, "seen_in": None} for name, v in values.items()]
    sandbox.answer(
        FILLING_NAME, {"language": "en", "title": "Pepper", "filled": filled, "besides": []}
    )

    result = await consult(client, "crimson pepper", template="packaging_mockup", finish=True)

    assert result["accounted"] == {"words": 2, "placed": 2}


async def test_a_template_that_is_only_called_by_its_name_asks_and_no_model_reads_that(
    client: Client[Any], sandbox: Sandbox
) -> None:
    asked = await consult(client, "ein Packshot", template=HERO)

    assert asked["questions"][0]["dimension"] == "subject"
    assert sandbox.requests == []


@pytest.mark.parametrize("by_id", [True, False])
async def test_a_question_back_is_answered_and_leaves_its_question_open(
    client: Client[Any], sandbox: Sandbox, by_id: bool
) -> None:
    begun = await consult(client, "our matte black kettle", template=HERO, mode="quick")
    first, second = begun["questions"]
    back = "what is a rim light?"
    reply = "A light from behind that draws a bright edge around the kettle."
    filling = {"language": "en", "title": "Kettle", "reply": reply, "filled": [], "besides": []}
    sandbox.answer(FILLING_NAME, filling)
    answers = [{"question_id": second["id"], "answer": back}] if by_id else []

    told = await consult(
        client, "" if by_id else back, conversation_id=begun["conversation_id"], answers=answers
    )
    ready = await consult(
        client,
        "",
        conversation_id=begun["conversation_id"],
        answers=[
            {"question_id": first["id"], "answer": first["options"][0]},
            {"question_id": second["id"], "answer": second["options"][1]},
        ],
    )

    assert (told["status"], told["reply"]) == ("asking", reply)
    assert told["questions"] == [first, second]
    assert [one["why"] for one in told["not_used"]] == ["talk"]
    assert ready["status"] == "ready"
    assert second["options"][1] in ready["refined_prompt"]
    assert "rim light?" not in ready["refined_prompt"]


async def test_what_nobody_named_is_a_placeholder_that_is_said(client: Client[Any]) -> None:
    asked = await consult(client, "x", template=HERO, mode="quick")
    result = await consult(client, "go", template=HERO, finish=True)

    assert len(asked["questions"]) == 2
    assert (result["status"], result["questions"]) == ("ready", [])
    assert {
        "dimension": "subject",
        "value": "a matte black gooseneck kettle",
    } in result["assumptions"]
    assert any("Nobody said what subject is" in note for note in result["notes"])


async def test_the_days_budget_stops_readings_and_no_answers(
    connect: Connect, sandbox: Sandbox
) -> None:
    async with connect(daily_budget_usd=0.0) as client:
        told = await refusal(client, CONSULT, message="a kettle", template=HERO)
        result = await consult(
            client, "go", template=HERO, answers=given(subject="a kettle"), finish=True
        )

    assert "daily budget" in told
    assert result["status"] == "ready"
    assert sandbox.requests == []


async def test_skip_asks_neither_person_nor_model(client: Client[Any], sandbox: Sandbox) -> None:
    named = "library/art/isometric_city"  # as its file lies there
    result = await consult(client, "a harbour", template=named, mode="skip")

    assert result["status"] == "ready"
    assert sources(result)["a harbour"] == ("said", "m1")
    assert sandbox.requests == []


async def test_after_ready_a_message_changes_only_what_it_says(client: Client[Any]) -> None:
    first = await consult(
        client,
        "go",
        template=HERO,
        finish=True,
        answers=given(
            subject="a red mug", text="Mia", surface="oak", light="rim light against a dark ground"
        ),
    )
    cid = first["conversation_id"]

    second = await consult(client, "bright even studio light", conversation_id=cid)
    third = await consult(client, "and a sleeping cat", conversation_id=cid)
    fourth = await consult(
        client, "two mugs", conversation_id=cid, answers=given(subject="two mugs")
    )

    changed = first["refined_prompt"].replace(
        "rim light against a dark ground", "bright even studio light"
    )
    assert second["refined_prompt"] == changed
    assert third["refined_prompt"] == changed
    assert "a sleeping cat" in " ".join(one["quote"] for one in third["not_used"])
    assert fourth["refined_prompt"] == third["refined_prompt"].replace("a red mug", "two mugs")
    replaced = [one["quote"] for one in fourth["not_used"] if one["why"] == "replaced"]
    assert sorted(replaced) == ["a red mug", "rim light against a dark ground"]


async def test_a_template_can_be_chosen_in_a_running_dialogue(
    client: Client[Any], sandbox: Sandbox
) -> None:
    free = await consult(client, "a picture of a red mug", finish=True)
    read = {"subject": "a red mug", "surface": "wet sand"}
    filled = [{"parameter": k, "value": v, "seen_in": None} for k, v in read.items()]
    filling = {"language": "en", "title": "Mug", "filled": filled, "besides": []}
    sandbox.answer(FILLING_NAME, filling)

    result = await consult(
        client,
        "surface: wet sand, please",
        conversation_id=free["conversation_id"],
        template=HERO,
        finish=True,
    )

    assert any(span["ref"] == HERO for span in result["provenance"])
    assert "a red mug" in result["refined_prompt"]
    assert sources(result)["wet sand"] == ("said", "m2")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"template": "prodct_hero"}, "Did you mean product_hero?"),
        ({"template": "../secrets"}, "There is no template"),
        ({"template": DIVIDER, "answers": given(number="99")}, "a whole number from 1 to 20"),
        ({"template": DIVIDER, "answers": given(colour="red")}, "there are number, text"),
        ({"template": DIVIDER, "answers": given(q1="red")}, "'q1'"),
    ],
)
async def test_what_cannot_be_begins_no_conversation(
    client: Client[Any], sandbox: Sandbox, arguments: Result, says: str
) -> None:
    assert says in await refusal(client, CONSULT, message="a plan", **arguments)

    listed = await client.call_tool("openai_list_conversations", {})
    assert (listed.structured_content or {})["total"] == 0
    assert sandbox.requests == []


@pytest.mark.parametrize("fault", ["server_error", "delay=2"])
async def test_where_no_model_answers_in_time_the_words_are_kept(
    client: Client[Any], sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr("consultation.template_dialogue.TURN_SECONDS", 1.0)
    sandbox.fail(fault, times=20)

    result = await consult(client, "a green glass lamp", template=HERO, finish=True)

    assert sources(result)["a green glass lamp"] == ("said", "m1")
    assert any("were not read into the template" in note for note in result["notes"])


async def test_what_a_model_invents_is_marked_or_left_out(
    client: Client[Any], sandbox: Sandbox, settings: Settings
) -> None:
    settings.images_dir.mkdir()
    Image.new("RGB", (64, 64)).save(settings.images_dir / "seen.png")
    invented = {
        "subject": ("a mug", None), "surface": ("a marble altar", None),
        "light": ("moonbeams", None), "colour": ("red", None), "props": ("roses", "r9"),
        "composition": ("slightly from above", "r1"),
    }  # fmt: skip
    values = [
        {"parameter": name, "value": value, "seen_in": seen_in}
        for name, (value, seen_in) in invented.items()
    ]
    sandbox.answer(
        FILLING_NAME,
        {"language": "en", "title": "Mug", "filled": values, "besides": ["a unicorn"]},
    )

    result = await consult(
        client, "a mug, please", template=HERO, finish=True, reference_images=["seen.png"]
    )

    shown = sources(result)
    assert shown["a mug"] == ("said", "m1")
    assert shown["slightly from above"] == ("reference", "r1")
    assert {"a marble altar", "roses"} <= {one["value"] for one in result["assumptions"]}
    assert any("moonbeams" in note for note in result["notes"])
    assert "moonbeams" not in result["refined_prompt"]
    assert "unicorn" not in result["refined_prompt"]


async def test_a_fitting_template_is_suggested_once_and_never_used_silently(
    client: Client[Any],
) -> None:
    first = await consult(client, "a watercolor landscape of Provence")
    second = await consult(client, "calm", conversation_id=first["conversation_id"])
    other = await consult(client, "a red fox in the snow")

    assert ["template='watercolor_landscape'" in note for note in first["notes"]].count(True) == 1
    assert not any("template" in note for note in [*second["notes"], *other["notes"]])
    assert all(span["source"] != "template" for span in second["provenance"])


async def test_the_record_knows_the_template_and_stats_show_how_it_fares(
    connect: Connect, settings: Settings
) -> None:
    async with connect(toolsets=["core", "keep"]) as client:
        ready = await consult(client, "go", template=HERO, finish=True)
        drawn = await draw(client, conversation_id=ready["conversation_id"], quality="low")
        image = drawn["images"][0]["image_id"]
        await client.call_tool("openai_rate_image", {"image_id": image, "rating": "4"})
        record = await client.call_tool(
            "openai_list_conversations", {"conversation_id": ready["conversation_id"]}
        )
    from app import App

    app = App(settings)
    fared = [one for one in await app.maintenance.statistics() if one.kind == "template"]
    loaded = await app.records.load(ready["conversation_id"])
    await app.close()

    assert [(one.name, one.conversations, one.pictures, one.rating) for one in fared] == [
        (HERO, 1, 1, 4.0)
    ]
    mark = SHIPPED_STORE.library_template(HERO).text.fingerprint
    assert loaded.turns[0].templates == {f"library/marketing/{HERO}.yaml": mark}
    assert f"template {HERO}" in text_of(record)


@ERAS
async def test_every_template_is_a_prompt_with_its_parameters(connect: Connect, mode: str) -> None:
    async with connect(mode) as client:
        listed = {prompt.name: prompt for prompt in await client.list_prompts()}
        got = await client.get_prompt(HERO, {"subject": 'a "{{ 7 }}" mug', "light": ""})
        asked = json.loads(re.findall(r"\{.*\}", message(got), re.DOTALL)[0])
        result = await consult(client, **asked)

    assert sorted(listed) == sorted(NAMES)
    for name, prompt in listed.items():
        parameters = SHIPPED_STORE.library_template(name).parameters
        arguments = {one.name: one for one in prompt.arguments or []}
        assert list(arguments) == list(parameters)
        assert all(arguments[n].required == p.required for n, p in parameters.items())
        assert all(p.question in (arguments[n].description or "") for n, p in parameters.items())
    assert CONSULT in message(got)
    assert asked["answers"] == given(subject='a "{{ 7 }}" mug')
    assert result["brief"][0]["value"] == 'a "{{ 7 }}" mug'


def message(got: mt.GetPromptResult) -> str:
    """The text of a prompt's only message."""
    (only,) = got.messages
    assert isinstance(only.content, mt.TextContent)
    return only.content.text


async def test_arguments_are_completed(client: Client[Any]) -> None:
    async def completed(prompt: str, argument: str, typed: str) -> list[str]:
        reference = mt.PromptReference(type="ref/prompt", name=prompt)
        return (await client.complete(reference, {"name": argument, "value": typed})).values

    assert await completed(HERO, "light", "RIM") == ["rim light against a dark ground"]
    assert await completed(HERO, "light", "light") != []
    assert await completed("title_slide", "accent", "") == COLORS
    assert await completed("social_square", "ground", "s") == ["sunny yellow", "forest green"]
    assert await completed(HERO, "light", "zzz") == []
    assert await completed(HERO, "nothing", "") == []
    assert await completed("nothing", "light", "") == []
    named = mt.ResourceTemplateReference(type="ref/resource", uri="template://{name}")
    names = await client.complete(named, {"name": "name", "value": "story"})
    assert names.values == ["storyboard"]


async def test_a_prompt_refuses_what_does_not_fit_in_words(client: Client[Any]) -> None:
    with pytest.raises(MCPError, match="takes light as one of soft light"):
        await client.get_prompt(HERO, {"light": "moonbeams"})
    with pytest.raises(MCPError, match="Unknown prompt"):
        await client.get_prompt("nothing")


async def test_templates_are_listed_and_read_as_resources(client: Client[Any]) -> None:
    listed = {str(one.uri) for one in await client.list_resources()}
    (content,) = await client.read_resource(f"template://{HERO}")
    with pytest.raises(MCPError, match="There is no template 'nothing'"):
        await client.read_resource("template://nothing")

    assert {f"template://{name}" for name in NAMES} <= listed
    assert isinstance(content, mt.TextResourceContents)
    shipped = SHIPPED / "library" / "marketing" / f"{HERO}.yaml"
    assert content.text == shipped.read_text(encoding="utf-8")


async def test_own_templates_take_effect_at_once_and_a_broken_one_breaks_nothing(
    client: Client[Any], settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    before = {prompt.name for prompt in await client.list_prompts()}
    own_template(settings, SOUND)
    own_template(settings, "description: [", "art/torn")
    own_template(settings, "description: [", f"marketing/{HERO}")

    after = {prompt.name for prompt in await client.list_prompts()}
    first = await consult(client, "Open", template="door_sign", finish=True)
    own_template(settings, SOUND.replace("A sign", "A shop sign"))
    second = await consult(client, "Open", template="door_sign", finish=True)
    fallen_back = await consult(client, "go", template=HERO, finish=True)

    assert after - before == {"door_sign"}
    assert "library/art/torn.yaml, line 2" in caplog.text
    assert first["refined_prompt"].startswith("A sign")
    assert second["refined_prompt"].startswith("A shop sign")
    assert fallen_back["status"] == "ready"
    assert any("The shipped one is used" in note for note in fallen_back["notes"])
    assert "torn.yaml, line 2" in await refusal(client, CONSULT, message="x", template="torn")
