"""The view as the server has it: declared, linked, one file, read and kept for without cost."""

import base64
import hashlib
import io
import json
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from mcp.types import ImageContent, TextResourceContents
from PIL import Image

from sandbox.loopback import Sandbox
from storage import picture_files
from storage.picture_files import SmallCopies
from storage.tables import Image as PictureRow
from studio import assembler
from tests.calls import CONSULT, SKIP, consult, data_of, draw, refusal, text_of
from tests.conftest import Connect

URI = "ui://image-consultant/view"
LINKED = {
    "openai_image_consultation", "openai_conversational_image", "openai_list_conversations",
    "openai_generate_image", "openai_generate_variations",
}  # fmt: skip


def png(width: int, height: int, *, hole: bool = True) -> str:
    """A mask as base64, transparent in its left half."""
    mask = Image.new("RGBA", (width, height), "black")
    if hole:
        mask.paste((0, 0, 0, 0), (0, 0, width // 2, height))
    target = io.BytesIO()
    mask.save(target, "PNG")
    return base64.b64encode(target.getvalue()).decode()


async def read(client: Client[Any], what: str, **arguments: Any) -> dict[str, Any]:
    """What the view reads, from the text alone as hosts leave it."""
    called = await client.call_tool("view_read", {"what": what, **arguments})
    assert json.loads(text_of(called)) == data_of(called)
    return data_of(called)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_the_view_is_declared_linked_and_listed_in_both_eras(
    connect: Connect, mode: str
) -> None:
    async with connect(mode, toolsets=["all"]) as client:
        capabilities = client.session.server_capabilities
        tools = {one.name: (one.meta or {}).get("ui", {}) for one in await client.list_tools()}
        listed = [one for one in await client.list_resources() if str(one.uri) == URI]
        (contents,) = await client.read_resource(URI)

    assert capabilities is not None
    assert "io.modelcontextprotocol/ui" in (capabilities.extensions or {})
    assert {name for name, ui in tools.items() if ui.get("resourceUri") == URI} == LINKED
    assert {name for name, ui in tools.items() if ui.get("visibility") == ["app"]} == {
        "view_read", "view_keep",
    }  # fmt: skip
    for one in (*listed, contents):
        assert one.mime_type == "text/html;profile=mcp-app"
        ui = (one.meta or {})["ui"]
        assert ui["csp"] == {"resourceDomains": ["data:", "blob:"]}
        assert "domain" not in ui
    assert len(listed) == 1


async def test_the_page_is_one_small_file_that_loads_nothing(client: Client[Any]) -> None:
    (contents,) = await client.read_resource(URI)
    assert isinstance(contents, TextResourceContents)
    page = contents.text

    assert len(page.encode()) < 80_000
    assert not re.search(r"<(?:link|iframe|object|base)\b|src=\"|@import|url\(", page)
    assert page.count("<script") == page.count("</script") == 1
    assert not re.search(r"\son\w+=\"", page)
    own = page.replace((assembler.MODULES / "vendor" / "preact.js").read_text("utf-8"), "")
    for word in ("eval(", "new Function", "import(", "localStorage", "; color-scheme:"):
        assert word not in own, word


def test_words_never_become_markup() -> None:
    ours = [one for one in assembler.MODULES.rglob("*.js") if "vendor" not in one.parts]

    assert len(ours) > 10
    for path in ours:
        code = path.read_text("utf-8")
        assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write", code), path


def test_what_is_vendored_is_what_its_readme_says() -> None:
    folder = assembler.MODULES / "vendor"
    code = (folder / "preact.js").read_bytes()

    assert hashlib.sha256(code).hexdigest() in (folder / "README.md").read_text("utf-8")
    assert len(code) <= 16_000
    assert "MIT License" in (folder / "LICENSES.txt").read_text("utf-8")
    assert "Apache License" in (folder / "LICENSES.txt").read_text("utf-8")


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ('import all from "./b.js";\n', 1),
        ('\nimport * as all from "./b.js";\n', 2),
        ("const one = 1;\nexport default one;\n", 2),
        ('export { one } from "./b.js";\nconst two = 2;\n', 1),
        ('const late = import("./b.js");\n', 1),
        ("const a = 1;\n\nawait a;\n", 3),
        ('import { a } from "./gone.js";\n', 1),
        ('import { default as a } from "./b.js";\n', 1),
        ('import { one as two } from "./b.js";\n', 1),
        ('import { two } from "./b.js";\n', 1),
    ],
)
def test_what_the_assembler_does_not_take_is_named_by_file_and_line(
    tmp_path: Path, code: str, line: int
) -> None:
    (tmp_path / "a.js").write_text(code)
    (tmp_path / "b.js").write_text("export const one = 1;\n")

    with pytest.raises(assembler.AssemblyError, match=rf"^a\.js, line {line}: "):
        assembler.script(tmp_path / "a.js")


