"""Placeholder pictures: exactly as asked, the same for the same words, made from what they edit."""

import base64
import io
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image, ImageChops, ImageStat

from sandbox.loopback import Sandbox
from tests import wire


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def request(words: str, tool: dict[str, Any], *parts: dict[str, str], **more: Any) -> Any:
    said = [{"role": "user", "content": [{"type": "input_text", "text": words}, *parts]}]
    tools = [{"type": "image_generation", **tool}]
    return {"model": "gpt-4o", "input": said, "tools": tools, **more}


def draw(sandbox: Sandbox, words: str, *parts: dict[str, str], **tool: Any) -> bytes:
    item = wire.answer(sandbox, request(words, tool, *parts))["output"][0]
    return base64.b64decode(item["result"], validate=True)


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def distance(one: bytes, other: bytes) -> float:
    pictures = (opened(content).convert("RGB").resize((64, 64)) for content in (one, other))
    return sum(ImageStat.Stat(ImageChops.difference(*pictures)).mean)


def part(content: bytes) -> dict[str, str]:
    encoded = base64.b64encode(content).decode()
    return {"type": "input_image", "image_url": f"data:image/png;base64,{encoded}"}


@pytest.mark.parametrize(
    ("form", "size"),
    [("png", "1024x1024"), ("webp", "1536x864"), ("jpeg", "1024x1536"), ("gif", "1280x720")],
)
def test_format_and_size_are_exact(sandbox: Sandbox, form: str, size: str) -> None:
    image = opened(draw(sandbox, "A kite", output_format=form, size=size))
    assert image.format == form.upper()
    assert f"{image.width}x{image.height}" == size


@pytest.mark.parametrize("form", ["png", "webp"])
def test_a_transparent_picture_shows_through_and_an_opaque_one_does_not(
    sandbox: Sandbox, form: str
) -> None:
    clear = opened(draw(sandbox, "A kite", output_format=form, background="transparent"))
    assert clear.getchannel("A").getextrema() == (0, 255)
    solid = opened(draw(sandbox, "A kite", output_format=form, background="opaque"))
    assert solid.mode == "RGB"


def test_a_gif_moves_as_long_as_asked(sandbox: Sandbox) -> None:
    image: Any = opened(
        draw(sandbox, "A kite", output_format="gif", frame_count=4, frame_duration_ms=124)
    )
    assert (image.n_frames, image.info["duration"]) == (4, 120)


def test_an_svg_is_a_document_of_its_size(sandbox: Sandbox) -> None:
    content = draw(sandbox, "A <kite> & sea", output_format="svg", size="1536x1024")
    root = ElementTree.fromstring(content)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert (root.get("width"), root.get("height")) == ("1536", "1024")
    assert "SANDBOX" in content.decode()


def test_an_svg_is_edited_as_a_document(sandbox: Sandbox) -> None:
    tool = {"output_format": "svg"}
    first = wire.answer(sandbox, request("A kite", tool))
    second = wire.answer(sandbox, request("Add a sun", tool, previous_response_id=first["id"]))
    before, after = (base64.b64decode(r["output"][0]["result"]) for r in (first, second))
    assert after.startswith(before[: before.index(b"</svg>")])
    assert len(after) > len(before)
    ElementTree.fromstring(after)


def test_auto_becomes_concrete(sandbox: Sandbox) -> None:
    item = wire.answer(sandbox, request("A wide panorama", {}))["output"][0]
    assert (item["size"], item["quality"]) == ("1536x1024", "high")
    assert (item["background"], item["action"]) == ("opaque", "generate")
    sticker = wire.answer(sandbox, request("A transparent sticker", {}))["output"][0]
    assert sticker["background"] == "transparent"


def test_the_same_words_give_the_same_bytes_and_others_another_picture(
    sandbox: Sandbox,
) -> None:
    kite, again, whale = (draw(sandbox, words) for words in ("A kite", "A kite", "A whale"))
    assert kite == again
    assert distance(kite, whale) > 20


def test_an_edit_resembles_its_source(sandbox: Sandbox) -> None:
    source, other = draw(sandbox, "A harbour at noon"), draw(sandbox, "Add a red balloon")
    edited = draw(sandbox, "Add a red balloon", part(source))
    assert edited != source
    assert distance(edited, source) * 2 < distance(edited, other)


def test_a_later_turn_edits_the_picture_of_the_earlier_one(sandbox: Sandbox) -> None:
    first = wire.answer(sandbox, request("A harbour", {}))
    second = wire.answer(sandbox, request("Add a boat", {}, previous_response_id=first["id"]))
    third = wire.answer(sandbox, request("And a gull", {}, previous_response_id=second["id"]))
    items = [made["output"][0] for made in (first, second, third)]
    assert [item["action"] for item in items] == ["generate", "edit", "edit"]
    contents = [base64.b64decode(item["result"]) for item in items]
    assert 0 < distance(contents[1], contents[2]) < 40


def test_an_edit_by_file_id_keeps_the_sources_shape(sandbox: Sandbox) -> None:
    out = io.BytesIO()
    Image.new("RGB", (1280, 720), "navy").save(out, "PNG")
    with wire.http(sandbox) as plain:
        upload = {"file": ("a.png", out.getvalue())}
        sent = plain.post("/v1/files", files=upload, data={"purpose": "vision"}).json()
    edited = opened(draw(sandbox, "A moon", {"type": "input_image", "file_id": sent["id"]}))
    assert edited.size == (1280, 720)


def test_only_where_the_mask_is_transparent_does_anything_change(sandbox: Sandbox) -> None:
    source = draw(sandbox, "A harbour")
    mask = Image.new("RGBA", (1024, 1024), "black")
    mask.paste((0, 0, 0, 0), (300, 300, 700, 700))
    mask.paste((0, 0, 0, 1), (300, 300, 400, 400))
    out = io.BytesIO()
    mask.save(out, "PNG")
    url = part(out.getvalue())["image_url"]
    edited = draw(sandbox, "A whale", part(source), input_image_mask={"image_url": url})
    changed = ImageChops.difference(opened(edited).convert("RGB"), opened(source).convert("RGB"))
    box = changed.getbbox()
    assert box is not None
    assert box[0] >= 300
    assert box[1] >= 300
    assert box[2] <= 700
    assert box[3] <= 700
    assert changed.crop((300, 300, 400, 400)).getbbox() is None


def test_partials_come_into_focus(sandbox: Sandbox) -> None:
    told = wire.events(sandbox, request("A harbour", {"partial_images": 3}))
    partials = [
        base64.b64decode(event["partial_image_b64"])
        for event in told
        if event["type"].endswith("partial_image")
    ]
    final = base64.b64decode(told[-1]["response"]["output"][0]["result"])
    apart = [distance(partial, final) for partial in partials]
    assert apart == sorted(apart, reverse=True)
    assert all(opened(partial).size == (1024, 1024) for partial in partials)
