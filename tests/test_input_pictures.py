"""Pictures to draw from: sent as they are, and nothing that is none ever leaves."""

import base64
import io
import os
import shutil
import socket
import struct
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sandbox.loopback import Sandbox
from settings import Settings
from storage import pixels
from storage.input_pictures import InputError, check_picture, shrink
from tests.calls import DRAW, draw, refusal
from tests.conftest import Connect

SECRET = "swordfish-4711"
HIDDEN = "hidden.png"
ORIENTATION = 0x0112

SAY_WHAT_TO_DO = (
    "Put the picture into one of these folders",
    "Save it",
    "Save one frame of it as PNG",
    "Use a PNG, JPEG, WebP or GIF file",
    "Give the path of a picture in it",
)

Make = Callable[[Path, Path], str]
Case = tuple[Make, str]


@pytest.fixture
def folder(settings: Settings) -> Path:
    """The folder that pictures may come from: the images folder itself."""
    settings.images_dir.mkdir()
    return settings.images_dir


def encoded(kind: str, size: tuple[int, int] = (64, 48), color: Any = "teal", **save: Any) -> bytes:
    target = io.BytesIO()
    mode = "RGBA" if isinstance(color, tuple) and len(color) == 4 else "RGB"
    Image.new(mode, size, color).save(target, kind, **save)
    return target.getvalue()


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def one_bit(edge: int) -> bytes:
    target = io.BytesIO()
    Image.new("1", (edge, edge)).save(target, "PNG")
    return target.getvalue()