def test_a_name_that_two_modules_of_a_page_export_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\nexport const one = 1;\n')
    (tmp_path / "b.js").write_text("export const b = 1;\nexport const one = 1;\n")

    with pytest.raises(assembler.AssemblyError, match=r"a\.js exports one, as b\.js does"):
        assembler.script(tmp_path / "a.js")


def test_modules_that_import_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\nexport const a = 1;\n')
    (tmp_path / "b.js").write_text('import { a } from "./a.js";\nexport const b = 1;\n')

    with pytest.raises(assembler.AssemblyError, match="imports itself"):
        assembler.script(tmp_path / "a.js")


async def test_a_conversation_reads_the_same_where_structured_content_is_lost(
    client: Client[Any],
) -> None:
    asked = await consult(client, "a lighthouse")
    begun = await read(client, "state", id=asked["conversation_id"])
    said = await read(client, "state", query="a lighthouse")

    assert begun["status"] == "asking"
    assert begun["dialogue"]["questions"] == asked["questions"]
    assert begun["choices"]["prices"]["1024x1024 medium png"] > 0
    assert said["conversation_id"] == asked["conversation_id"]


async def test_reading_for_the_view_buys_nothing(client: Client[Any], sandbox: Sandbox) -> None:
    ready = await consult(client, "a fox", finish=True)
    before = len(sandbox.requests)
    for what in ("state", "progress", "list", "templates", "styles", "costs"):
        await read(client, what, id=ready["conversation_id"])

    assert len(sandbox.requests) == before


async def test_the_price_of_a_button_is_what_its_call_is_estimated_at(connect: Connect) -> None:
    async with connect(partial_images=2) as client:
        given = {"what": "reference", "value": png(64, 48)}
        name = data_of(await client.call_tool("view_keep", given))["upload_id"]
        assert re.fullmatch(r"up_[0-9a-f]{16}", name)
        ready = await consult(client, "a fox like this", reference_images=[name], finish=True)
        place = ready["conversation_id"]
        state = await read(client, "state", id=place)
        settings = "{size} {quality} {output_format}".format_map(state["choices"]["settings"])
        price = state["choices"]["prices"][settings]
        drawn = await draw(client, conversation_id=place)
        (image,) = (await read(client, "state", id=place))["images"]
        changed = await draw(client, prompt="a hat", conversation_id=place, quality="high")
        several = {"from_image": image["image_id"], "variations": 2, "quality": "low"}
        varied = await draw(client, conversation_id=place, **several)

    assert ready["estimated_cost_usd"] == pytest.approx(price, abs=1e-4)
    assert drawn["estimated_cost_usd"] == pytest.approx(price)
    assert changed["estimated_cost_usd"] == pytest.approx(image["next_prices"]["high"])
    assert varied["estimated_cost_usd"] == pytest.approx(2 * image["next_prices"]["low"])


async def test_more_pictures_than_go_along_are_not_in_the_price_that_is_shown(
    client: Client[Any],
) -> None:
    given = {"what": "reference", "value": png(64, 48)}
    names = [data_of(await client.call_tool("view_keep", given))["upload_id"]] * 3
    place = (await consult(client, "a fox", reference_images=names))["conversation_id"]
    like = {"conversation_id": place, "reference_images": names}
    await consult(client, "and like this", **like)
    ready = await consult(client, "and so", **like, finish=True)
    drawn = await draw(client, conversation_id=place)

    assert ready["estimated_cost_usd"] == pytest.approx(drawn["estimated_cost_usd"], abs=1e-4)


