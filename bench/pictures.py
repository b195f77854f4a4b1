"""What pictures from outside cost the server: memory at its peak, and how one is refused.

Run: `nice python -m bench.pictures [WORD...]`, the words choosing classes by their names; all of
them take minutes. The server is a process of its own, OpenAI's stand-in is here. Exits with 1
where a bar is missed. Linux only: peaks are read from /proc, and reset there.
"""

import io
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bench.measurement import peak, set_back_peak
from sandbox.loopback import Sandbox
from tests.folders import environment_in
from tests.rpc import SERVE, Server

ALONE, TOGETHER = 470, 840
"""Megabytes that the server may hold at its peak, for one picture and for four at once."""
EDGE, SMALL = 8944, 2000
"""Pixels: 80 megapixels, and 4, which every format unpacks."""
MOST = 49 * 2**20
"""Bytes of metadata: with it a file is just under what OpenAI takes."""
DICE = np.random.default_rng(7)
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")

Make = Callable[[], bytes]


def encoded(image: Image.Image, kind: str, **save: Any) -> bytes:
    """A picture as a file, in the quickest way."""
    quick: dict[str, Any] = {
        "PNG": {"compress_level": 1}, "JPEG": {"quality": 30}, "WEBP": {"method": 0, "quality": 1},
        "GIF": {},
    }[kind]  # fmt: skip
    target = io.BytesIO()
    image.save(target, kind, **quick, **save)
    return target.getvalue()


def plain(mode: str, edge: int) -> Image.Image:
    """A picture of one colour."""
    return Image.new(mode, (edge, edge), 7 if len(mode) == 1 or ";" in mode else None)


def noise(mode: str, edge: int, values: int = 256) -> Image.Image:
    """A picture of noise: so many values of a channel as leave its file under 50 MB."""
    depth = {"L": 1, "P": 1, "RGB": 3, "CMYK": 4, "RGBA": 4}[mode]
    shape = (edge, edge) if depth == 1 else (edge, edge, depth)
    image = Image.fromarray(DICE.integers(0, values, shape, np.uint8), None if depth > 1 else "L")
    if mode == "CMYK":
        return Image.frombytes(mode, image.size, image.tobytes())
    if mode == "P":
        image.putpalette(bytes(range(256)) * 3)
    return image


def chunk(name: bytes, data: bytes, checksum: int | None = None) -> bytes:
    """A part of a PNG, with a checksum that may be wrong."""
    end = zlib.crc32(name + data) if checksum is None else checksum
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", end)


