"""Two recordings of one test compared, told in sentences that a reviewer reads."""

import json
import subprocess
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from errors import Problem
from tests.matching import PROSE, distance, plain, short
from tests.tape import CASSETTES, ROOT, Call, Tape

OTHER_EACH_TIME = PROSE | {"id", "file_id", "encrypted_content", "result", "embedding"}
"""Keys whose values say nothing about a change, or are told in another way."""

ANSWERED = ("status", "model", "output", "error", "incomplete_details", "data", "deleted")
"""What of an answer is no echo of its request."""

LABELS = ("text", "dimension", "item", "name", "role", "type")
"""The keys by which an entry of a list is known, best first."""

NAMED = {"questions_left": "the question budget", "previous_response_id": "the earlier response"}
USAGE = {
    "tokens in": ("usage", "input_tokens"),
    "tokens out": ("usage", "output_tokens"),
    "picture tokens in": ("tool_usage", "image_gen", "input_tokens"),
    "picture tokens out": ("tool_usage", "image_gen", "output_tokens"),
}


def find(given: Path) -> Path:
    """A recording by its file, or by the name of its test. Raises `Problem`."""
    if given.is_file():
        return given.resolve()
    known = {path.stem: path for path in sorted(CASSETTES.rglob("*.yaml"))}
    if path := known.get(str(given)):
        return path
    near = get_close_matches(given.stem, known, 1, 0.4)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise Problem(f"There is no recording {given}.{hint}")