async def test_the_view_sees_a_drawing_while_another_call_waits_for_it(
    connect: Connect, sandbox: Sandbox
) -> None:
    sandbox.fail("delay=2", kind="image")
    async with connect(wait_seconds=1) as client:
        begun = await draw(client, prompt="a fox", **SKIP)
        progress = await read(client, "progress", id=begun["conversation_id"])
        state = await read(client, "state", id=begun["conversation_id"])

    assert begun["status"] == progress["status"] == state["status"] == "working"
    assert progress["stage"]
    assert progress["estimated_cost_usd"] > 0


async def test_small_copies_are_small_and_made_once(connect: Connect, tmp_path: Path) -> None:
    async with connect(toolsets=["keep"]) as client:
        drawn = await draw(client, prompt="a fox", **SKIP)
        (image,) = drawn["images"]
        sizes = []
        for edge in (240, 512, 1024):
            called = await client.call_tool(
                "view_read", {"what": "picture", "id": image["image_id"], "edge": edge}
            )
            (block,) = [one for one in called.content if isinstance(one, ImageContent)]
            with Image.open(io.BytesIO(base64.b64decode(block.data))) as copy:
                sizes.append(max(copy.size))
            assert block.mime_type == "image/webp"
        folder = tmp_path / "data" / "small-copies"
        copies = {path.name for path in folder.iterdir()}
        gallery = await read(client, "list")
        await client.call_tool(
            "openai_delete_conversation",
            {"conversation_id": drawn["conversation_id"], "confirm": True},
        )

    assert sizes == [240, 512, 1024]
    assert len(copies) == 3
    assert gallery["thumbnails"] == [image["image_id"]]
    assert list(folder.iterdir()) == []


def test_small_copies_take_bounded_room_and_those_shown_last_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def picture(number: int) -> PictureRow:
        data = base64.b64decode(png(300 + number, 200))
        path = tmp_path / f"{number}.png"
        path.write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        facts = {"sha256": digest, "bytes": len(data), "format": "png"}
        return PictureRow(id=str(number), path=str(path), **facts)

    first, second, third, new = map(picture, range(4))
    for one in (first, second, third, first):
        size = len(SmallCopies(tmp_path / "copies").copy(one, 240).data)
    monkeypatch.setattr(picture_files, "MOST_BYTES", 2.5 * size)
    SmallCopies(tmp_path / "copies").copy(new, 240)
    left = {path.name for path in (tmp_path / "copies").iterdir()}

    assert left == {f"{one.sha256}-240.webp" for one in (first, third, new)}


async def test_a_mask_that_came_as_bytes_is_checked_and_used_like_a_file(
    client: Client[Any], sandbox: Sandbox
) -> None:
    drawn = await draw(client, prompt="a fox", **SKIP)
    (image,) = drawn["images"]
    name = image["image_id"]
    for value, words in (
        (png(image["width"], 8), "save it in that size"),
        (png(image["width"], image["height"], hole=False), "opaque everywhere"),
        ("no base64 at all!", "no base64"),
        (base64.b64encode(b"GIF89a nothing").decode(), "no picture"),
    ):
        said = await refusal(client, "view_keep", what="mask", id=name, value=value)
        assert words in said
    kept = await client.call_tool(
        "view_keep",
        {"what": "mask", "id": name, "value": png(image["width"], image["height"])},
    )
    await draw(
        client,
        prompt="a hat",
        conversation_id=drawn["conversation_id"],
        mask=data_of(kept)["upload_id"],
    )
    (tool,) = sandbox.requests[-1].body["tools"]
    sent = tool["input_image_mask"]["image_url"].partition(",")[2]

    assert base64.b64decode(sent) == base64.b64decode(png(image["width"], image["height"]))