def declared(width: int, height: int) -> bytes:
    """A PNG that says it is large and holds next to nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def animated(kind: str) -> bytes:
    target = io.BytesIO()
    frames = [Image.new("RGB", (64, 48), color) for color in ("teal", "red", "white")]
    frames[0].save(target, kind, save_all=True, append_images=frames[1:], duration=100)
    return target.getvalue()


def just(given: str) -> Make:
    return lambda _folder, _tmp_path: given


def holding(name: str, data: Callable[[], bytes]) -> Make:
    """A file of the folder with this content."""

    def make(folder: Path, _tmp_path: Path) -> str:
        (folder / name).write_bytes(data())
        return name

    return make


def link(*targets: str) -> Make:
    """A chain of links in the folder, the last of which is given."""

    def make(folder: Path, tmp_path: Path) -> str:
        for number, target in enumerate(targets):
            (folder / f"link{number}.png").symlink_to(target.format(tmp=tmp_path))
        return f"link{len(targets) - 1}.png"

    return make


def linked_folder(folder: Path, tmp_path: Path) -> str:
    (folder / "sub").symlink_to(tmp_path)
    return f"sub/{HIDDEN}"


def neighbour(folder: Path, tmp_path: Path) -> str:
    """A folder whose name only begins as the allowed one does."""
    other = folder.with_name(f"{folder.name}-private")
    other.mkdir()
    (tmp_path / HIDDEN).rename(other / HIDDEN)
    return str(other / HIDDEN)


def fifo(folder: Path, _tmp_path: Path) -> str:
    os.mkfifo(folder / "pipe.png")
    return "pipe.png"


def unix_socket(folder: Path, _tmp_path: Path) -> str:
    here = Path.cwd()
    os.chdir(folder)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as opened:
            opened.bind("s.png")
    finally:
        os.chdir(here)
    return "s.png"


def directory(folder: Path, _tmp_path: Path) -> str:
    (folder / "a.png").mkdir()
    return "a.png"


def sparse(folder: Path, _tmp_path: Path) -> str:
    with (folder / "huge.png").open("wb") as file:
        file.write(encoded("PNG"))
        file.truncate(60 * 2**20)
    return "huge.png"


def unreadable(folder: Path, _tmp_path: Path) -> str:
    (folder / "a.png").write_bytes(encoded("PNG"))
    (folder / "a.png").chmod(0)
    return "a.png"


NOT_ALLOWED = "not in a folder that pictures may come from"
NO_FILE = "There is no file"
NO_PICTURE = "no picture that can be read"
DAMAGED = "is a PNG file that is damaged or cut off"
WORKSPACE = "the assistant's own workspace"
SVG = b"\n<svg xmlns='http://www.w3.org/2000/svg'><script>fetch('/')</script></svg>"

PATHS: dict[str, Case] = {
    "traversal": (just(f"../{HIDDEN}"), NOT_ALLOWED),
    "encoded traversal": (just(f"..%2f{HIDDEN}"), NO_FILE),
    "traversal as on Windows": (just(f"..\\{HIDDEN}"), NO_FILE),
    "absolute outside": (lambda _folder, tmp: str(tmp / HIDDEN), NOT_ALLOWED),
    "neighbour of the same beginning": (neighbour, NOT_ALLOWED),
    "link out": (link("{tmp}/" + HIDDEN), NOT_ALLOWED),
    "chain of links out": (link("{tmp}/" + HIDDEN, "link0.png", "link1.png"), NOT_ALLOWED),
    "loop of links": (link("link1.png", "link0.png"), "no usable path"),
    "linked folder out": (linked_folder, NOT_ALLOWED),
    "link to a device": (link("/dev/zero"), NOT_ALLOWED),
    "pipe": (fifo, "no regular file"),
    "socket": (unix_socket, "no regular file"),
    "directory": (directory, "is a directory"),
    "missing": (just("nothing.png"), NO_FILE),
    "blank": (just(" \t\n"), "is empty"),
    "NUL": (just("a.png\0.txt"), "NUL"),
    "control characters": (just("a\n\x1b[2J\u202eb.png"), "There is no file 'a[2Jb.png'"),
    "very long": (just("x" * 5000 + ".png"), "no usable path"),
    "home": (just("~/.ssh/id_rsa"), NOT_ALLOWED),
    "home of nobody": (just("~no-such-person/x.png"), "no usable path"),
    "Windows drive": (just("C:\\Users\\me\\a.png"), "a path of Windows"),
    "UNC": (just("\\\\server\\share\\a.png"), "a path in a network"),
    "file address outside": (lambda _folder, tmp: f"file://{tmp}/{HIDDEN}", NOT_ALLOWED),
    "file address of another machine": (just("file://server/share/a.png"), "a path in a network"),
    "web address": (just("https://example.com/a.png"), "Download the picture first"),
    "data address": (just("data:image/png;base64,iVBORw0KGgo="), "Save it as a file first"),
    "sandbox:/mnt": (just("sandbox:/mnt/data/a.png"), WORKSPACE),
    "/mnt/user-data": (just("/mnt/user-data/uploads/a.png"), WORKSPACE),
}

FILES: dict[str, Case] = {
    "empty file": (holding("a.png", bytes), NO_PICTURE),
    "text": (holding("a.png", f"root:x:0:0:{SECRET}".encode), NO_PICTURE),
    "half a PNG": (holding("a.png", lambda: half(encoded("PNG", (400, 400)))), DAMAGED),
    "PNG without its pixels": (holding("a.png", lambda: declared(4000, 4000)), DAMAGED),
    "PNG that says it is huge": (holding("a.png", lambda: declared(60_000, 60_000)), "pixels"),
    "bomb": (holding("a.png", lambda: one_bit(14_000)), "too many pixels"),
    "too many bytes": (sparse, "has 60 MB; 50 MB are allowed"),
    "WebP full of metadata": (
        holding("a.webp", lambda: encoded("WEBP", exif=b"Exif\0\0" + bytes(33 * 2**20))),
        "has 33 MB; 32 MB are allowed",
    ),
    "PNG of a wrong checksum": (
        holding("a.png", lambda: encoded("PNG").replace(b"IDAT", b"IDAT\1")),
        DAMAGED,
    ),
    "animated GIF": (holding("a.gif", lambda: animated("GIF")), "is animated"),
    "animated WebP": (holding("a.webp", lambda: animated("WEBP")), "is animated"),
    "HEIC": (holding("a.heic", lambda: b"\0\0\0\x18ftypheic"), "is a HEIC file"),
    "AVIF named PNG": (holding("a.png", lambda: encoded("AVIF")), "is a AVIF file"),
    "SVG with a script named PNG": (holding("a.png", lambda: SVG), "is a SVG file"),
    "PDF named PNG": (holding("a.png", lambda: b"%PDF-1.7\n"), "is a PDF file"),
    "TIFF named PNG": (holding("a.png", lambda: encoded("TIFF")), "is a TIFF file"),
}
if os.name == "posix" and os.geteuid() != 0:  # root reads everything
    FILES["unreadable"] = (unreadable, "cannot be read")

HOSTILE = {**PATHS, **FILES}


def assert_refused(error: str, given: str, says: str) -> None:
    """The error tells this, what to do, and nothing of what it must not."""
    assert says in error
    assert any(way_out in error for way_out in SAY_WHAT_TO_DO)
    assert error.count("Nothing was charged.") == 1
    assert SECRET not in error
    assert not given or HIDDEN not in error.replace(given, "")
    assert len(error) < 1000


def lay_anew(folder: Path, tmp_path: Path) -> None:
    """Empty the folder, and have a good picture with a secret in it lie beside."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    said = PngInfo()
    said.add_text("Comment", SECRET)
    Image.new("RGB", (40, 30), "teal").save(tmp_path / HIDDEN, pnginfo=said)


