"""Read pictures that a person points to: only from allowed folders, only what they are."""

import hashlib
import io
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageOps
from PIL.ExifTags import Base

from errors import StorageError

MOST_BYTES = 50 * 1024 * 1024
MOST_PIXELS = 80_000_000
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
SAFELY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
"""A pipe must not block, and a link that was put there since must not be followed."""

SEEN_EDGE = 1024
"""Pixels of the longer edge that a vision model is shown; more costs and tells it no more."""

ELSEWHERE = ("/mnt/user-data/", "/mnt/data/", "/home/claude/", "sandbox:/", "file-service://")
"""Where hosts keep uploads that only the assistant sees."""

ADDRESSES = (
    (r"file:", "this is an address, and a plain path is needed."),
    (r"data:", "this is a picture written as text. Save it as a file first."),
    (r"[a-z][a-z0-9+.-]*://|https?:", "this is an address. Download the picture first."),
    (r"[\\/]{2}", "this is a path in a network. Copy the picture to this computer first."),
)
WINDOWS_DRIVE = r"[a-z]:[\\/]", "this is a path of Windows, and this server runs elsewhere."

UNREAD = {".heic", ".heif", ".avif", ".tif", ".tiff", ".bmp", ".svg", ".pdf", ".psd", ".dng"}
SIGNS = (
    (rb".{4}ftypavi[fs]", "AVIF"),
    (rb".{4}ftyp(hei|hev|mif1|msf1)", "HEIC"),
    (rb"(\xef\xbb\xbf)?\s*<(\?xml|(?i:svg|!doctype svg))", "SVG"),
    (rb"%PDF", "PDF"),
    (rb"II\*\0|MM\0\*", "TIFF"),
    (rb"BM", "BMP"),
    (rb"8BPS", "PSD"),
)
"""How files begin that people take for pictures that can be used."""

TURNED = range(2, 9)
AS_GOOD = {"png": {}, "jpeg": {"quality": 95, "subsampling": 0}, "webp": {"quality": 95}}
"""How a turned picture is saved again."""


class InputError(StorageError):
    """A picture that was pointed to cannot be used, which is known before a call is made."""

    def __init__(self, sentences: str) -> None:
        super().__init__(f"{sentences} Nothing was charged.")


@dataclass(frozen=True)
class InputPicture:
    """A picture to draw from, as it is sent: PNG, JPEG, WebP or a still GIF, upright."""

    given: str
    data: bytes = field(repr=False)
    format: str
    width: int
    height: int
    has_alpha: bool

    @property
    def sha256(self) -> str:
        """The digest of its bytes in hex."""
        return hashlib.sha256(self.data).hexdigest()