async def test_a_reference_of_50_mb_is_refused_in_few_words(
    client: Client[Any], tmp_path: Path
) -> None:
    said = await refusal(client, "view_keep", what="reference", value="A" * 67_000_000)

    assert "at most 1400000 characters" in said
    assert len(said) < 300
    assert not (tmp_path / "data" / "uploads").exists()


async def test_a_picture_handed_in_that_no_call_names_is_gone_after_a_week(
    client: Client[Any], tmp_path: Path
) -> None:
    async def hand_in(width: int) -> str:
        given = {"what": "reference", "value": png(width, 48)}
        return str(data_of(await client.call_tool("view_keep", given))["upload_id"])

    used, unused = await hand_in(64), await hand_in(65)
    await consult(client, "a fox like this", reference_images=[used])
    for path in (tmp_path / "data" / "uploads").rglob("up_*"):
        os.utime(path, times=(time.time() - 8 * 86_400,) * 2)
    await hand_in(66)

    assert await consult(client, "a hen like this", reference_images=[used])
    said = await refusal(client, CONSULT, message="a hare", reference_images=[unused])
    assert f"no upload {unused}" in said


async def test_what_a_person_thinks_is_kept(client: Client[Any]) -> None:
    drawn = await draw(client, prompt="a fox", **SKIP)
    name, place = drawn["images"][0]["image_id"], drawn["conversation_id"]
    for what, about, value in (
        ("rating", name, '{"rating": 4, "liked": "the tail"}'),
        ("bookmark", place, "true"),
        ("title", place, "Fox"),
    ):
        await client.call_tool("view_keep", {"what": what, "id": about, "value": value})
    state = await read(client, "state", id=place)

    assert (state["images"][0]["rating"], state["images"][0]["liked"]) == (4, "the tail")
    assert (state["bookmarked"], state["title"]) == (True, "Fox")


async def test_a_style_of_the_persons_own_is_listed_with_its_files_and_deleted(
    client: Client[Any], tmp_path: Path
) -> None:
    folder = tmp_path / "data" / "styles"
    folder.mkdir(parents=True)
    (folder / "dusk.yaml").write_text("note: Late.\naspects: {mood: {words: calm}}\n"
                                      "samples: [dusk-1.jpg]\ntags: [home]\n")  # fmt: skip
    (folder / "dusk-1.jpg").write_bytes(b"a picture")
    (folder / "spoilt.yaml").write_text("note: {")
    listed = {one["name"]: one for one in (await read(client, "styles"))["styles"]}
    await client.call_tool("view_keep", {"what": "style", "id": "dusk", "value": "delete"})

    assert listed["dusk"]["files"] == ["dusk.yaml", "dusk-1.jpg"]
    assert (listed["dusk"]["words"], listed["dusk"]["tags"]) == ({"mood": "calm"}, ["home"])
    assert "styles/spoilt.yaml" in listed["spoilt"]["fault"]
    assert (listed["linocut"]["own"], listed["linocut"]["files"]) == (False, [])
    assert [path.name for path in folder.iterdir()] == ["spoilt.yaml"]
    shipped = {"what": "style", "id": "linocut", "value": "delete"}
    assert "is shipped" in await refusal(client, "view_keep", **shipped)


@pytest.mark.parametrize(
    ("what", "value"),
    [("rating", "6"), ("rating", '{"rating": 9}'), ("bookmark", "yes"), ("title", " "),
     ("style", "x")],
)  # fmt: skip
async def test_what_cannot_be_kept_is_said(client: Client[Any], what: str, value: str) -> None:
    assert await refusal(client, "view_keep", what=what, id="img_0123456789abcdef", value=value)


async def test_a_conversation_comes_with_the_views_words_in_its_language(
    client: Client[Any],
) -> None:
    begun = await consult(client, "Ich hätte gern einen Leuchtturm im Sturm")
    state = await read(client, "state", id=begun["conversation_id"])
    again = await read(client, "state", id=begun["conversation_id"], cursor="de")
    gallery = await read(client, "list")

    assert state["words"]["language"] == gallery["words"]["language"] == "de"
    assert state["words"]["view"]["Draw it"] == "Zeichnen"
    assert state["words"]["source"]["said"] == "von dir"
    assert again["words"] is None
