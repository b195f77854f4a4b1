"""Lift the picture out of a stream as it passes: the SDK would hold its text five times over.

A finished picture arrives in `"result"`, twice (recorded October 2026). Written otherwise,
or compressed, it passes as it is and is decoded later: slower, and no less right.
"""

import binascii
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2

MARK = b'"result":"'
BRINGS = b"response.output_item.done"


class Lifted:
    """A picture, decoded piece by piece."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._rest = b""
        self._ended = self._broken = False

    def add(self, text: bytes) -> None:
        """Take the next piece of base64."""
        text = self._rest + text.replace(b"\\", b"")  # JSON may escape a slash
        even = len(text) // 4 * 4
        text, self._rest = text[:even], text[even:]
        self._broken = self._broken or (self._ended and bool(text))
        try:
            self._data += binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error:
            self._broken = True
        self._ended = self._ended or text.endswith(b"=")

    def read(self) -> bytes:
        """All of it, once. Raises `binascii.Error` where it was no base64."""
        if self._rest or self._broken:
            raise binascii.Error("not base64")
        data, self._data = bytes(self._data), bytearray()
        return data


class Sieve(httpx2.AsyncByteStream):
    """The body of a streamed answer; a key of `lifted` stands where a picture stood."""

    def __init__(self, body: Any) -> None:  # httpx2 types it as sync or async
        self.lifted: dict[str, Lifted] = {}
        self._body = body
        self._take: Callable[[bytes], None] | None = None  # where a picture goes that passes
        self._held = b""  # what may be the start of a mark
        self._event = b""  # the text of this event so far

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The body without its pictures."""
        async for chunk in self._body:
            if text := self._strain(chunk):
                yield text
        if self._held:
            yield self._held

    async def aclose(self) -> None:
        """Close the body."""
        await self._body.aclose()

    def _strain(self, chunk: bytes) -> bytes:
        passed = b""
        while chunk:
            if self._take is not None:
                piece, quote, chunk = chunk.partition(b'"')
                self._take(piece)
                if not quote:
                    break
                self._take, chunk = None, quote + chunk
            text, mark, chunk = self._to_mark(chunk)
            passed += text + mark
            self._event = (self._event + text).rpartition(b"\n\n")[2]
            if mark:
                passed += self._lift().encode()
        return passed

    def _to_mark(self, chunk: bytes) -> tuple[bytes, bytes, bytes]:
        """Text up to a mark, the mark, what follows it; what may be half a mark is held."""
        text, mark, rest = (self._held + chunk).partition(MARK)
        half = 0
        if not mark:
            half = next((n for n in range(len(MARK) - 1, 0, -1) if text.endswith(MARK[:n])), 0)
        cut = len(text) - half
        self._held = text[cut:]
        return text[:cut], mark, rest

    def _lift(self) -> str:
        """Lift the picture that begins here; the finished response repeats it, that is let go."""
        if self.lifted and BRINGS not in self._event:
            self._take = _let_go
            return list(self.lifted)[-1]
        picture = Lifted()
        self._take = picture.add
        key = f"lifted {len(self.lifted)}"
        self.lifted[key] = picture
        return key


def _let_go(_piece: bytes) -> None:
    pass