class InputFiles:
    """The folders that input pictures may come from, and a folder for their small copies."""

    def __init__(self, folders: Sequence[Path], copies: Path) -> None:
        self._folders = list(folders)
        self._copies = copies

    def read(self, given: str) -> InputPicture:
        """A picture to draw from.

        `given` is a path in an allowed folder, absolute or relative to one. Raises
        `InputError` naming what is wrong and the way out.
        """
        return self.check(self._read(self._resolve(given), given), given)

    def check(self, data: bytes, given: str) -> InputPicture:
        """The same for bytes that are ours already; they stay as they are unless turned."""
        with _opened(data, given) as image:
            kind = "jpeg" if image.format == "MPO" else str(image.format).lower()
            if kind != "jpeg" and getattr(image, "is_animated", False):
                raise InputError(f"{_shown(given)} is animated. Save one frame of it as PNG.")
            image.load()
            has_alpha = image.has_transparency_data
            width, height = image.size
            if image.getexif().get(Base.Orientation) in TURNED:
                data, (width, height) = _turned(image, kind)
        _refuse_large(len(data), given)
        return InputPicture(given, data, kind, width, height, has_alpha)

    def copy_file(self, given: str) -> str:
        """Keep a small copy of a picture for a vision model; the copy's file name.

        `given` is a path in an allowed folder, absolute or relative to one. Raises
        `InputError` naming what is wrong and the way out.
        """
        return self.copy(self._read(self._resolve(given), given), given)

    def copy(self, data: bytes, given: str) -> str:
        """The same for bytes that are ours already."""
        small = _scaled(data, given)
        name = f"{hashlib.sha256(small).hexdigest()[:32]}.jpg"
        try:
            self._copies.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self._copies / name).write_bytes(small)
        except OSError as error:
            raise InputError(
                f"{_shown(given)} could not be kept for the dialogue ({error.strerror}). Make "
                "the folder of IMAGE_CONSULTANT_DATA_DIR writable, or leave the picture out."
            ) from error
        return name

    def read_copy(self, name: str) -> bytes | None:
        """A small copy by its file name, None if it is gone."""
        try:
            return (self._copies / Path(name).name).read_bytes()
        except OSError:
            return None

    def _resolve(self, given: str) -> Path:
        """The real file behind a path, inside an allowed folder, whatever links it takes."""
        self._refuse_other_places(given)
        try:
            path = Path(given).expanduser()
            roots = [folder.resolve() for folder in self._folders]
            places = [path] if path.is_absolute() else [root / path for root in roots]
            real = [place.resolve() for place in places]
            allowed = [place for place in real if any(place.is_relative_to(root) for root in roots)]
            found = next((place for place in allowed if _is_there(place)), None)
        except (OSError, RuntimeError, ValueError):
            raise InputError(f"{_shown(given)} is no usable path. {self._way_out()}") from None
        if not allowed:
            raise InputError(
                f"{_shown(given)} is not in a folder that pictures may come from. {self._way_out()}"
            )
        if found is None:
            raise InputError(f"There is no file {_shown(given)}. {self._way_out()}")
        return found

    def _refuse_other_places(self, given: str) -> None:
        """Tell what is no path on this computer, before any file system is asked."""
        if "\0" in given or not given.strip():
            raise InputError(
                f"A path of a picture is empty or holds a NUL character. {self._way_out()}"
            )
        if given.startswith(ELSEWHERE):
            raise InputError(
                f"{_shown(given)} lies in the assistant's own workspace, which this server cannot "
                f"read. {self._way_out()}"
            )
        if os.name == "nt" and any(Path(given).drive == folder.drive for folder in self._folders):
            return
        addresses = ADDRESSES if os.name == "nt" else (*ADDRESSES, WINDOWS_DRIVE)
        for beginning, why in addresses:
            if re.match(beginning, given.strip(), re.IGNORECASE):
                raise InputError(f"There is no file {_shown(given)}: {why} {self._way_out()}")

    def _read(self, path: Path, given: str) -> bytes:
        """The bytes of a regular file; devices and pipes are not opened at all."""
        try:
            self._refuse_irregular(path.lstat(), given)
            with open(path, "rb", opener=_open_safely) as file:
                found = os.fstat(file.fileno())
                self._refuse_irregular(found, given)
                _refuse_large(found.st_size, given)
                data = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise InputError(
                f"{_shown(given)} cannot be read ({error.strerror}). Let the person who runs this "
                f"server read it. {self._way_out()}"
            ) from error
        _refuse_large(len(data), given)
        return data

    def _refuse_irregular(self, found: os.stat_result, given: str) -> None:
        if stat.S_ISDIR(found.st_mode):
            raise InputError(f"{_shown(given)} is a directory. Give the path of a picture in it.")
        if not stat.S_ISREG(found.st_mode):
            raise InputError(f"{_shown(given)} is no regular file. {self._way_out()}")

    def _way_out(self) -> str:
        folders = ", ".join(str(folder) for folder in self._folders)
        return (
            f"Put the picture into one of these folders and give its path there: {folders}; or "
            "allow its folder with IMAGE_CONSULTANT_INPUT_DIRS."
        )