def png(
    edge: int, depth: int, color: int, *, interlaced: bool = False, noisy: bool = False
) -> bytes:
    """A PNG of a depth and colour type that Pillow does not write: 16 bit, and Adam7."""
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
              (0, 1, 1, 2)] if interlaced else [(0, 0, 1, 1)]  # fmt: skip
    squeeze, body = zlib.compressobj(1), []
    for left, top, across, down in passes:
        line = ceil(ceil((edge - left) / across) * bits / 8)
        for _ in range(ceil((edge - top) / down)):
            # A tenth of noise: what is noise throughout is refused by the bytes of its file.
            random = DICE.bytes(line // 10) if noisy else b""
            body.append(squeeze.compress(b"\0" + random + b"\7" * (line - len(random))))
    header = struct.pack(">IIBBBBB", edge, edge, depth, color, 0, 0, int(interlaced))
    palette = chunk(b"PLTE", bytes(range(48))) if color == 3 else b""
    data = chunk(b"IDAT", b"".join(body) + squeeze.flush())
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + palette + data + chunk(b"IEND", b"")


def animated(kind: str, edge: int) -> bytes:
    """Three frames."""
    return encoded(plain("RGB", edge), kind, save_all=True, append_images=[
        Image.new("RGB", (edge, edge), color) for color in ("teal", "white")
    ])  # fmt: skip


def huge(kind: str) -> bytes:
    """Dimensions as large as a format can say, and next to no bytes."""
    return {
        "PNG": lambda: b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(
            ">IIBBBBB", 60_000, 60_000, 8, 6, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(b"\0" * 99)),
        "JPEG": lambda: _resized(encoded(plain("RGB", 16), "JPEG"), b"\xff\xc0", 5, ">HH"),
        "WEBP": lambda: (
            b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff\x3f\0" * 2 + b"VP8 \0\0\0\0"
        ),
        "GIF": lambda: b"GIF89a" + b"\xff\xff" * 2 + encoded(plain("RGB", 16), "GIF")[10:],
    }[kind]()  # fmt: skip


def _resized(data: bytes, mark: bytes, offset: int, form: str) -> bytes:
    at = data.index(mark) + offset
    return data[:at] + struct.pack(form, 65500, 65500) + data[at + 4 :]


def stuffed(kind: str) -> bytes:
    """A small picture among almost 50 MB of metadata."""
    data = encoded(plain("RGB", 64), kind)
    part = b"\0" * 65000
    if kind == "PNG":
        return data[:33] + chunk(b"tEXt", b"Comment\0" + b"x" * MOST) + data[33:]
    if kind == "JPEG":
        one = b"\xff\xe1" + struct.pack(">H", len(part) + 2) + part
        return data[:2] + one * (MOST // len(one)) + data[2:]
    if kind == "WEBP":
        return encoded(plain("RGB", 64), kind, exif=b"Exif\0\0" + b"\0" * MOST)
    one = b"!\xfe" + (b"\xff" + b"x" * 255) * 250 + b"\0"
    return data[:-1] + one * (MOST // len(one)) + b";"


def unpacking() -> bytes:
    """Metadata of a few kilobytes that unpack to gigabytes."""
    data, bomb = encoded(plain("RGB", 64), "PNG"), zlib.compress(b"\0" * 2**28, 9)
    profile = chunk(b"iCCP", b"profile\0\0" + bomb)
    return data[:33] + profile + chunk(b"zTXt", b"Comment\0\0" + bomb) * 8 + data[33:]


def in_format(kind: str) -> Iterator[tuple[str, Make]]:
    """The classes that every format has."""
    yield f"{kind} 80 RGB one colour", lambda: encoded(plain("RGB", EDGE), kind)
    yield f"{kind} 80 grey one colour", lambda: encoded(plain("L", EDGE), kind)
    yield f"{kind} huge dimensions, few bytes", lambda: huge(kind)
    yield f"{kind} metadata of 49 MB", lambda: stuffed(kind)
    yield f"{kind} then ZIP", lambda: encoded(plain("RGB", SMALL), kind) + b"PK\3\4" * 99
    for other in FORMATS:
        if other != kind:
            yield f"{kind} then {other}", partial(_two, kind, other)
    for tenth in range(10):
        yield f"{kind} cut at {tenth} tenths", partial(_cut, kind, tenth)


def classes() -> Iterator[tuple[str, Make]]:
    """Each class of pictures by its name."""
    for kind in FORMATS:
        yield from in_format(kind)
    for kind in ("PNG", "WEBP", "GIF"):
        yield f"{kind} animated", partial(animated, kind, SMALL)
    yield "PNG 80 animated", lambda: animated("PNG", EDGE)
    yield "WEBP 13 noise", lambda: encoded(noise("RGB", 3600), "WEBP")
    yield "GIF 80 noise", lambda: encoded(noise("P", EDGE, 16), "GIF")
    yield "JPEG 80 RGB noise", lambda: encoded(noise("RGB", EDGE, 64), "JPEG")
    yield "JPEG 80 progressive", lambda: encoded(noise("RGB", EDGE, 64), "JPEG", progressive=True)
    yield "JPEG 60 progressive", lambda: encoded(noise("RGB", 7700, 64), "JPEG", progressive=True)
    yield "JPEG 80 grey noise", lambda: encoded(noise("L", EDGE, 64), "JPEG")
    yield "JPEG 80 CMYK noise", lambda: encoded(noise("CMYK", EDGE, 32), "JPEG")
    yield "JPEG 80 turned", lambda: encoded(noise("RGB", EDGE, 64), "JPEG", exif=_turned())
    yield "PNG 40 turned", lambda: encoded(plain("RGB", 6300), "PNG", exif=_turned())
    yield "PNG 20 turned", lambda: encoded(plain("RGB", 4400), "PNG", exif=_turned())
    yield "PNG 80 palette noise", lambda: encoded(noise("P", EDGE, 16), "PNG", bits=4)
    yield "PNG 80 grey noise", lambda: encoded(noise("L", EDGE, 8), "PNG")
    yield "PNG 15 RGB noise", lambda: encoded(noise("RGB", 4000), "PNG")
    yield "PNG 46 RGB one colour", lambda: encoded(plain("RGB", 6800), "PNG")
    yield "PNG 46 RGBA some noise", lambda: png(6800, 8, 6, noisy=True)
    for name, color in (("grey", 0), ("RGB", 2), ("palette", 3), ("grey alpha", 4), ("RGBA", 6)):
        for edge, size in ((EDGE, "80"), (6800, "46")):
            for depth in (8,) if color == 3 else (8, 16):
                one = partial(png, edge, depth, color)
                yield f"PNG {size} interlaced {name} {depth} bit", partial(one, interlaced=True)
                yield f"PNG {size} {name} {depth} bit some noise", partial(one, noisy=True)
    yield "PNG wrong checksum of its header", lambda: _spoilt(29)
    yield "PNG wrong checksum of its pixels", lambda: _spoilt(-13)
    yield "PNG wrong checksum within zlib", lambda: _spoilt(-17)
    yield "PNG metadata that unpack to 2 GB", unpacking


def _two(kind: str, other: str) -> bytes:
    return encoded(plain("RGB", SMALL), kind) + encoded(plain("RGB", SMALL), other)


def _cut(kind: str, tenth: int) -> bytes:
    data = encoded(noise("RGB" if kind != "GIF" else "P", SMALL), kind)
    return data[: max(len(data) * tenth // 10, 4)]


def _spoilt(at: int) -> bytes:
    data = bytearray(png(SMALL, 8, 2))
    data[at] ^= 0x55
    return bytes(data)


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


class Measured:
    """A server whose peak of memory is read."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.server = Server(SERVE, environment_in(folder, sandbox.base_url))
        self.server.open("initialize")

    def call(self, *names: str) -> list[str]:
        """Draw from a picture each, all at once; what the calls said."""
        for name in names:
            self.server.request("tools/call", {
                "name": "openai_conversational_image",
                "arguments": {
                    "prompt": f"a boat like {name} at {time.monotonic()}",
                    "dialogue_mode": "skip",
                    "input_images": [name],
                },
            })  # fmt: skip
        answers = [self.server.receive()["result"] for _ in names]
        return [one["content"][0]["text"] if one.get("isError") else "taken" for one in answers]

    def peak(self) -> int:
        """Megabytes at most since it was last asked, which sets the peak back."""
        highest = peak(self.server.process.pid)
        set_back_peak(self.server.process.pid)
        return round(highest)


def main() -> int:
    """Measure each class alone, then four at once; 1 where a bar is missed."""
    missed = 0
    with tempfile.TemporaryDirectory() as place, Sandbox() as sandbox:
        measured = Measured(Path(place), sandbox)
        folder = Path(place, "images")  # which input pictures may come from
        folder.mkdir()
        (folder / "first").write_bytes(encoded(plain("RGB", 64), "PNG"))
        measured.call("first")
        print(f"{measured.peak():4} MB  before", flush=True)
        chosen = [
            (name, make) for name, make in classes()
            if not sys.argv[1:] or any(word in name for word in sys.argv[1:])
        ]  # fmt: skip
        heaviest: list[tuple[int, str]] = []
        for number, (name, make) in enumerate(chosen):
            (folder / str(number)).write_bytes(make())
            began = time.monotonic()
            (answer,) = measured.call(str(number))
            highest = measured.peak()
            missed += highest >= ALONE
            heaviest.append((highest, str(number)))
            size = (folder / str(number)).stat().st_size / 2**20
            took = time.monotonic() - began
            print(f"{highest:4} MB {took:5.1f} s  {name} ({size:.1f} MB): {answer}", flush=True)
            heaviest = sorted(heaviest, reverse=True)
            for _, gone in heaviest[4:]:
                (folder / gone).unlink()
            heaviest = heaviest[:4]
        names = [name for _, name in heaviest]
        measured.call(*(names * 4)[:4])
        together = measured.peak()
        print(f"{together:4} MB  four at once, the heaviest")
        missed += together >= TOGETHER
        measured.server.end()
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
