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


def test_an_svg_is_a_document_of_its_size(sandbox: Sandbox) -> None:
    content = draw(sandbox, "A <kite> & sea", output_format="svg", size="1536x1024")
    root = ElementTree.fromstring(content)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert (root.get("width"), root.get("height")) == ("1536", "1024")
    assert "SANDBOX" in content.decode()


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
