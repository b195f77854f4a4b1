"""How cassettes are written: what a reviewer needs to read, and nothing secret or large.

A recording keeps where it comes from, JSON bodies as YAML, streams as they came, few
headers, tiny pictures, and templates by name and fingerprint in place of their wording,
which git has.
"""

import base64
import email
import json
import re
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import yaml
from vcr.request import Request

from tests.tiny import shrink_all

KEPT_HEADERS = {"content-type", "retry-after"}
OPENAI_HOST = "api.openai.com"
WORDING = re.compile(r'("instructions": ?)"(?:[^"\\]|\\.)*"')


def few_headers_out(request: Request) -> Request:
    """A request as it is kept and compared: few headers, a form as JSON."""
    request.headers = _few(request.headers)
    kind = str(request.headers.get("content-type"))
    if "boundary=" in kind:
        request.body = json.dumps({"form": _form(kind, request.body)})
        request.headers["content-type"] = "multipart/form-data"
    return request


def few_headers_back(response: dict[str, Any]) -> dict[str, Any]:
    return {**response, "headers": _few(response["headers"])}


def shorten(request: Request, response: dict[str, Any]) -> tuple[Request, Any]:
    """In the file alone, swap pictures for tiny ones of the same format and shape.

    And the wording of templates for their names.
    """
    body = body_of(request)
    name = f"(the wording of {' '.join(sorted(templates_of(body)))})"
    if "instructions" in body:
        body["instructions"] = name
    request.body = shrink_all(json.dumps(body))
    text = shrink_all(response["body"]["string"].decode())
    text = WORDING.sub(lambda match: match[1] + json.dumps(name), text)
    return request, {**response, "body": {"string": text.encode()}}


def serialize(cassette: dict[str, Any]) -> str:
    """The file of a cassette: what it is first, then the calls.

    Raises `ValueError` where some calls went to OpenAI and some to the sandbox.
    """
    calls = cassette["interactions"]
    for call in calls:
        call["request"]["body"] = json.loads(call["request"]["body"] or "null")
        if _is_json(call["response"]):
            call["response"]["body"] = {"json": json.loads(call["response"]["body"]["string"])}
    asked = {OPENAI_HOST in call["request"]["uri"] for call in calls}
    if len(asked) > 1:
        raise ValueError("One cassette never holds calls to OpenAI and to the sandbox.")
    for call in calls:
        call["request"]["uri"] = re.sub(r"//127.0.0.1:\d+/", "//sandbox/", call["request"]["uri"])
    recorded = {
        "origin": "openai" if asked == {True} else "sandbox",
        "date": datetime.now(UTC).date().isoformat(),
        "sdk": f"openai {version('openai')}",
        "templates": sorted({t for call in calls for t in templates_of(call["request"]["body"])}),
    }
    return yaml.dump(
        {"recorded": recorded, **cassette},
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=100,
    )


def deserialize(text: str) -> dict[str, Any]:
    cassette: dict[str, Any] = yaml.load(text, Loader=Loader)  # a safe one
    for call in cassette["interactions"]:
        call["request"]["body"] = json.dumps(call["request"]["body"])
        if "json" in call["response"]["body"]:
            call["response"]["body"] = {"string": json.dumps(call["response"]["body"]["json"])}
    return cassette


def templates_of(body: dict[str, Any] | None) -> set[str]:
    """The templates that a request was made of, each as `name@fingerprint`."""
    named = (body or {}).get("metadata", {}).get("templates", "")
    return set(named.split()) if named else set()


Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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


def body_of(request: Request) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(request.body or "{}") or {}
    return parsed


def _form(kind: str, body: bytes) -> dict[str, str]:
    """The fields of a form by name; a file as a data URL."""
    message = email.message_from_bytes(f"content-type: {kind}\r\n\r\n".encode() + body)
    fields = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        if name and isinstance(data, bytes):
            encoded = f"data:{part.get_content_type()};base64,{base64.b64encode(data).decode()}"
            fields[str(name)] = encoded if part.get_filename() else data.decode()
    return fields
