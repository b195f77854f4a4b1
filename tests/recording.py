"""How cassettes are written, read and matched.

A recording keeps what a reviewer needs: where it comes from, JSON bodies as YAML, few
headers, tiny pictures, and templates by name and fingerprint in place of their wording,
which git has. It matches on everything but prose, so that a prompt author
without a key replays an edited template, and is told that the recording is stale.
"""

import base64
import io
import json
import re
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import yaml
from PIL import Image
from vcr.request import Request

KEPT_HEADERS = {"content-type", "retry-after"}
OPENAI_HOST = "api.openai.com"
TINY_EDGE = 48
PICTURE = re.compile(r'("(?:result|partial_image_b64)": ?")([A-Za-z0-9+/=]{400,})(")')
WORDING = re.compile(r'("instructions": ?)"(?:[^"\\]|\\.)*"')
PROSE = {"instructions", "prompt_cache_key", "metadata"}

stale: set[str] = set()
"""Templates whose wording moved on since the recording that is being played."""


def same_call(live: Request, recorded: Request) -> None:
    """Match on everything but prose; note templates that changed since."""
    now, then = _body(live), _body(recorded)
    live_shape, recorded_shape = _structure(now), _structure(then)
    differing = sorted(
        key for key in live_shape | recorded_shape if live_shape.get(key) != recorded_shape.get(key)
    )
    assert not differing, f"the request changed since it was recorded: {', '.join(differing)}"
    stale.update(_templates(now) ^ _templates(then))


def few_headers_out(request: Request) -> Request:
    request.headers = _few(request.headers)
    return request


def few_headers_back(response: dict[str, Any]) -> dict[str, Any]:
    return {**response, "headers": _few(response["headers"])}


def shorten(request: Request, response: dict[str, Any]) -> tuple[Request, Any]:
    """In the file alone, swap pictures for tiny ones of the same format and shape.

    And the wording of templates for their names.
    """
    body = _body(request)
    name = f"(the wording of {' '.join(sorted(_templates(body)))})"
    if "instructions" in body:
        request.body = json.dumps({**body, "instructions": name})
    text = response["body"]["string"].decode()
    text = PICTURE.sub(lambda match: match[1] + _tiny(match[2]) + match[3], text)
    text = WORDING.sub(lambda match: match[1] + json.dumps(name), text)
    return request, {**response, "body": {"string": text.encode()}}


def serialize(cassette: dict[str, Any]) -> str:
    """The file of a cassette: what it is first, then the calls."""
    calls = cassette["interactions"]
    for call in calls:
        call["request"]["body"] = json.loads(call["request"]["body"] or "null")
        if _is_json(call["response"]):
            call["response"]["body"] = {"json": json.loads(call["response"]["body"]["string"])}
    hosts = {re.split(r"[/:]+", call["request"]["uri"])[1] for call in calls}
    for call in calls:
        call["request"]["uri"] = re.sub(r"//127.0.0.1:\d+/", "//sandbox/", call["request"]["uri"])
    recorded = {
        "origin": "openai" if hosts == {OPENAI_HOST} else "sandbox",
        "date": datetime.now(UTC).date().isoformat(),
        "sdk": f"openai {version('openai')}",
        "templates": sorted({t for call in calls for t in _templates(call["request"]["body"])}),
    }
    return yaml.dump(
        {"recorded": recorded, **cassette},
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=100,
    )


def deserialize(text: str) -> dict[str, Any]:
    cassette: dict[str, Any] = yaml.safe_load(text)
    for call in cassette["interactions"]:
        call["request"]["body"] = json.dumps(call["request"]["body"])
        if "json" in call["response"]["body"]:
            call["response"]["body"] = {"string": json.dumps(call["response"]["body"]["json"])}
    return cassette


class _Dumper(yaml.SafeDumper):
    """Writes text of several lines as such."""


def _as_block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _as_block)


def _is_json(response: dict[str, Any]) -> bool:
    return "application/json" in str(response["headers"].get("content-type"))


def _few(headers: dict[str, Any]) -> dict[str, Any]:
    return {name.lower(): headers[name] for name in headers if name.lower() in KEPT_HEADERS}


def _body(request: Request) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(request.body or "{}")
    return parsed


def _templates(body: dict[str, Any]) -> set[str]:
    named = (body or {}).get("metadata", {}).get("templates", "")
    return set(named.split()) if named else set()


def _structure(body: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in body.items() if key not in PROSE}
    kept["input"] = [_shape(item) for item in body.get("input", [])]
    return kept


def _shape(item: dict[str, Any]) -> Any:
    """An input item without its words; the state of the dialogue is data and stays."""
    if item["role"] == "developer":
        return {"role": "developer", "content": json.loads(item["content"])}
    if isinstance(item["content"], str):
        return {"role": item["role"], "content": "text"}
    return {"role": item["role"], "content": [part["type"] for part in item["content"]]}


def _tiny(encoded: str) -> str:
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
        name = image.format
        image.thumbnail((TINY_EDGE, TINY_EDGE))
        target = io.BytesIO()
        image.save(target, name)
    return base64.b64encode(target.getvalue()).decode()