@pytest.mark.skipif(os.name != "posix", reason="pipes, sockets and links as POSIX has them")
async def test_what_is_no_picture_of_an_allowed_folder_is_refused_before_a_call(
    client: Client[Any], sandbox: Sandbox, folder: Path, tmp_path: Path
) -> None:
    for make, says in HOSTILE.values():
        lay_anew(folder, tmp_path)
        given = make(folder, tmp_path)

        error = await refusal(
            client, DRAW, prompt="a boat", dialogue_mode="skip", input_images=[given]
        )

        assert_refused(error, given, says)
    assert sandbox.requests == []


@pytest.mark.skipif(os.name != "posix", reason="devices as POSIX has them")
async def test_a_device_is_not_read_even_where_its_folder_is_allowed(
    connect: Connect, sandbox: Sandbox
) -> None:
    device = "/dev/zero"
    async with connect(input_dirs=[Path("/dev")]) as client:
        error = await refusal(
            client, DRAW, prompt="a boat", dialogue_mode="skip", input_images=[device]
        )

    assert f"'{device}' is no regular file" in error
    assert sandbox.requests == []


def sent(sandbox: Sandbox) -> list[tuple[str, bytes]]:
    """The pictures of the newest request: what each is said to be, and its bytes."""
    urls = [
        part["image_url"]
        for item in sandbox.requests[-1].body["input"]
        if item.get("role") == "user" and not isinstance(item["content"], str)
        for part in item["content"]
        if part["type"] == "input_image"
    ]
    return [
        (url.split(";")[0].removeprefix("data:"), base64.b64decode(url.split(",")[1]))
        for url in urls
    ]


async def drawn_from(client: Client[Any], *given: str, **arguments: Any) -> None:
    await draw(client, prompt="a boat", dialogue_mode="skip", input_images=list(given), **arguments)


GOOD: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "PNG": ("a.png", lambda: encoded("PNG"), "image/png"),
    "JPEG": ("a.jpg", lambda: encoded("JPEG"), "image/jpeg"),
    "WebP": ("a.webp", lambda: encoded("WEBP"), "image/webp"),
    "JPEG named PNG": ("a.png", lambda: encoded("JPEG"), "image/jpeg"),
    "PNG with more behind it": ("a.png", lambda: encoded("PNG") + b"PK\3\4", "image/png"),
    "JPEG of two pictures, as phones write it": ("a.jpg", lambda: animated("MPO"), "image/jpeg"),
    "name in other letters": ("Fähre 船.png", lambda: encoded("PNG"), "image/png"),
}


async def test_an_upright_picture_is_sent_byte_for_byte_as_what_it_is(
    client: Client[Any], sandbox: Sandbox, folder: Path
) -> None:
    for name, (file, make, media_type) in GOOD.items():
        (folder / file).write_bytes(make())

        await drawn_from(client, file, redraw=True)  # two of them are the same picture

        assert sent(sandbox) == [(media_type, make())], name


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_turned_picture_arrives_upright_in_its_own_format_and_keeps_its_shape(
    client: Client[Any], sandbox: Sandbox, folder: Path, kind: str
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # the camera was turned
    (folder / "a").write_bytes(encoded(kind, (640, 320), exif=exif))

    await drawn_from(client, "a")

    ((media_type, data),) = sent(sandbox)
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.size) == (kind, (320, 640))
        assert ORIENTATION not in picture.getexif()
    assert media_type == f"image/{kind.lower()}"
    assert sandbox.requests[-1].body["tools"][0]["size"] == "768x1536"


async def test_pictures_are_sent_in_the_order_in_which_they_are_given(
    client: Client[Any], sandbox: Sandbox, folder: Path
) -> None:
    pictures = {f"{color}.png": encoded("PNG", color=color) for color in ("red", "teal", "white")}
    for name, data in pictures.items():
        (folder / name).write_bytes(data)

    await drawn_from(client, "white.png", str(folder / "red.png"), "./sub/../teal.png")

    assert [data for _, data in sent(sandbox)] == [
        pictures[name] for name in ("white.png", "red.png", "teal.png")
    ]


WRONG_MASKS: dict[str, tuple[bytes, list[str]]] = {
    "wrong size": (
        encoded("PNG", (512, 512), (0, 0, 0, 0)),
        ["mask is 512x512 but the first picture is 1024x1024; save it in that size."],
    ),
    "turned": (
        encoded("PNG", (1024, 512), (0, 0, 0, 0)),
        ["mask is 1024x512 but the first picture is 1024x1024"],
    ),
    "without alpha": (encoded("PNG", (1024, 1024)), ["no alpha channel", "must be transparent"]),
    "opaque": (
        encoded("PNG", (1024, 1024), (0, 0, 0, 255)),
        ["opaque everywhere", "must be transparent"],
    ),
    "JPEG": (encoded("JPEG", (1024, 1024)), ["mask is a JPEG file but must be a PNG"]),
    "all wrong": (
        encoded("JPEG", (512, 512)),
        ["must be a PNG", "mask is 512x512 but the first picture is 1024x1024"],
    ),
}


