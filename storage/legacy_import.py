"""Read the conversations of openai-images-mcp 4.x: one JSON file each, written as they went.

Such a file holds `conversation_id`, `created_at` (often null), `updated_at`, `messages` and
`metadata`. The messages are nearly all the server's questions with their `stage`; what the
person said is in the metadata: `original_prompt`, `dialogue_responses` by stage,
`enhanced_prompt`, `dialogue_mode`. So are the `generated_images`, each with `path`,
`timestamp`, `size` as it was asked for, and `prompt_used`. Times are local, without a zone.
(Read off its source, version of October 2025.)
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image as Pixels

from errors import StorageError
from storage.export import write
from storage.export_format import FORMAT, VERSION
from storage.stamps import now, title_of

LEGACY_FOLDER = Path("~/.openai-images-mcp/conversations")
"""Where that server wrote its files, and beside them its pictures."""
MODES = {"quick", "guided", "explorer", "skip"}
MODEL = "gpt-image-1"
"""The only one that it drew with."""
LONGEST_TITLE = 80
"""As this server titles a conversation by its first words."""
LARGEST_FILE = 100 * 2**20
"""Bytes of a picture that is read: more than that server ever wrote."""

Row = dict[str, Any]

UNKNOWN: Row = {
    "width": 0, "height": 0, "bytes": 0, "has_alpha": False, "sha256": "", "format": "",
}  # fmt: skip


@dataclass(frozen=True)
class LegacyDialogue:
    """What an older file says: its questions, in order, and the answers by their stage."""

    words: list[str]
    questions: list[tuple[str, str]]
    answers: dict[str, str]
    enhanced: str


def convert_legacy(text: str, *, images_dir: Path | None = None) -> str:
    """An older file as an export, for `import_document`. Raises `StorageError` for what is none.

    Only pictures in `images_dir` or the older server's own folder are opened, to read their
    size; of others the path is kept as it is. Ids follow from the older ones, so that a
    second import of the same file finds the conversation there already.
    """
    file = _parse(text)
    old = _text(file.get("conversation_id")) or hashlib.sha256(text.encode()).hexdigest()
    about = _object(file.get("metadata"))
    dialogue = _dialogue_of(_objects(file.get("messages")), about)
    start, end = _span(file, about)
    folders = [LEGACY_FOLDER.expanduser().parent, *([images_dir] if images_dir else [])]
    jobs, images = _pictures(old, _objects(about.get("generated_images")), start, folders)
    mode = _text(about.get("dialogue_mode")).lower()
    title = title_of(dialogue.words[0], LONGEST_TITLE) if dialogue.words else ""
    return write(
        {
            "format": FORMAT,
            "version": VERSION,
            "conversation": {
                "id": f"conv_{_mint(old)}",
                "title": title,
                "mode": mode if mode in MODES else "guided",
                "created_at": start,
                "changed_at": end,
            },
            **_dialogue_rows(dialogue, start),
            "jobs": jobs,
            "images": images,
            "spending": [],
        }
    )


def _parse(text: str) -> Row:
    try:
        file = json.loads(text)
        json.dumps(file, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        file = None
    if not isinstance(file, dict) or not {"messages", "metadata"} & file.keys():
        raise StorageError(
            "This is no conversation of openai-images-mcp 4.x: such a file is a JSON object with "
            "'messages' and 'metadata'. Nothing was taken in from it; leave it out."
        )
    return file


def _dialogue_of(messages: list[Row], about: Row) -> LegacyDialogue:
    words = [_text(one.get("content")) for one in messages if one.get("role") == "user"]
    first = _text(about.get("original_prompt"))
    questions = [
        (_text(one.get("stage")), _text(one.get("content")))
        for one in messages
        if one.get("role") == "assistant" and _text(one.get("stage"))
    ]
    answers = _object(about.get("dialogue_responses"))
    texts = {stage: _text(answer) for stage, answer in answers.items() if _text(answer)}
    stages = {stage for stage, _ in questions}
    unasked = [(stage, stage) for stage in texts if stage not in stages]
    return LegacyDialogue(
        words=[one for one in dict.fromkeys([first, *words]) if one],
        questions=list(dict.fromkeys([*questions, *unasked])),
        answers=texts,
        enhanced=_text(about.get("enhanced_prompt")),
    )


def _dialogue_rows(dialogue: LegacyDialogue, start: str) -> dict[str, list[Row]]:
    """The first turn is the request, the last one the answers: the older file keeps no order."""
    labels = {stage: f"q{number}" for number, (stage, _) in enumerate(dialogue.questions, start=1)}
    answers = [
        {"question_id": labels[stage], "answer": answer}
        for stage, answer in dialogue.answers.items()
    ]
    last = len(dialogue.words) + bool(answers)
    turns: list[Row] = [{"words": words} for words in dialogue.words]
    turns += [{"words": "", "answers_given": answers}] if answers else []
    return {
        "turns": [
            {"reply": None, "number": number, "created_at": start, **turn}
            for number, turn in enumerate(turns, start=1)
        ],
        "questions": [
            {"turn_number": 1, "number": number, "dimension": stage, "text": words, "why": "",
             "options": [], "default": ""}
            for number, (stage, words) in enumerate(dialogue.questions, start=1)
        ],
        "answers": [
            {"turn_number": last, "question": one["question_id"], "text": one["answer"]}
            for one in answers
        ],
        "briefs": _briefs(dialogue, labels, last),
    }  # fmt: skip


def _briefs(dialogue: LegacyDialogue, labels: dict[str, str], turn: int) -> list[Row]:
    """The enhanced prompt: the request in its own words, then what fixed rules added to it."""
    if not dialogue.enhanced:
        return []
    words = dialogue.words[0] if dialogue.words else ""
    request = words if dialogue.enhanced.startswith(words) else ""
    phrases: list[Row] = [
        {"text": request, "source": "said", "ref": "m1"},
        {"text": dialogue.enhanced.removeprefix(request), "source": "template", "ref": None},
    ]
    entries = [
        {"dimension": stage, "value": answer, "source": "chosen", "ref": labels[stage]}
        for stage, answer in dialogue.answers.items()
    ]
    return [
        {"turn_number": turn, "entries": entries, "completeness": 0, "suggested": {},
         "phrases": [phrase for phrase in phrases if phrase["text"]]}
    ]  # fmt: skip


def _pictures(
    old: str, entries: list[Row], start: str, folders: Sequence[Path]
) -> tuple[list[Row], list[Row]]:
    jobs, images = [], []
    for number, one in enumerate(entries, start=1):
        mark = _mint(f"{old}/{number}")
        path = _text(one.get("path")) or _text(one.get("filename"))
        prompt, at = _text(one.get("prompt_used")), _moment(one.get("timestamp")) or start
        options = {"image_model": MODEL, "assistant_model": "", "quality": "auto",
                   "background": "auto", "output_format": "png",
                   "size": _text(one.get("size")) or "auto"}  # fmt: skip
        jobs.append(
            {"id": f"job_{mark}", "state": "kept", "prompt": prompt, "options": options,
             "parent_image_id": None, "batch": f"call_{mark}", "created_at": at,
             "changed_at": at}
        )  # fmt: skip
        images.append(
            {"id": f"img_{mark}", "job_id": f"job_{mark}", "parent_image_id": None,
             "path": path, "prompt": prompt, "revised_prompt": "", "model": MODEL,
             "response_id": "", "verification": None, "rating": None, "created_at": at,
             **_measure(path, folders)}
        )  # fmt: skip
    return jobs, images


def _measure(path: str, folders: Sequence[Path]) -> Row:
    """What the file says of itself; zeros where it lies elsewhere, is gone, or is no picture."""
    try:
        real = Path(path).resolve()
        ours = any(real.is_relative_to(folder.resolve()) for folder in folders)
        if not ours or not real.is_file() or real.stat().st_size > LARGEST_FILE:
            return UNKNOWN
        data = real.read_bytes()
        with Pixels.open(real) as image:
            return {
                "width": image.width,
                "height": image.height,
                "bytes": len(data),
                "has_alpha": image.has_transparency_data,
                "sha256": hashlib.sha256(data).hexdigest(),
                "format": str(image.format).lower(),
            }
    except (OSError, ValueError, RuntimeError, SyntaxError, Pixels.DecompressionBombError):
        return UNKNOWN


def _span(file: Row, about: Row) -> tuple[str, str]:
    """When it was begun and last changed, as well as the file knows."""
    messages = _objects(file.get("messages"))
    stamps = [about.get("created_at"), file.get("created_at")]
    stamps += [one.get("timestamp") for one in messages]
    moments: Iterator[str] = filter(None, map(_moment, [*stamps, file.get("updated_at")]))
    start = next(moments, None) or now()
    return start, _moment(file.get("updated_at")) or start


def _moment(stamp: Any) -> str:
    """A local time as ISO 8601 in UTC, empty if it is none."""
    try:
        local = datetime.fromisoformat(str(stamp).replace("_", "T"))
        return local.astimezone(UTC).isoformat(timespec="microseconds")
    except (ValueError, OverflowError, OSError):
        return ""


def _text(value: Any) -> str:
    """Words, also where they stand in parts, as the API sends them."""
    if isinstance(value, list):
        return "\n".join(filter(None, (_text(_object(part).get("text")) for part in value)))
    return value.strip() if isinstance(value, str) else ""


def _object(value: Any) -> Row:
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[Row]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _mint(old: str) -> str:
    return hashlib.sha256(f"openai-images-mcp/{old}".encode()).hexdigest()[:16]
