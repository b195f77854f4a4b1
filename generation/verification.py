"""A finished picture held against what was asked for, item by item, by a model that only looks."""

import base64
import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, OnErrorOmit

from gateway.models import answer_form, closed
from generation.variations import label_words
from prompts.wording import Wording, met_items
from storage.tables import REFERENCE

if TYPE_CHECKING:
    from prompts.template import Rendering

SCHEMA_NAME = "picture_check"

TOKENS_AT_LEAST = 2_000
"""Room for reasoning and the frame of the answer, however few items there are."""

TOKENS_PER_ITEM = 100
"""Fifteen words and a verdict take about fifty tokens; the rest leaves room for reasoning."""

MOST_DRAWN = 12
"""Items that are drawn from a prompt: what a person would look at, not each of its words."""

LONGEST_SEEN = 300
"""Characters: a sentence or two; some models describe the whole picture for each item."""

NO_FINDING = "The model said nothing about this."
NO_OBSERVATION = "The model did not say what it saw."

Verdict = Literal["met", "not_met", "cannot_tell"]

VERDICTS = {"met": "Met", "cannot_tell": "Cannot tell", "not_met": "Not met"}
"""What a verdict is called, the better one first."""


class Finding(BaseModel):
    """One item, whether the picture meets it, and what was seen by whom: a model or the code."""

    model_config = ConfigDict(frozen=True)

    item: str
    verdict: Verdict
    seen: str
    source: Literal["model", "bytes"]


class Verification(BaseModel):
    """All findings about one picture; `confidence` is the share met of the items judged, 0 to 1.

    It is None where no item could be judged; facts of the bytes are not items.
    `templates` maps the template that the model was sent to its fingerprint.
    """

    model_config = ConfigDict(frozen=True)

    findings: list[Finding]
    confidence: float | None
    model: str
    notes: list[str]
    templates: dict[str, str] = {}


AnyFinding = TypeVar("AnyFinding", bound=Finding)


class ResultFinding(Finding):
    """A finding, and the picture it is about."""

    image_id: str


class ResultVerification(BaseModel):
    """What an independent look found; `confidence` is the share met of the items that could be
    judged, 0 to 1. Findings of the source `bytes` are facts, and no part of it."""

    confidence: float | None
    findings: list[ResultFinding]
    notes: list[str]


def checklist(
    brief_entries: Sequence[Mapping[str, Any]],
    later: Sequence[str],
    image_type_checklist: Sequence[str],
) -> list[str]:
    """What to look at: each entry of the brief that is not open, then what came later, in order,
    then the type's own."""
    decisions = [
        f"{entry['dimension']}: {value}"
        for entry in brief_entries
        # What is taken of a reference stands under its aspect; nobody can look at it here.
        if entry.get("source") != "open"
        and entry["dimension"] != REFERENCE
        and (value := _one_line(entry.get("value")))
    ]
    return list(dict.fromkeys([*decisions, *map(_one_line, later), *image_type_checklist]))


def verification_request(
    items: Sequence[str], prompt: str, preview_jpeg: bytes, *, model: str, rendering: "Rendering"
) -> dict[str, Any]:
    """The body of the call. Without items the model draws its own from the prompt.

    Both travel as input, never as instructions.
    """
    numbered = [{"id": number, "text": text} for number, text in enumerate(items, start=1)]
    task = {"items": numbered} if items else {"prompt": prompt}
    words = json.dumps(task, ensure_ascii=False)
    picture = f"data:image/jpeg;base64,{base64.b64encode(preview_jpeg).decode()}"
    content = [
        {"type": "input_text", "text": words},
        {"type": "input_image", "image_url": picture, "detail": "high"},
    ]
    return {
        "model": model,
        "instructions": rendering.text,
        "input": [{"role": "user", "content": content}],
        "text": response_format("id" if items else "item"),
        "temperature": 0,
        "max_output_tokens": TOKENS_AT_LEAST + TOKENS_PER_ITEM * (len(items) or MOST_DRAWN),
        "metadata": {"templates": f"{rendering.name}@{rendering.fingerprint}"},
    }


def response_format(name: Literal["id", "item"]) -> dict[str, Any]:
    """The `text` field of the request: findings by the `id` of an item, or each with its `item`.

    `seen` comes before the verdict, so that the model looks before it judges.
    """
    finding = closed(
        {
            name: {"type": "integer" if name == "id" else "string"},
            "seen": {"type": "string"},
            "verdict": {"type": "string", "enum": list(get_args(Verdict))},
        }
    )
    schema = closed({"findings": {"type": "array", "items": finding}})
    return answer_form(SCHEMA_NAME, schema)


