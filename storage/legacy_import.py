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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PIL import Image as Pixels

from errors import StorageError
from storage.export import write
from storage.export_format import FORMAT, VERSION
from storage.records import LONGEST_FIRST_TITLE
from storage.stamps import now, title_of

LEGACY_FOLDER = Path("~/.openai-images-mcp/conversations")
"""Where that server wrote its files, and beside them its pictures."""
MODES = {"quick", "guided", "explorer", "skip"}
MODEL = "gpt-image-1"
"""The only one that it drew with."""
LARGEST_FILE = 100 * 2**20
"""Bytes of a picture that is read: more than that server ever wrote."""

Row = dict[str, Any]

UNKNOWN: Row = {
    "width": 0, "height": 0, "bytes": 0, "has_alpha": False, "sha256": "", "format": "",
}  # fmt: skip


def convert_legacy(text: str, *, images_dir: Path | None = None) -> str:
    """An older file as an export, for `import_document`. Raises `StorageError` for what is none.

    Only pictures in `images_dir` or the older server's own folder are opened, to read their
    size; of others the path is kept as it is. Ids follow from the older ones, so that a
    second import of the same file finds the conversation there already.
    """
    file = _parse(text)
    old = _text(file.get("conversation_id")) or hashlib.sha256(text.encode()).hexdigest()
    about = _object(file.get("metadata"))
    messages = _objects(file.get("messages"))
    start, end = _span(file, messages, about)
    folders = [LEGACY_FOLDER.expanduser().parent, *([images_dir] if images_dir else [])]
    jobs, images = _pictures(old, _objects(about.get("generated_images")), start, folders)
    mode = _text(about.get("dialogue_mode")).lower()
    words = _words(messages, about)
    return write(
        {
            "format": FORMAT,
            "version": VERSION,
            "conversation": {
                "id": f"conv_{_mint(old)}",
                "title": title_of(words[0], LONGEST_FIRST_TITLE) if words else "",
                "mode": mode if mode in MODES else "guided",
                "created_at": start,
                "changed_at": end,
            },
            **_dialogue_rows(words, messages, about, start),
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


def _words(messages: list[Row], about: Row) -> list[str]:
    said = [_text(one.get("content")) for one in messages if one.get("role") == "user"]
    return [one for one in dict.fromkeys([_text(about.get("original_prompt")), *said]) if one]


def _dialogue_rows(
    words: list[str], messages: list[Row], about: Row, start: str
) -> dict[str, list[Row]]:
    """The first turn is the request, the last one the answers: the older file keeps no order."""
    given = _object(about.get("dialogue_responses"))
    answers = {stage: _text(answer) for stage, answer in given.items() if _text(answer)}
    asked = {
        _text(one.get("stage")): _text(one.get("content"))
        for one in messages
        if one.get("role") == "assistant" and _text(one.get("stage"))
    }
    questions = asked | {stage: stage for stage in answers if stage not in asked}
    labels = {stage: f"q{number}" for number, stage in enumerate(questions, start=1)}
    turns: list[Row] = [{"words": one, "answers_given": []} for one in words]
    if answers:
        rows = [{"question_id": labels[stage], "answer": text} for stage, text in answers.items()]
        turns.append({"words": "", "answers_given": rows})
    return {
        "turns": [
            {"reply": None, "number": number, "created_at": start, **turn}
            for number, turn in enumerate(turns, start=1)
        ],
        "questions": [
            {"turn_number": 1, "number": number, "dimension": stage, "text": text, "why": "",
             "options": [], "default": ""}
            for number, (stage, text) in enumerate(questions.items(), start=1)
        ],
        "answers": [
            {"turn_number": len(turns), "question": labels[stage], "text": text}
            for stage, text in answers.items()
        ],
        "briefs": [
            {"turn_number": len(turns), "completeness": 0, "suggested": {},
             "phrases": _phrases(_text(about.get("enhanced_prompt")), words),
             "entries": [
                {"dimension": stage, "value": text, "source": "chosen", "ref": labels[stage]}
                for stage, text in answers.items()
             ]}
        ] if _text(about.get("enhanced_prompt")) else [],
    }  # fmt: skip


def _phrases(enhanced: str, words: list[str]) -> list[Row]:
    """The request in its own words, then what fixed rules added to it."""
    request = words[0] if words and enhanced.startswith(words[0]) else ""
    phrases: list[Row] = [
        {"text": request, "source": "said", "ref": "m1"},
        {"text": enhanced.removeprefix(request), "source": "template", "ref": None},
    ]
    return [phrase for phrase in phrases if phrase["text"]]


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


def _span(file: Row, messages: list[Row], about: Row) -> tuple[str, str]:
    """When it was begun and last changed, as well as the file knows."""
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
