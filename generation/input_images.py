"""The pictures that a drawing starts from: read safely, sent inline or by file id."""

import asyncio
import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from errors import Problem
from gateway.capabilities import MOST_INPUTS, edges_of, size_near
from gateway.client import Gateway
from generation.image_request import OrderError
from generation.plan import Reference
from storage.input_files import InputFiles
from storage.input_pictures import InputPicture, check_mask, check_picture
from storage.records import Records
from storage.tables import Image
from styles.style_store import StyleStore
from styles.style_use import StyleUse, samples_of

INLINE_BYTES = 1024 * 1024
"""Larger pictures are uploaded once and named by their file id from then on, which spares
sending them with every change."""

FILE_ID = re.compile(r"file-[\w-]+")

InputUse = Literal["picture", "reference", "sample"]
"""What a picture is to a drawing; a sample shows a style."""

Part = dict[str, Any]
"""A picture as the API takes it, or a mask."""


@dataclass(frozen=True)
class InputImage:
    """A picture to start from: its bytes, or the id of a file that OpenAI has.

    `purpose` is what a reference of the dialogue or a sample of a style is for.
    """

    name: str
    picture: InputPicture | None = None
    use: InputUse = "picture"
    purpose: str = ""

    @property
    def key(self) -> str:
        """Names the content: the same picture under another path is the same request."""
        return self.picture.sha256 if self.picture else self.name

    @property
    def as_data(self) -> dict[str, str]:
        """For the record."""
        sha256 = self.picture.sha256 if self.picture else ""
        return {"given": self.name, "sha256": sha256, "use": self.use}


@dataclass(frozen=True)
class InputImages:
    """What a drawing starts from besides an earlier response."""

    pictures: tuple[InputImage, ...] = ()
    mask: InputImage | None = None

    @property
    def keys(self) -> list[str]:
        """Names the contents, for comparing requests."""
        return [image.key for image in (*self.pictures, *([self.mask] if self.mask else []))]

    @property
    def as_data(self) -> list[dict[str, str]]:
        """For the record."""
        masks = [{**self.mask.as_data, "use": "mask"}] if self.mask else []
        return [*(image.as_data for image in self.pictures), *masks]

    def suggestion(self, image_model: str) -> dict[str, str]:
        """The size in which an image model keeps the shape of the first picture that was given."""
        first = next((one.picture for one in self.pictures if one.use == "picture"), None)
        # The ratio alone: the area of a photo sets the price of none.
        edges = edges_of(f"{first.width}:{first.height}") if first else None
        return {"size": size_near(image_model, *edges)} if edges else {}

    def purposes(self, use: InputUse) -> list[str]:
        """What each reference is for, or each sample: samples come last, references before."""
        return [image.purpose for image in self.pictures if image.use == use]


@dataclass
class InputResolver:
    """Reads the pictures that a call names, and puts them into requests."""

    gateway: Gateway
    records: Records
    input_files: InputFiles
    style_store: StyleStore

    async def read(
        self,
        names: Sequence[str],
        mask: str | None,
        *,
        parent: Image | None,
    ) -> InputImages:
        """Read what a drawing starts from, before anything is paid for. Raises a `Problem`.

        A mask without pictures belongs to `parent`, whose file is then sent again.
        """
        if len(names) > MOST_INPUTS:
            raise OrderError(f"input_images takes at most {MOST_INPUTS}.")
        pictures = [await self._read(name) for name in names]
        if mask is not None and not pictures:
            if parent is None:
                raise OrderError(
                    "mask needs the picture it belongs to.",
                    "Name it in input_images, or refine one that was drawn.",
                )
            pictures = [await self._read(parent.id)]
        mask_image = await self._read(mask) if mask is not None else None
        if mask_image and mask_image.picture and pictures[0].picture:
            await asyncio.to_thread(check_mask, mask_image.picture, pictures[0].picture)
        return InputImages(tuple(pictures), mask_image)

    async def with_references(
        self, inputs: InputImages, references: Sequence[Reference]
    ) -> InputImages:
        """What a drawing starts from and, behind it, as many references as there is room for."""
        pictures = [*inputs.pictures]
        for reference in references[: MOST_INPUTS - len(pictures)]:
            pictures += await self._read_reference(reference)
        return replace(inputs, pictures=tuple(pictures))

    async def with_samples(self, inputs: InputImages, styles: Sequence[StyleUse]) -> InputImages:
        """What a drawing starts from and, behind it, as many samples of styles as there is room
        for."""
        pictures = [*inputs.pictures]
        for use, name in samples_of(styles)[: MOST_INPUTS - len(pictures)]:
            data = await asyncio.to_thread(self.style_store.sample, name)
            if data is not None:
                picture = await asyncio.to_thread(check_picture, data, name)
                pictures.append(InputImage(name, picture, "sample", use.purpose))
        return replace(inputs, pictures=tuple(pictures))

    async def part_of(self, image: Image) -> Part:
        """The file of a picture that was drawn, as the API takes it. Raises a `Problem`."""
        return await self.part(await self._read(image.id))

    async def part(self, image: InputImage, *, anew: bool = False) -> Part:
        """A picture as the API takes it. `anew` uploads it even if OpenAI should have it."""
        if image.picture is None:
            return _by_id(image.name)
        picture = image.picture
        if len(picture.data) <= INLINE_BYTES:
            text = await asyncio.to_thread(base64.b64encode, picture.data)
            url = f"data:image/{picture.format};base64,{text.decode()}"
            return {"type": "input_image", "image_url": url, "detail": "auto"}
        origin = self.gateway.origin
        file_id = None if anew else await self.records.file_ids.find(picture.sha256, origin)
        if file_id is None:
            name = f"{picture.sha256[:16]}.{picture.format}"
            file_id = await self.gateway.images.upload(
                picture.data, name, f"image/{picture.format}"
            )
            await self.records.file_ids.note(picture.sha256, self.gateway.origin, file_id)
        return _by_id(file_id)

    async def _read_reference(self, reference: Reference) -> list[InputImage]:
        """A picture of the dialogue as it was given, else its small copy, else nothing."""
        try:
            whole = await self._read(reference.given)
        except Problem:  # gone since, or no picture any more: the copy is what was looked at
            data = await asyncio.to_thread(self.input_files.read_copy, reference.copy)
            if data is None:
                return []
            picture = await asyncio.to_thread(check_picture, data, reference.given)
            whole = InputImage(reference.given, picture)
        return [replace(whole, use="reference", purpose=reference.purpose)]

    async def _read(self, name: str) -> InputImage:
        if FILE_ID.fullmatch(name):
            return InputImage(name)
        data = await self.input_files.read_any(name, self.records)
        return InputImage(name, await asyncio.to_thread(check_picture, data, name))


def _by_id(file_id: str) -> Part:
    return {"type": "input_image", "file_id": file_id, "detail": "auto"}
