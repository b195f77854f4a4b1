"""What a picture arrives as: its base64, or one of the things that go wrong with it."""

import base64
import secrets
import zlib

from sandbox.state import Call

_PNG = b"\x89PNG\r\n\x1a\n"
_FRAME = 12
_PADDED = 3_000_000
_GARBAGE = b"The sandbox was asked for something that is not a picture."


def result(call: Call, content: bytes) -> str:
    """Return the `result` of an image item."""
    if call.meets("not_a_picture"):
        content = _GARBAGE
    if call.fault and call.meets("padded") and content.startswith(_PNG):
        content = _padded(content, int(call.fault.value or _PADDED))
    encoded = base64.b64encode(content).decode()
    return "!" + encoded[:-3] if call.meets("broken_base64") else encoded


def _padded(png: bytes, size: int) -> bytes:
    """Return a png made as heavy as a real one by a private chunk of noise before its end."""
    data = secrets.token_bytes(max(0, size - len(png) - _FRAME))
    chunk = b"saNd" + data
    framed = len(data).to_bytes(4) + chunk + zlib.crc32(chunk).to_bytes(4)
    return png[:-_FRAME] + framed + png[-_FRAME:]