async def test_a_mask_that_does_not_fit_is_refused_saying_what_it_is_and_must_be(
    client: Client[Any], sandbox: Sandbox, folder: Path
) -> None:
    (folder / "a.png").write_bytes(encoded("PNG", (1024, 1024)))
    call = {"prompt": "a boat", "dialogue_mode": "skip", "input_images": ["a.png"]}
    for name, (data, says) in WRONG_MASKS.items():
        (folder / "mask").write_bytes(data)

        error = await refusal(client, DRAW, **call, mask="mask")

        assert all(words in error for words in says), name
        assert error.count("Nothing was charged.") == 1
    assert sandbox.requests == []


async def test_no_picture_is_unpacked_where_all_calls_are_answered(
    client: Client[Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.png").write_bytes(encoded("PNG"))
    (folder / "mask.png").write_bytes(encoded("PNG", color=(0, 0, 0, 0)))
    answers_calls, opens = threading.get_ident(), Image.open
    threads = []

    def noted(*args: Any, **kwargs: Any) -> Any:
        threads.append(threading.get_ident())
        return opens(*args, **kwargs)

    monkeypatch.setattr(Image, "open", noted)
    await drawn_from(client, "a.png", mask="mask.png")

    assert len(threads) > 2
    assert answers_calls not in threads


async def test_a_mask_fits_a_turned_picture_as_it_is_seen(
    client: Client[Any], sandbox: Sandbox, folder: Path
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # the camera was turned
    (folder / "a.jpg").write_bytes(encoded("JPEG", (640, 320), exif=exif))
    mask = encoded("PNG", (320, 640), (0, 0, 0, 0))
    (folder / "mask.png").write_bytes(mask)

    await drawn_from(client, "a.jpg", mask="mask.png")

    assert base64.b64encode(mask).decode() in str(sandbox.requests[-1].body)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_broken_picture_is_refused_or_taken_wherever_it_breaks(kind: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 8
    whole = encoded(kind, exif=exif)

    for place in range(0, len(whole), 3):
        broken = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        try:
            check_picture(broken, "a")
        except InputError as error:
            assert "'a' " in str(error)  # noqa: PT017  # some are taken: the bytes do not matter


@pytest.mark.parametrize(
    ("mode", "kind", "options", "words"),
    [
        ("RGB", "PNG", {}, "a colour PNG may have"),
        ("L", "PNG", {}, "a grey or palette PNG may have"),
        ("I;16", "PNG", {}, "a grey 16-bit PNG may have"),
        ("RGB", "WEBP", {}, "a WebP may have"),
        ("CMYK", "JPEG", {"progressive": True}, "a progressive JPEG may have"),
    ],
)
def test_what_would_unpack_to_too_much_is_refused_by_its_header(
    monkeypatch: pytest.MonkeyPatch, mode: str, kind: str, options: dict[str, Any], words: str
) -> None:
    target = io.BytesIO()
    Image.new(mode, (2000, 1500)).save(target, kind, **options)
    monkeypatch.setattr(pixels, "MOST_UNPACKED", 2_000_000)
    monkeypatch.setattr(Image.Image, "load", lambda _: pytest.fail("it was unpacked"))

    with pytest.raises(InputError, match=f"has 3 megapixels; {words}") as refused:
        check_picture(target.getvalue(), "a")

    assert str(refused.value.kind) == "too_large"


def test_a_jpeg_of_any_size_is_read_to_its_end_in_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "MOST_UNPACKED", 2_000_000)
    target = io.BytesIO()
    Image.new("CMYK", (4000, 3000)).save(target, "JPEG")
    whole = target.getvalue()

    assert check_picture(whole, "a.jpg").width == 4000
    with pytest.raises(InputError, match="damaged or cut off"):
        check_picture(whole[: len(whole) // 2], "a.jpg")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LA", "1"])
def test_a_picture_is_shrunk_in_strips_to_what_it_is_whole(
    monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr(pixels, "STRIP_PIXELS", 1000)
    target = io.BytesIO()
    Image.linear_gradient("L").resize((300, 203)).convert("L").convert(mode).save(target, "PNG")

    with Image.open(io.BytesIO(shrink(target.getvalue(), "a"))) as small:
        assert small.size == (300, 203)
        assert small.getpixel((150, 20))[0] < 60  # type: ignore[index]
        assert small.getpixel((150, 190))[0] > 200  # type: ignore[index]


def test_sixteen_bit_grey_is_shown_as_grey() -> None:
    target = io.BytesIO()
    Image.new("I;16", (40, 40), 40_000).save(target, "PNG")

    with Image.open(io.BytesIO(shrink(target.getvalue(), "a"))) as small:
        assert 150 < small.getpixel((9, 9))[0] < 162  # type: ignore[index]
