"""Bytes and JSON that no friend sends, made of what clients do send; one seed gives the same."""

import json
from random import Random
from typing import Any

from tests.rpc import ENVELOPE, HANDSHAKE

NASTY: list[Any] = [
    None, True, -1, 0, 2**63, 10**400, 1.5, float("nan"), "", " ", "\0", "\ud800", "\u202e\x1b[2J",
    "x" * 70_000, "*a" * 30_000, "../../etc/passwd", "{{ 7 * 7 }}", "' OR 1=1 --", "%00", "[]",
    [], {}, [[]] * 50, {"a": {"b": {}}}, ["x"] * 2000, {"": ""},
]  # fmt: skip
TOKENS = [
    b"\0", b"\xff\xfe", b'"', b"\\", b"{", b"]", b"\n", b"\r\n", b"9" * 400, b"-", b"NaN",
    b"\\ud800",    b"\x1b[2J", b"{{", b"%}", b"---\n", b": ", b"- ", b"&a *a", b"!!python/object",
    b"\xf3\xb0\x80\x80",
]  # fmt: skip


def bent(data: bytes, dice: Random) -> bytes:
    """The bytes with a few of them changed, doubled, cut out or put in."""
    made = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(made) + 1)
        end = min(at + dice.choice((1, 2, 8, 64, 4096)), len(made))
        match dice.randrange(5):
            case 0 if at < len(made):
                made[at] ^= 1 << dice.randrange(8)
            case 1:
                del made[at:end]
            case 2:
                made[at:at] = made[at:end] * dice.choice((1, 3, 200))
            case 3:
                made[at:at] = dice.choice(TOKENS)
            case _:
                made[at:end] = dice.randbytes(end - at)
    return bytes(made)


def warped(value: Any, dice: Random) -> Any:
    """JSON with one of its values, or names, replaced."""
    if isinstance(value, dict) and value and dice.random() < 0.85:
        name = dice.choice(list(value))
        if dice.random() < 0.1:
            return {**value, str(dice.choice(NASTY))[:300]: dice.choice(NASTY)}
        return {**value, name: warped(value[name], dice)}
    if isinstance(value, list) and value and dice.random() < 0.85:
        at = dice.randrange(len(value))
        return [*value[:at], warped(value[at], dice), *value[at + 1 :]]
    return dice.choice(NASTY)


def as_line(value: Any) -> bytes:
    """JSON on one line."""
    return json.dumps(value).encode()


TOOLS: dict[str, dict[str, Any]] = {
    "openai_image_consultation": {
        "message": "a fox", "mode": "guided", "answers": [{"question_id": "q1", "answer": "a"}],
        "reference_images": ["a.png"], "template": "product_hero", "finish": True,
        "conversation_id": "conv_0000000000000000",
    },
    "openai_conversational_image": {
        "prompt": "a fox", "dialogue_mode": "skip", "size": "wide", "input_images": ["a.png"],
        "mask": "a.png", "image_model": "gpt-image-2", "compression": 5, "variations": 2,
        "from_image": "img_0000000000000000", "redraw": True,
    },
    "openai_list_conversations": {
        "query": "fox", "since": "2026-01-01", "cursor": "YQpiCmM=", "limit": 5, "rating": 3,
    },
    "openai_generate_image": {"prompt": "a fox", "size": "tall"},
    "openai_search_conversations": {"query": "fox", "limit": 3},
    "openai_rate_image": {"image_id": "img_0000000000000000", "rating": "5", "title": "a"},
    "openai_delete_conversation": {"conversation_id": "conv_0000000000000000", "confirm": True},
    "openai_status": {},
}  # fmt: skip
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    *(("tools/call", {"name": name, "arguments": one}) for name, one in TOOLS.items()),
    ("tools/list", {"cursor": "a"}),
    ("resources/list", {}),
    ("resources/read", {"uri": "image://img_0000000000000000"}),
    ("resources/read", {"uri": "template://product_hero"}),
    ("prompts/get", {"name": "product_hero", "arguments": {"product": "a kettle"}}),
    ("completion/complete", {
        "ref": {"type": "ref/prompt", "name": "product_hero"},
        "argument": {"name": "product", "value": "a"},
    }),
    ("initialize", HANDSHAKE),
    ("server/discover", {}),
    ("logging/setLevel", {"level": "debug"}),
    ("notifications/cancelled", {"requestId": 1}),
    ("subscriptions/listen", {"notifications": {}}),
]  # fmt: skip


def message(dice: Random) -> dict[str, Any]:
    """A request of either era, as a client means it."""
    method, parameters = dice.choice(REQUESTS)
    envelope = {"_meta": ENVELOPE} if dice.random() < 0.5 else {}
    body = {"jsonrpc": "2.0", "method": method, "params": {**parameters, **envelope}}
    return body if method.startswith("notifications") else {**body, "id": dice.randrange(1000)}


def hostile(dice: Random) -> bytes:
    """A request with a value replaced, or a few bytes of it."""
    asked = message(dice)
    return as_line(warped(asked, dice)) if dice.random() < 0.7 else bent(as_line(asked), dice)
