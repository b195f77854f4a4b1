"""A finished picture held against what was decided, item by item, by a model that only looks."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from prompts.template import Rendering

SCHEMA_NAME = "picture_check"

TOKENS_AT_LEAST = 2_000
"""Room for reasoning and the frame of the answer, however few items there are."""

TOKENS_PER_ITEM = 100
"""Fifteen words and a verdict take about fifty tokens; the rest leaves room for reasoning."""

LONGEST_SEEN = 300
"""Characters: a sentence or two; some models describe the whole picture for each item."""

NO_FINDING = "The model said nothing about this."
NO_OBSERVATION = "The model did not say what it saw."

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

    `templates` maps the template that the model was sent to its fingerprint.
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
    decisions = [
        f"{entry['dimension']}: {value}"
        for entry in brief_entries
        if entry.get("source") != "open" and (value := _one_line(entry.get("value")))
    ]
    return list(dict.fromkeys([*decisions, *image_type_checklist]))


def build_request(
    items: Sequence[str], preview_jpeg: bytes, *, model: str, rendered: "Rendering"
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
        "instructions": rendered.text,
        "input": [{"role": "user", "content": content}],
        "text": response_format(),
        "temperature": 0,
        "max_output_tokens": TOKENS_AT_LEAST + TOKENS_PER_ITEM * len(items),
        "metadata": {"templates": f"{rendered.name}@{rendered.fingerprint}"},
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
    answers = dict(_answers(text))
    return [_finding(item, answers.get(number)) for number, item in enumerate(items, start=1)]


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


def _answers(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The usable parts of an answer by id; of two about one item the first counts."""
    try:
        answer = json.loads(text)
    except RecursionError as error:
        raise ValueError("The answer is nested too deeply.") from error
    findings = answer.get("findings") if isinstance(answer, dict) else None
    if not isinstance(findings, list):
        raise ValueError("The answer holds no findings.")
    for one in reversed(findings):
        if isinstance(one, dict) and str(one.get("id")).isdecimal():
            yield int(str(one["id"])), one


def _finding(item: str, answer: Mapping[str, Any] | None) -> Finding:
    if answer is None:
        return Finding(item=item, verdict="cannot_tell", seen=NO_FINDING, source="model")
    observation = _one_line(answer.get("seen"))[:LONGEST_SEEN]
    verdict = answer.get("verdict")
    if verdict not in get_args(Verdict) or (verdict == "met" and not observation):
        verdict = "cannot_tell"
    return Finding(item=item, verdict=verdict, seen=observation or NO_OBSERVATION, source="model")


def _one_line(text: object) -> str:
    """A text that can be stored and shown in a list; empty for what is no text."""
    if not isinstance(text, str):
        return ""
    return " ".join(text.encode(errors="replace").decode().split())


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    """An object with these properties and no others, as strict mode wants it."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
