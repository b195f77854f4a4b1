"""A finished picture held against what was decided, item by item, by a model that only looks."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from prompts.template import Rendered

SCHEMA_NAME = "picture_check"

TOKENS_AT_LEAST = 2_000
TOKENS_PER_ITEM = 100
"""Fifteen words and a verdict take about fifty tokens; the rest leaves room for reasoning."""

LONGEST_SEEN = 300

UNSAID = "The model said nothing about this."
UNSEEN = "The model did not say what it saw."

Verdict = Literal["met", "not_met", "cannot_tell"]


class Finding(BaseModel):
    """One item, whether the picture meets it, and what was seen by whom: a model or the code."""

    model_config = ConfigDict(frozen=True)

    item: str
    verdict: Verdict
    seen: str
    source: Literal["model", "bytes"]


class Verification(BaseModel):
    """All findings about one picture; `confidence` is the share of items met, 0 to 1.

    `templates` maps the template that the model was told to its fingerprint.
    """

    model_config = ConfigDict(frozen=True)

    findings: list[Finding]
    confidence: float | None
    model: str
    notes: list[str]
    templates: dict[str, str] = {}


def checklist(
    brief_entries: Sequence[Mapping[str, Any]], image_type_checklist: Sequence[str]
) -> list[str]:
    """What to look at: each decided entry of the brief, assumptions too, then the type's own."""
    decided = [
        f"{entry['dimension']}: {value}"
        for entry in brief_entries
        if entry.get("source") != "open" and (value := _one_line(entry.get("value")))
    ]
    return list(dict.fromkeys([*decided, *image_type_checklist]))


def build_request(
    items: Sequence[str], preview_jpeg: bytes, *, model: str, told: "Rendered"
) -> dict[str, Any]:
    """The body of the call. The items travel as input, never as instructions."""
    numbered = [{"id": number, "text": text} for number, text in enumerate(items, start=1)]
    listed = json.dumps({"items": numbered}, ensure_ascii=False)
    picture = f"data:image/jpeg;base64,{base64.b64encode(preview_jpeg).decode()}"
    content = [
        {"type": "input_text", "text": listed},
        {"type": "input_image", "image_url": picture, "detail": "high"},
    ]
    return {
        "model": model,
        "instructions": told.text,
        "input": [{"role": "user", "content": content}],
        "text": response_format(),
        "temperature": 0,
        "max_output_tokens": TOKENS_AT_LEAST + TOKENS_PER_ITEM * len(items),
        "metadata": {"templates": f"{told.name}@{told.fingerprint}"},
    }


def response_format() -> dict[str, Any]:
    """The `text` field of the request: `seen` comes first, so that it looks before it judges."""
    finding = _closed(
        {
            "id": {"type": "integer"},
            "seen": {"type": "string"},
            "verdict": {"type": "string", "enum": list(get_args(Verdict))},
        }
    )
    schema = _closed({"findings": {"type": "array", "items": finding}})
    return {
        "format": {"type": "json_schema", "name": SCHEMA_NAME, "schema": schema, "strict": True}
    }


def read(text: str, items: Sequence[str]) -> list[Finding]:
    """One finding for each item, whatever else the answer holds.

    Raises `ValueError` where the answer is not JSON or holds no list of findings.
    """
    said = dict(_said(text))
    return [_finding(item, said.get(number)) for number, item in enumerate(items, start=1)]


def conclude(
    findings: Sequence[Finding],
    model: str,
    notes: Sequence[str],
    templates: Mapping[str, str] | None = None,
) -> Verification:
    """The findings with their sum; `model` is empty where none was asked."""
    return Verification(
        findings=list(findings),
        confidence=confidence(findings),
        model=model,
        notes=list(notes),
        templates=dict(templates or {}),
    )


def confidence(findings: Sequence[Finding]) -> float | None:
    """The share of items met, 0 to 1; what cannot be told counts as not met. None without items."""
    if not findings:
        return None
    return round(sum(finding.verdict == "met" for finding in findings) / len(findings), 2)


def _said(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The usable parts of an answer by id; of two about one item the first counts."""
    try:
        answer = json.loads(text)
    except RecursionError as error:
        raise ValueError("The answer is nested too deeply.") from error
    found = answer.get("findings") if isinstance(answer, dict) else None
    if not isinstance(found, list):
        raise ValueError("The answer holds no findings.")
    for one in reversed(found):
        if isinstance(one, dict) and str(one.get("id")).isdecimal():
            yield int(str(one["id"])), one


def _finding(item: str, said: Mapping[str, Any] | None) -> Finding:
    if said is None:
        return Finding(item=item, verdict="cannot_tell", seen=UNSAID, source="model")
    seen = _one_line(said.get("seen"))[:LONGEST_SEEN]
    told = said.get("verdict")
    verdict: Verdict = "met" if told == "met" else "not_met" if told == "not_met" else "cannot_tell"
    if verdict == "met" and not seen:
        verdict = "cannot_tell"
    return Finding(item=item, verdict=verdict, seen=seen or UNSEEN, source="model")


def _one_line(said: object) -> str:
    """A text that can be stored and shown in a list; empty for what is no text."""
    if not isinstance(said, str):
        return ""
    return " ".join(said.encode(errors="replace").decode().split())


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    """An object with these properties and no others, as strict mode wants it."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