def check_mask(mask: InputPicture, first: InputPicture) -> None:
    """Refuse a mask that could change nothing of the first picture, or does not lie over it.

    Raises `InputError` with all that is wrong.
    """
    faults = []
    if mask.format != "png":
        faults.append(
            f"mask is a {mask.format.upper()} file but must be a PNG; save it as PNG with an "
            "alpha channel."
        )
    elif not mask.has_alpha:
        faults.append(
            "mask has no alpha channel but must be transparent where the picture may change; "
            "add one and erase that part."
        )
    elif _is_opaque(mask):
        faults.append(
            "mask is opaque everywhere but must be transparent where the picture may change; "
            "erase that part."
        )
    size, needed = f"{mask.width}x{mask.height}", f"{first.width}x{first.height}"
    if size != needed:
        faults.append(f"mask is {size} but the first picture is {needed}; save it in that size.")
    if faults:
        raise InputError(" ".join(faults))


def _is_opaque(picture: InputPicture) -> bool:
    with Image.open(io.BytesIO(picture.data), formats=FORMATS) as image:
        alpha = _mask(image)
    return alpha is None or alpha.getextrema()[0] == 255  # noqa: PLR2004  # full alpha


def _scaled(data: bytes, given: str) -> bytes:
    """A JPEG of at most SEEN_EDGE pixels, upright."""
    with _opened(data, given) as image:
        image.draft("RGB", (SEEN_EDGE, SEEN_EDGE))
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((SEEN_EDGE, SEEN_EDGE))
        flat = Image.new("RGB", upright.size, "white")
        flat.paste(upright, mask=_mask(upright))
    target = io.BytesIO()
    flat.save(target, "JPEG", quality=85)
    return target.getvalue()


@contextmanager
def _opened(data: bytes, given: str) -> Iterator[Image.Image]:
    """A picture of which only the header is read. The content decides, not the name.

    Whatever breaks while it is decoded is told as `InputError`.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            yield image
    except InputError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise InputError(
            f"{_shown(given)} has too many pixels; {MOST_PIXELS // 1_000_000} million are allowed. "
            "Save it smaller."
        ) from None
    except Exception:  # decoders raise anything at broken bytes
        raise InputError(_unreadable(data, given)) from None


def _unreadable(data: bytes, given: str) -> str:
    """What a file is instead of a picture that can be used, by its content, then by its name."""
    suffix = Path(given).suffix.lower()
    kinds = (kind for sign, kind in SIGNS if re.match(sign, data, re.DOTALL))
    kind = next(kinds, suffix[1:].upper() if suffix in UNREAD else None)
    if kind:
        return f"{_shown(given)} is a {kind} file. Save it as PNG, JPEG or WebP."
    return f"{_shown(given)} is no picture that can be read. Use a PNG, JPEG, WebP or GIF file."


def _turned(image: Image.Image, kind: str) -> tuple[bytes, tuple[int, int]]:
    """A picture as its camera was held, in its own format, and its size then."""
    upright = ImageOps.exif_transpose(image)
    target = io.BytesIO()
    upright.save(target, kind, icc_profile=image.info.get("icc_profile"), **AS_GOOD[kind])
    return target.getvalue(), upright.size


def _refuse_large(size: int, given: str) -> None:
    if size > MOST_BYTES:
        raise InputError(
            f"{_shown(given)} has {size / 2**20:.0f} MB; {MOST_BYTES // 2**20} MB are allowed. "
            "Save it smaller."
        )


def _is_there(path: Path) -> bool:
    """Whether a path leads anywhere; what else is wrong with it is raised as `OSError`."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _open_safely(path: str, flags: int) -> int:
    return os.open(path, flags | SAFELY)


def _mask(image: Image.Image) -> Image.Image | None:
    return image.convert("RGBA").getchannel("A") if image.has_transparency_data else None


def _shown(given: str) -> str:
    """A path as it was given, safe to repeat."""
    printable = "".join(letter for letter in given if letter.isprintable())
    return f"'{printable[:200]}'"
