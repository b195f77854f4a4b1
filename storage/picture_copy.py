"""A picture in another format or size, made of its bytes without drawing anew."""

import io

from PIL import Image, ImageOps

from storage.pixels import bound, has_transparent_pixel, opened

FORMATS = {
    ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".gif": "GIF",
    ".tif": "TIFF", ".tiff": "TIFF", ".bmp": "BMP",
}  # fmt: skip
"""What the ending of a file name asks for, as Pillow calls it."""

WITHOUT_TRANSPARENCY = {"JPEG", "BMP"}

QUALITY = 92
"""Of JPEG and WebP: above it files double and nobody sees why."""


def converted(data: bytes, form: str, box: tuple[int, int] | None) -> bytes:
    """The picture in a format of Pillow, as large as fits into a box of pixels, its shape kept.

    Transparency becomes white where the format has none. What Pillow raises for broken bytes
    passes through, `TooManyPixels` for a picture that would not fit into memory.
    """
    with opened(data) as image:
        bound(image, copies=2)
        if box is None and image.format == form:
            return data
        colours = {"icc_profile": image.info["icc_profile"]} if "icc_profile" in image.info else {}
        picture: Image.Image = image if image.mode in {"L", "RGB"} else image.convert("RGBA")
        if box:
            picture = ImageOps.contain(picture, box)
        if picture.mode == "RGBA" and (
            form in WITHOUT_TRANSPARENCY or not has_transparent_pixel(picture)
        ):
            ground = Image.new("RGBA", picture.size, "white")
            ground.alpha_composite(picture)
            picture = ground.convert("RGB")
        target = io.BytesIO()
        picture.save(target, form, quality=QUALITY, **colours)
        return target.getvalue()
