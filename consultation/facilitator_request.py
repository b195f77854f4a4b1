"""The request for one facilitator turn, built from the record alone, with its pictures; its price.

The order keeps the prefix stable, so that OpenAI's prompt cache hits: instructions that
are the same in every conversation, then the dialogue as it grew, then the state.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

from consultation.preferences import Preference
from consultation.transcript import ConsultationError, Transcript, brief_entry, timeline_of
from consultation.turn import response_format
from gateway.client import Gateway, Reply
from gateway.prices import Charge
from prompts.image_type import ImageType
from prompts.template import Rendering
from storage.input_files import InputFiles
from storage.records import Records
from storage.spending import booking, charge_rows
from storage.tables import Conversation, Turn
from styles.style_use import STYLE

TEMPLATE, STYLES = "consultation/facilitator", "consultation/styles"

MOST_TOKENS, MORE_TOKENS = 8_000, 16_000
"""Tokens of one answer, and of a second try where the first was cut off or empty. A turn
takes about a thousand; the rest is for a model that reasons in the same budget."""

SHORT_FORM = ("reply", "questions")
NEWEST_FORM = (
    "language",
    "title",
    "image_type",
    "reply",
    "brief",
    "questions",
    "prompt",
    "lettering",
)
"""What a model sees again of its own turns: of the newest what it has to keep, of the
others what was said and asked."""

TEMPERATURE = 0.3
"""Enough for questions and prose that do not repeat, too little to stray from what was said."""

MOST_REFERENCES = 4
"""At once: each is sent again in every turn."""


def turn_request(
    conversation: Conversation,
    *,
    model: str,
    instructions: Rendering,
    templates: dict[str, str],
    addition: str = "",
    state: dict[str, Any],
    input_files: InputFiles,
    answer: dict[str, Any] | None = None,
    temperature: float = TEMPERATURE,
) -> dict[str, Any]:
    """The body of the call. The person's words travel as input, never as instructions.

    `addition` follows the instructions where a dialogue has more than words. `answer` is the form
    of what is asked for, a facilitator's turn unless it is given.
    """
    facts = json.dumps(state, ensure_ascii=False, separators=(",", ":"))
    return {
        "model": model,
        "instructions": f"{instructions.text}{addition}",
        "input": [
            *dialogue(conversation, input_files),
            {"role": "developer", "content": facts},
        ],
        "text": answer or response_format(),
        "temperature": temperature,
        "max_output_tokens": MOST_TOKENS,
        "prompt_cache_key": f"{instructions.name}@{instructions.fingerprint}",
        "metadata": {
            "conversation": conversation.id,
            "templates": " ".join(f"{name}@{mark}" for name, mark in templates.items()),
        },
    }


def build_state(
    conversation: Conversation,
    transcript: Transcript,
    types: Mapping[str, ImageType],
    preferences: Sequence[Preference],
    dislikes: Sequence[str],
) -> dict[str, Any]:
    """Where the dialogue stands, and the types: all by a line at first, later the one."""
    waiting = transcript.open_questions(transcript.brief)
    state: dict[str, Any] = {
        "mode": conversation.mode,
        "questions_left": transcript.left,
        "finish": transcript.finish,
        "open_questions": [{"id": put.id, "dimension": put.dimension} for put in waiting],
    }
    if transcript.answers:
        state["answers"] = dict(transcript.answers)
    if known := types.get(conversation.image_type):
        state["image_type"] = known.details(conversation.language)
    else:
        state["image_types"] = [one.summary() for one in types.values()]
    if transcript.styles:
        for told in (*state.get("image_types", ()), state.get("image_type", {})):
            told.get("dimensions", {}).pop(STYLE, None)  # what is chosen is not asked
        state["styles"] = [
            {"id": use.ref, "degree": use.step.degree, **use.lines} for use in transcript.styles
        ]
    if preferences:
        state["preferences"] = [preference._asdict() for preference in preferences]
    if dislikes:
        state["dislikes"] = list(dislikes)
    return state


def dialogue(conversation: Conversation, input_files: InputFiles) -> list[dict[str, Any]]:
    """The turns so far as input items: the person's messages, then the facilitator's turn."""
    items: list[dict[str, Any]] = []
    newest = max((t.number for t in conversation.turns if t.reply), default=0)
    for turn in conversation.turns:
        items += _messages(turn, input_files)
        if turn.reply:
            form = NEWEST_FORM if turn.number == newest else SHORT_FORM
            shown = {name: turn.reply[name] for name in form if name in turn.reply}
            if "brief" in shown:
                shown["brief"] = [brief_entry(row).model_dump() for row in shown["brief"]]
            items.append({"role": "assistant", "content": json.dumps(shown, ensure_ascii=False)})
    return items


def _messages(turn: Turn, input_files: InputFiles) -> list[dict[str, Any]]:
    """An item for each message of a turn; its pictures come with the last."""
    contents: list[list[dict[str, Any]]] = [
        [{"type": "input_text", "text": text}] for text, _ in timeline_of(turn)
    ]
    if pictures := reference_parts(turn, input_files):
        if not contents:
            contents.append([])
        contents[-1] += pictures
    return [{"role": "user", "content": content} for content in contents]


async def take_references(
    given: Sequence[str], conversation: Conversation, inputs: InputFiles, records: Records
) -> list[dict[str, str]]:
    """Keep small copies of the pictures that came with a message.

    `given` are paths or image ids. Each becomes r1, r2, ... in its conversation. Raises
    a `Problem` for what cannot be used, before anything is sent.
    """
    before = sum(len(turn.pictures) for turn in conversation.turns)
    if len(given) > MOST_REFERENCES:
        most = f"at most {MOST_REFERENCES} pictures at once"
        raise ConsultationError(f"reference_images takes {most}.")
    references = []
    for number, name in enumerate(given, start=before + 1):
        file = await inputs.copy(name, records)
        references.append({"id": f"r{number}", "given": name, "file": file})
    return references


def reference_parts(turn: Turn, inputs: InputFiles) -> list[dict[str, Any]]:
    """The pictures of a turn as parts of its message, each behind its id."""
    parts: list[dict[str, Any]] = []
    for reference in turn.pictures:
        parts.append({"type": "input_text", "text": json.dumps({"reference": reference["id"]})})
        data = inputs.read_copy(reference["file"])
        if data is not None:
            encoded = base64.b64encode(data).decode()
            parts.append(
                {
                    "type": "input_image",
                    "image_url": f"data:image/jpeg;base64,{encoded}",
                    "detail": "auto",
                }
            )
    return parts


async def ask(
    request: dict[str, Any], conversation_id: str, gateway: Gateway, records: Records
) -> Reply:
    """The answer to a request. Raises `GatewayError`; what failed attempts cost is kept, too."""

    async def bill(charges: list[Charge]) -> None:
        rows = charge_rows(conversation_id, charges, sandbox=gateway.origin == "sandbox")
        await records.ledger.book(*rows)

    reply = await gateway.talk(request, bill)
    row = booking(conversation_id, "consultation", **reply.as_booking)
    await records.ledger.book(row)
    return reply
