"""The pictures that a drawing starts from: read safely, sent inline or by file id."""

import asyncio
import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from errors import StorageError
from gateway import Gateway
from generation.errors import GenerationError
from generation.image_request import Part
from storage.input_files import InputError, InputFiles, InputPicture, check_mask
from storage.picture_files import read_picture
from storage.records import Records
from storage.tables import Image

MOST = 8
INLINE_BYTES = 1024 * 1024
"""Larger pictures are uploaded once and named by their file id from then on."""

IMAGE_ID = re.compile(r"img_[0-9a-f]{16}")
FILE_ID = re.compile(r"file-[\w-]+")


@dataclass(frozen=True)
class Source:
    """A picture to start from: its bytes, or the id of a file that OpenAI has."""

    given: str
    picture: InputPicture | None = None

    @property
    def key(self) -> str:
        """Names the content: the same picture under another path is the same request."""
        return self.picture.sha256 if self.picture else self.given

    @property
    def as_data(self) -> dict[str, str]:
        """For the record."""
        return {"given": self.given, "sha256": self.picture.sha256 if self.picture else ""}


@dataclass(frozen=True)
class Sources:
    """What a drawing starts from besides an earlier response."""

    pictures: tuple[Source, ...] = ()
    mask: Source | None = None

    @property
    def keys(self) -> list[str]:
        """Names the contents, for comparing requests."""
        return [source.key for source in (*self.pictures, *([self.mask] if self.mask else []))]

    @property
    def as_data(self) -> list[dict[str, str]]:
        """For the record."""
        masks = [{**self.mask.as_data, "use": "mask"}] if self.mask else []
        return [*({**source.as_data, "use": "picture"} for source in self.pictures), *masks]


class Sending:
    """Takes pictures in, and puts them into requests."""

    def __init__(self, gateway: Gateway, records: Records, inputs: InputFiles) -> None:
        self._gateway = gateway
        self._records = records
        self._inputs = inputs

    async def take(
        self, given: tuple[str, ...], mask: str | None, *, parent: Image | None
    ) -> Sources:
        """Read what a call names, before anything is paid for. Raises a `Problem`.

        A mask without pictures belongs to `parent`, whose file is then sent again.
        """
        if len(given) > MOST:
            raise GenerationError(f"input_images takes at most {MOST}. Nothing was charged.")
        pictures = [await self._take(name) for name in given]
        if mask is None:
            return Sources(tuple(pictures))
        if not pictures and parent is None:
            raise GenerationError(
                "mask needs the picture it belongs to: name it in input_images, or refine one "
                "that was drawn. Nothing was charged."
            )
        if not pictures and parent is not None:
            pictures = [await self._take(parent.id)]
        masked = await self._take(mask)
        if masked.picture is not None and pictures[0].picture is not None:
            check_mask(masked.picture, pictures[0].picture)
        return Sources(tuple(pictures), masked)

    async def check(self, given: Sequence[str]) -> None:
        """Refuse what cannot be used before anything else happens. Raises a `Problem`."""
        for name in given:
            await self._take(name)

    async def kept(self, image: Image) -> Part:
        """The file of a picture that was drawn, for a request. Raises a `Problem`."""
        return await self.part(await self._take(image.id))

    async def part(self, source: Source, *, anew: bool = False) -> Part:
        """A picture as the API takes it. `anew` uploads it even if OpenAI should have it."""
        if source.picture is None:
            return _by_id(source.given)
        picture = source.picture
        if len(picture.data) <= INLINE_BYTES:
            encoded = await asyncio.to_thread(base64.b64encode, picture.data)
            url = f"data:image/{picture.format};base64,{encoded.decode()}"
            return {"type": "input_image", "image_url": url, "detail": "auto"}
        origin = self._gateway.origin
        known = None if anew else await self._records.upload_id(picture.sha256, origin)
        if known is None:
            name = f"{picture.sha256[:16]}.{picture.format}"
            known = await self._gateway.upload(picture.data, name, f"image/{picture.format}")
            await self._records.note_upload(picture.sha256, self._gateway.origin, known)
        return _by_id(known)

    async def _take(self, name: str) -> Source:
        if FILE_ID.fullmatch(name):
            return Source(name)
        if IMAGE_ID.fullmatch(name):
            image = await self._records.image(name)
            data = await asyncio.to_thread(_bytes, image)
            return Source(name, await asyncio.to_thread(self._inputs.check, data, name))
        return Source(name, await asyncio.to_thread(self._inputs.read, name))


def _by_id(file_id: str) -> dict[str, Any]:
    return {"type": "input_image", "file_id": file_id, "detail": "auto"}


def _bytes(image: Image) -> bytes:
    try:
        return read_picture(image)
    except StorageError as error:
        raise InputError(f"{error} Put it back, or start from another picture.") from error
