"""Take the picture out of a stream as it passes: the SDK would hold its text five times over.

A finished picture arrives in `"result"`, twice (recorded October 2026). Written otherwise,
or compressed, it passes as it is and is decoded later: slower, and no less right.
"""

import base64
import binascii
import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import unquote_to_bytes

import httpx2

MARK = b'"result":"'
ITEM_EVENT = b"response.output_item.done"
PLAIN = (b"{", b"[", b"<")
"""How a body begins that is no stream of events, whatever its header says: JSON, or a page."""


def decode(text: str) -> bytes:
    """The bytes that a result stands for; where it is no base64, its own.

    OpenAI sends bare base64; gateways also send data URLs, line breaks, the alphabet of URLs,
    and no padding.
    """
    head, comma, body = text.partition(",") if text[:5].lower() == "data:" else ("", "", text)
    if comma and not head.lower().endswith("base64"):
        return unquote_to_bytes(body)
    compact = "".join(body.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return binascii.a2b_base64(compact + "=" * (-len(compact) % 4), strict_mode=True)
    except ValueError:  # binascii.Error, or letters beyond ASCII
        return text.encode(errors="replace")


class StreamedImage:
    """A picture, decoded piece by piece; kept as text from where it is no plain base64."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._rest = b""
        self._is_complete = False
        self._text: bytearray | None = None

    def add(self, text: bytes) -> None:
        """Take the next piece of the JSON string."""
        if self._text is not None:
            self._text += text
            return
        if b"\\" in text:
            text = text.replace(b"\\/", b"/")  # JSON may escape a slash
        text = self._rest + text
        even = len(text) // 4 * 4
        try:
            if self._is_complete and text:
                raise binascii.Error("more after the padding")
            self._data += binascii.a2b_base64(text[:even], strict_mode=True)
        except binascii.Error:
            self._text = bytearray(base64.b64encode(self._data) + text)
        else:
            self._rest = text[even:]
            self._is_complete = text[:even].endswith(b"=")

    def read(self) -> bytes:
        """All of it, once."""
        if self._text is None and not self._rest:
            data, self._data = bytes(self._data), bytearray()
            return data
        text = self._text or base64.b64encode(self._data) + self._rest
        try:
            return decode(json.loads(b'"' + text + b'"'))
        except ValueError:
            return decode(text.decode(errors="replace"))


class ImageStream(httpx2.AsyncByteStream):
    """The body of a streamed answer; a key of `images` stands where a picture stood.

    A body that is no stream of events goes to `plain`, whole.
    """

    def __init__(self, body: Any) -> None:  # httpx2 types it as sync or async
        self.images: dict[str, StreamedImage] = {}
        self.plain = bytearray()
        self._has_begun = False
        self._body = body
        self._sink: Callable[[bytes], None] | None = None  # where a picture goes that passes
        self._tail = b""  # what may be the start of a mark
        self._event = b""  # the text of this event so far

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The body without its pictures."""
        async for chunk in self._body:
            if self._is_plain(chunk):
                self.plain += chunk
            elif text := self._filter(chunk):
                yield text
        if self._tail:
            yield self._tail

    async def aclose(self) -> None:
        """Close the body."""
        await self._body.aclose()

    def _is_plain(self, chunk: bytes) -> bool:
        if not self._has_begun and (start := chunk.lstrip(b"\xef\xbb\xbf \t\r\n")):
            self._has_begun = True
            return start.startswith(PLAIN)
        return bool(self.plain)

    def _filter(self, chunk: bytes) -> bytes:
        rest = b""
        while chunk:
            if self._sink is not None:
                piece, quote, chunk = chunk.partition(b'"')
                self._sink(piece)
                if not quote:
                    break
                if piece.endswith(b"\\"):  # the quote is escaped: no base64, and not its end
                    self._sink(quote)
                    continue
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
