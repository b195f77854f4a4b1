"""The icon of the bundle: a picture in a speech bubble, drawn the same way every time."""

import io

from PIL import Image, ImageDraw

SIZE, FINER = 512, 4
INK, PAPER, SKY, SUN, HILL, NEAR = "#1d3557", "#fdfaf3", "#a8d5e2", "#f4a259", "#5b8e7d", "#2f5d50"


def draw() -> bytes:
    """The icon as a PNG of 512 x 512 pixels on a transparent ground."""
    canvas = Image.new("RGBA", (SIZE * FINER, SIZE * FINER))
    pen = ImageDraw.Draw(canvas)
    pen.rounded_rectangle(_box(0, 0, 512, 512), radius=112 * FINER, fill=INK)
    pen.rounded_rectangle(_box(80, 92, 432, 364), radius=48 * FINER, fill=PAPER)
    pen.polygon(_points((152, 350), (152, 436), (248, 350)), fill=PAPER)
    canvas.paste(_view(), _box(112, 124, 400, 332)[:2])
    return _png(canvas.resize((SIZE, SIZE), Image.Resampling.LANCZOS))


def _view() -> Image.Image:
    """A sun above two hills, as large as the frame in the bubble."""
    view = Image.new("RGB", (288 * FINER, 208 * FINER), SKY)
    pen = ImageDraw.Draw(view)
    pen.ellipse(_box(186, 28, 246, 88), fill=SUN)
    pen.polygon(_points((-20, 208), (96, 66), (212, 208)), fill=HILL)
    pen.polygon(_points((110, 208), (210, 112), (330, 208)), fill=NEAR)
    return view


def _box(left: int, top: int, right: int, bottom: int) -> tuple[int, int, int, int]:
    return left * FINER, top * FINER, right * FINER, bottom * FINER


def _points(*points: tuple[int, int]) -> list[tuple[int, int]]:
    return [(x * FINER, y * FINER) for x, y in points]


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
