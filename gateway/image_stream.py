"""Take the picture out of a stream as it passes: the SDK would hold its text five times over.

A finished picture arrives in `"result"`, twice (recorded October 2026). Written otherwise,
or compressed, it passes as it is and is decoded later: slower, and no less right.
"""

import binascii
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2

MARK = b'"result":"'
ITEM_EVENT = b"response.output_item.done"


class StreamedImage:
    """A picture, decoded piece by piece."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._rest = b""
        self._is_complete = self._is_broken = False

    def add(self, text: bytes) -> None:
        """Take the next piece of base64."""
        text = self._rest + text.replace(b"\\", b"")  # JSON may escape a slash
        even = len(text) // 4 * 4
        text, self._rest = text[:even], text[even:]
        self._is_broken = self._is_broken or (self._is_complete and bool(text))
        try:
            self._data += binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error:
            self._is_broken = True
            self._data += text  # as it came: it is paid for, and somebody may make sense of it
        self._is_complete = self._is_complete or text.endswith(b"=")

    @property
    def rest(self) -> bytes:
        """What came where it was no base64: decoded as far as it went, then as it is."""
        return bytes(self._data) + self._rest

    def read(self) -> bytes:
        """All of it, once. Raises `binascii.Error` where it was no base64."""
        if self._rest or self._is_broken:
            raise binascii.Error("not base64")
        data, self._data = bytes(self._data), bytearray()
        return data


class ImageStream(httpx2.AsyncByteStream):
    """The body of a streamed answer; a key of `images` stands where a picture stood."""

    def __init__(self, body: Any) -> None:  # httpx2 types it as sync or async
        self.images: dict[str, StreamedImage] = {}
        self._body = body
        self._sink: Callable[[bytes], None] | None = None  # where a picture goes that passes
        self._tail = b""  # what may be the start of a mark
        self._event = b""  # the text of this event so far

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The body without its pictures."""
        async for chunk in self._body:
            if text := self._filter(chunk):
                yield text
        if self._tail:
            yield self._tail

    async def aclose(self) -> None:
        """Close the body."""
        await self._body.aclose()

    def _filter(self, chunk: bytes) -> bytes:
        rest = b""
        while chunk:
            if self._sink is not None:
                piece, quote, chunk = chunk.partition(b'"')
                self._sink(piece)
                if not quote:
                    break
                self._sink, chunk = None, quote + chunk
            text, mark, chunk = self._to_mark(chunk)
            rest += text + mark
            self._event = (self._event + text).rpartition(b"\n\n")[2]
            if mark:
                rest += self._begin().encode()
        return rest

    def _to_mark(self, chunk: bytes) -> tuple[bytes, bytes, bytes]:
        """Text up to a mark, the mark, what follows it; what may be half a mark waits."""
        text, mark, rest = (self._tail + chunk).partition(MARK)
        half = 0
        if not mark:
            half = next((n for n in range(len(MARK) - 1, 0, -1) if text.endswith(MARK[:n])), 0)
        cut = len(text) - half
        self._tail = text[cut:]
        return text[:cut], mark, rest

    def _begin(self) -> str:
        """The key of the picture that begins here; the finished response repeats it, unread."""
        if self.images and ITEM_EVENT not in self._event:
            self._sink = _discard
            return list(self.images)[-1]
        image = StreamedImage()
        self._sink = image.add
        key = f"image {len(self.images)}"
        self.images[key] = image
        return key


def _discard(_piece: bytes) -> None:
    pass