class _ItemLook(BaseModel):
    """An item of the answer, by its `id`, or its own `item` where the model drew the items."""

    id: int = 0
    item: str = ""
    seen: str
    verdict: Verdict


class _LookAnswer(BaseModel):
    findings: list[OnErrorOmit[_ItemLook]]


def read(text: str, items: Sequence[str]) -> list[Finding]:
    """One finding for each item, whatever else the answer holds; without items those it names.

    Of two on one item the worse counts. What cannot be read as a finding says nothing of its item.
    Raises `ValueError` where there is no list of findings.
    """
    worst: dict[int | str, _ItemLook] = {}
    for one in _LookAnswer.model_validate_json(text).findings:
        name = one.id if items else _one_line(one.item)
        both = (worst.get(name, one), one)
        worst[name] = max(both, key=lambda look: [*VERDICTS].index(look.verdict))
    if items:
        return [_finding(item, worst.get(number)) for number, item in enumerate(items, start=1)]
    own_items = [(str(item), one) for item, one in worst.items() if item]
    return [_finding(item[:LONGEST_SEEN], one) for item, one in own_items[:MOST_DRAWN]]


def _finding(item: str, look: _ItemLook | None) -> Finding:
    """One without an observation is no yes."""
    if look is None:
        return Finding(item=item, verdict="cannot_tell", seen=NO_FINDING, source="model")
    seen = _one_line(look.seen)[:LONGEST_SEEN]
    verdict = look.verdict if seen or look.verdict != "met" else "cannot_tell"
    return Finding(item=item, verdict=verdict, seen=seen or NO_OBSERVATION, source="model")


def confidence(findings: Sequence[Finding]) -> float | None:
    """The share met of the items that a model could judge, 0 to 1; None without such."""
    verdicts = [finding.verdict for finding in findings if finding.source == "model"]
    judged = [verdict for verdict in verdicts if verdict != "cannot_tell"]
    return round(judged.count("met") / len(judged), 2) if judged else None


def _one_line(text: object) -> str:
    """A text that can be stored and shown in a list; empty for what is no text."""
    if not isinstance(text, str):
        return ""
    return " ".join(text.encode(errors="replace").decode().split())


def finding_lines(verification: ResultVerification, wording: Wording) -> list[str]:
    """What a model saw of each picture, then what the bytes say, then what else is to know."""
    t = wording.translate
    findings = [in_language(one, wording) for one in verification.findings]
    verdicts = [finding.verdict for finding in findings if finding.source == "model"]
    heads = {
        "model": f"{wording.label(t('What a second look found'))} {met_items(verdicts, t)}.",
        "bytes": wording.label(t("Read from the file")),
    }
    several = len({finding.image_id for finding in findings}) > 1
    lines = []
    for source, head in heads.items():
        own = [finding for finding in findings if finding.source == source]
        lines += [head] if own else []
        if len(own) > 1 and len({finding.seen for finding in own}) == 1:
            # The same of all, such as that nobody looked, is said once.
            lines += [own[0].seen] if source == "model" and own[0].seen else []
            own = [finding.model_copy(update={"seen": ""}) for finding in own]
        for image_id, group in groupby(own, key=lambda finding: finding.image_id):
            lines += [f"{image_id}:"] if several else []
            lines += [_finding_line(one, wording) for one in group]
    return [*lines, *map(wording.note, verification.notes)]


def _finding_line(finding: Finding, wording: Wording) -> str:
    """A fact that is as it should be needs no more words."""
    is_plain = finding.source == "bytes" and finding.verdict == "met"
    seen = "" if is_plain or not finding.seen else f" ({finding.seen})"
    verdict = wording.translate(VERDICTS[finding.verdict])
    return f"- {wording.label(verdict)} {finding.item}{seen}"


def in_language(finding: AnyFinding, wording: Wording) -> AnyFinding:
    """A finding as this language says it: what a model saw stays as that put it."""
    words = {"item": item_words(finding.item, wording), "seen": wording.note(finding.seen)}
    return finding.model_copy(update=words)


def item_words(item: str, wording: Wording) -> str:
    """An item to look at: one of a type as this language says it, else with the name that its
    dimension has."""
    dimension, colon, value = item.partition(": ")
    if dimension == "change":
        return f"{wording.label(wording.translate('Changed'))} {value}"
    if (words := label_words(item, wording)) != item or not colon:
        return words
    return wording.decision(dimension, value)