def committed(path: Path) -> Tape:
    """A recording as git has it in HEAD. Raises `Problem` where it has none."""
    if not path.is_relative_to(ROOT):
        raise Problem(f"{path.name} is in no repository; name a second recording to compare with.")
    place = path.relative_to(ROOT).as_posix()
    asked = ["git", "show", f"HEAD:./{place}"]
    shown = subprocess.run(asked, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    if shown.returncode:
        raise Problem(f"git has no earlier recording {place} to compare with.")
    return Tape(path.stem, shown.stdout)


def compare(then: Tape, now: Tape) -> list[str]:
    """How two recordings differ, a sentence for each thing that does."""
    told = [*_whence(then, now), *_templates(then, now)]
    if len(then.calls) != len(now.calls):
        told.append(f"The test makes {_calls(len(now.calls))} instead of {len(then.calls)}.")
    old = list(then.calls)
    for number, call in enumerate(now.calls, start=1):
        which = f"Call {number} of {len(now.calls)} ({call.told})"
        alike = [one for one in old if one.told == call.told]
        if not alike:
            told.append(f"{which} is new.")
            continue
        before = min(alike, key=lambda one: distance(one.asked, call.asked))
        old.remove(before)
        if changes := [*_changes(before, call)]:
            told.append(f"{which}: {'; '.join(changes)}.")
    told += [f"A call ({call.told}) is gone." for call in old]
    return told or ["Both say the same; ids, dates and pictures aside."]


def _whence(then: Tape, now: Tape) -> Iterator[str]:
    before, after = then.data["recorded"], now.data["recorded"]
    for key, words in {"origin": "It came from", "sdk": "It was recorded by"}.items():
        if before[key] != after[key]:
            yield f"{words} {before[key]} and now {after[key]}."


def _templates(then: Tape, now: Tape) -> Iterator[str]:
    for name in sorted(then.templates | now.templates):
        before, after = then.templates.get(name, set()), now.templates.get(name, set())
        if not before:
            yield f"The template {name} is new to it."
        elif not after:
            yield f"The template {name} is no longer part of it."
        elif before != after:
            yield f"The template {name} changed ({_marks(before)} -> {_marks(after)})."


def _changes(then: Call, now: Call) -> Iterator[str]:
    yield from _tell(_readable(then.asked), _readable(now.asked), [])
    if then.status != now.status:
        yield f"the answer has HTTP status {now.status} instead of {then.status}"
    before, after = _answer(then), _answer(now)
    yield from _tell(before, after, ["the answer's"])
    for kind in sorted(then.streamed | now.streamed):
        if then.streamed[kind] != now.streamed[kind] and not kind.endswith(".delta"):
            told = kind.removeprefix("response.")
            yield f"the stream has {now.streamed[kind]} {told} instead of {then.streamed[kind]}"
    usage = [
        f"{_at(then.answered, keys)} -> {_at(now.answered, keys)} {words}"
        for words, keys in USAGE.items()
        if _at(then.answered, keys) != _at(now.answered, keys)
    ]
    if usage:
        yield f"usage {', '.join(usage)}"


def _tell(then: Any, now: Any, where: list[str]) -> Iterator[str]:
    if isinstance(then, dict) and isinstance(now, dict):
        for key in [*then, *(key for key in now if key not in then)]:
            yield from _tell(then.get(key), now.get(key), [*where, NAMED.get(key, key)])
    elif isinstance(then, list) and isinstance(now, list):
        yield from _tell_list(_labelled(then), _labelled(now), where)
    elif then != now:
        place = " ".join(where[-1:] if where[-1] in NAMED.values() else where)
        if then is None:
            yield f"{place} is new: {short(now)}"
        elif now is None:
            yield f"{place} is gone, it was {short(then)}"
        else:
            yield f"{place} went from {short(then)} to {short(now)}"


def _tell_list(then: dict[str, Any], now: dict[str, Any], where: list[str]) -> Iterator[str]:
    gone, new = [one for one in then if one not in now], [one for one in now if one not in then]
    if len(gone) == len(new) == 1 and len(then) == 1:
        yield from _tell(then[gone[0]], now[new[0]], where)
        return
    changes = [f"{short(one)} is gone" for one in gone] + [f"{short(one)} is new" for one in new]
    if changes:
        count = f" are {len(now)} instead of {len(then)}" if len(then) != len(now) else ""
        yield f"{' '.join(where)}{count}: {', '.join(changes)}"
    for label, one in then.items():
        if label in now:
            yield from _tell(one, now[label], [*where, *([repr(label)] if len(then) > 1 else [])])


def _labelled(entries: list[Any]) -> dict[str, Any]:
    """The entries of a list by what they are known by; those known by the same, by number too."""
    found: dict[str, Any] = {}
    for entry in entries:
        keys = [key for key in LABELS if key in entry] if isinstance(entry, dict) else []
        label = str(entry[keys[0]] if keys else entry)
        while label in found:
            label += " again"
        found[label] = entry
    return found


def _readable(value: Any) -> Any:
    """Data without what is other each time; JSON within a text as data, pictures by format."""
    if isinstance(value, dict):
        kept = {key: _readable(one) for key, one in value.items() if key not in OTHER_EACH_TIME}
        if "previous_response_id" in kept:
            kept["previous_response_id"] = kept["previous_response_id"] and "given"
        return kept
    if isinstance(value, list):
        return [_readable(one) for one in value]
    if isinstance(value, str) and value.startswith("{"):
        try:
            return _readable(json.loads(value))
        except ValueError:
            return value
    return plain(value)


def _answer(call: Call) -> Any:
    """What the answer says: of a model's message its text alone, as data where it is."""
    said = _readable({key: call.answered[key] for key in ANSWERED if key in call.answered})
    items = [item for item in said.get("output") or [] if item["type"] != "reasoning"]
    texts = [part.get("text") for item in items for part in item.get("content", [])]
    said["output"] = [item for item in items if item["type"] != "message"]
    for text in filter(None, texts):
        said |= text if isinstance(text, dict) else {"words": text}
    return said


def _at(answered: Any, keys: tuple[str, ...]) -> int:
    for key in keys:
        answered = (answered or {}).get(key)
    return int(answered or 0)


def _marks(fingerprints: set[str]) -> str:
    return " ".join(sorted(mark[:4] for mark in fingerprints))


def _calls(number: int) -> str:
    return "1 call" if number == 1 else f"{number} calls"
