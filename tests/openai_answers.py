"""Answers in the shapes and with the error sentences of real traffic, written by hand.

Each is what a recording is: `{"interactions": [{"request", "response"}]}`, with the fields that
matter and no others. They hold what the recordings of autumn 2026 showed: a finished picture
whose status still reads `generating`, a message of empty text behind it, errors in the body,
nested in a stream, and as the response's own. `test_wire` plays them to our server;
`test_sandbox_recordings` holds the sandbox against those that it knows by name.
"""

import base64
import io
from typing import Any

from PIL import Image

Json = dict[str, Any]
URL = "https://api.openai.com/v1/responses"
RESPONSE_ID = "resp_0123456789abcdef"
GET: Json = {"method": "GET", "url": f"{URL}/{RESPONSE_ID}"}
TOOL: Json = {"type": "image_generation", "quality": "low", "size": "1024x1024"}
FORMAT: Json = {
    "type": "json_schema", "name": "Answer", "strict": True,
    "schema": {
        "type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"],
        "additionalProperties": False,
    },
}  # fmt: skip


def picture(kind: str) -> str:
    """A small picture as base64."""
    target = io.BytesIO()
    Image.new("RGB", (48, 32), "teal").save(target, kind)
    return base64.b64encode(target.getvalue()).decode()


def response(*output: Json, status: str = "completed", **fields: Any) -> Json:
    """The body of a response, its usage without `tool_usage` as older ones are."""
    used = {
        "input_tokens": 54, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 13,
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 67,
    }  # fmt: skip
    return {
        "id": RESPONSE_ID, "object": "response", "created_at": 1790719463, "status": status,
        "error": None, "incomplete_details": None, "model": "gpt-5-mini-2025-08-07",
        "output": [*output], "tools": [], "usage": used, **fields,
    }  # fmt: skip


def image_call(result: str | None, status: str = "completed", form: str = "png") -> Json:
    return {
        "id": "ig_1", "type": "image_generation_call", "status": status, "size": "1024x1024",
        "quality": "low", "background": "opaque", "output_format": form, "result": result,
        "revised_prompt": "A teal rectangle.",
    }  # fmt: skip


def message(*content: Json, status: str = "completed") -> Json:
    return {"id": "msg_1", "type": "message", "role": "assistant", "status": status,
            "content": [*content]}  # fmt: skip


def text(words: str) -> Json:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": words}


def body(answer: Json, asked: Json | None = None, *, status: int = 200, **request: Any) -> Json:
    """What came as JSON, and what was sent for it."""
    sent = {"method": "POST", "url": URL, "json": asked, **request}
    return {"request": sent, "response": {"status": status, "json": answer}}


def error(
    status: int, code: str | None, words: str, param: str | None = None, *,
    model: str = "gpt-4o", kind: str = "invalid_request_error", **request: Any,
) -> Json:  # fmt: skip
    fault = {"message": words, "type": kind, "param": param, "code": code}
    return body({"error": fault}, {"model": model, "input": "Hi"}, status=status, **request)


def stream(*events: Json, asked: Json | None = None) -> Json:
    numbered = [{"sequence_number": number, **event} for number, event in enumerate(events)]
    sent = {"method": "POST", "url": URL, "json": asked}
    return {"request": sent, "response": {"status": 200, "sse": numbered}}


def item_of(index: int, step: str, item: Json) -> Json:
    return {"type": f"response.output_item.{step}", "output_index": index, "item": item}


def text_events(index: int, words: str, status: str, *, deltas: int) -> list[Json]:
    """The events of a message of one text."""
    place = {"item_id": "msg_1", "output_index": index, "content_index": 0}
    return [
        item_of(index, "added", message(status="in_progress")),
        {"type": "response.content_part.added", **place, "part": text("")},
        *[{"type": "response.output_text.delta", **place, "delta": words, "logprobs": []}] * deltas,
        {"type": "response.output_text.done", **place, "text": words, "logprobs": []},
        {"type": "response.content_part.done", **place, "part": text(words)},
        item_of(index, "done", message(text(words), status=status)),
    ]


REASONING = {"id": "rs_1", "type": "reasoning", "summary": []}


def begun(*tools: Json) -> list[Json]:
    """The events with which every stream begins."""
    opened = response(status="in_progress", usage=None, tools=[*tools])
    return [{"type": f"response.{step}", "response": opened} for step in ("created", "in_progress")]


RATE = {"code": "rate_limit_exceeded", "message": "Request too large: Limit 1, Requested 30."}
CUT: Json = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
SAID = response(message(text("A story.")))
IMAGE_EVENT = {"output_index": 1, "item_id": "ig_1"}
WEBP = image_call(picture("WEBP"), form="webp")
LOW: Json = {
    "background": "auto", "moderation": "auto", "n": 1, "output_compression": 100,
    "output_format": "png", **TOOL,
}  # fmt: skip
UNSTORED: Json = {
    "model": "gpt-5-mini", "store": False, "include": ["reasoning.encrypted_content"],
    "tools": [TOOL],
}  # fmt: skip
NO_TOKENS = {"image_tokens": 0, "text_tokens": 0}


def unstored(*output: Json, tokens: int) -> Json:
    """A response of autumn 2026 that OpenAI does not keep, with the usage of its image tool."""
    used = {
        "input_tokens": 71, "input_tokens_details": NO_TOKENS, "output_tokens": tokens,
        "output_tokens_details": NO_TOKENS, "total_tokens": 71 + tokens,
    }  # fmt: skip
    sealed = {**REASONING, "content": [], "encrypted_content": "sealed"}
    return response(
        sealed, *output, access_programs=None, billing={"payer": "developer"}, moderation=None,
        tools=[LOW | {"model": "gpt-image-2"}], store=False,
        tool_usage={"image_gen": used, "web_search": {"num_requests": 0}},
    )  # fmt: skip


def upload() -> Json:
    file = {
        "object": "file", "id": "file-1", "purpose": "user_data", "filename": "a.png", "bytes": 99,
        "created_at": 1790000000, "expires_at": None, "status": "processed",
        "status_details": None,
    }  # fmt: skip
    return body(file, url="https://api.openai.com/v1/files")


ANSWERS: dict[str, list[Json]] = {
    "text_of_autumn_2026": [
        body(
            response(
                message(text("ok")) | {"phase": "final_answer"},
                completed_at=1790000000, model="gpt-6-luna", prompt_cache_retention="24h",
                billing={"payer": "developer"}, access_programs=None, moderation=None,
                frequency_penalty=0.0, presence_penalty=0.0,
            ),
            {
                "model": "gpt-6-luna", "input": "Say ok", "max_output_tokens": 32,
                "reasoning": {"effort": "none"}, "temperature": 0, "top_p": 0.9, "store": False,
            },
        )
    ],
    "picture_not_stored": [
        body(
            unstored(
                image_call(picture("PNG")) | {"action": "generate"}, message(text("")), tokens=196
            ),
            {**UNSTORED, "input": "Draw a teal square."},
        ),
        body(
            unstored(message(text("Which colour would you like?")), tokens=0),
            {
                **UNSTORED,
                "input": [
                    {"role": "user", "content": "Draw a teal square."},
                    {**REASONING, "encrypted_content": "sealed"},
                    message({"type": "output_text", "text": "", "annotations": []}),
                    {"role": "user", "content": "Another one."},
                ],
            },
        ),
    ],
    "png_generating": [
        body(response(REASONING, image_call(picture("PNG"), "generating"), message(text(""))))
    ],
    "jpeg_alone": [body(response(image_call(picture("JPEG"))))],
    "picture_with_schema": [
        body(
            response(
                {**REASONING, "encrypted_content": "sealed"}, image_call(picture("PNG")),
                message(text('{"answer":"teal"}')), tools=[LOW], billing={"payer": "developer"},
                text={"format": {"description": None, **FORMAT}, "verbosity": "medium"},
            ),
            {
                "model": "gpt-5", "input": "Draw a teal square.", "text": {"format": FORMAT},
                "include": ["reasoning.encrypted_content"], "tools": [TOOL],
            },
        )
    ],
    "picture_stream": [
        stream(
            *begun(LOW),
            item_of(0, "added", REASONING),
            item_of(0, "done", REASONING),
            item_of(
                1, "added",
                {"id": "ig_1", "type": "image_generation_call", "status": "in_progress"},
            ),
            {"type": "response.image_generation_call.in_progress", **IMAGE_EVENT},
            {"type": "response.image_generation_call.generating", **IMAGE_EVENT},
            {
                "type": "response.image_generation_call.partial_image", **IMAGE_EVENT,
                "partial_image_index": 0, "partial_image_b64": picture("WEBP"),
            },
            {"type": "response.image_generation_call.completed", **IMAGE_EVENT},
            item_of(1, "done", WEBP),
            *text_events(2, "", "completed", deltas=0),
            {
                "type": "response.completed",
                "response": response(REASONING, WEBP, message(text("")), tools=[LOW]),
            },
        )
    ],
    "edit_with_mask": [
        upload(),
        upload(),
        body(
            response(
                image_call(picture("PNG")), message(text("")),
                tools=[LOW | {"model": "gpt-image-1-mini"}],
            ),
            {
                "model": "gpt-4o-mini",
                "tools": [
                    {
                        **TOOL, "model": "gpt-image-1-mini",
                        "input_image_mask": {"file_id": "file-2"},
                    }
                ],
                "input": [
                    {"role": "user", "content": "A sofa there."},
                    {"role": "user", "content": [{"type": "input_image", "file_id": "file-1"}]},
                ],
            },
        ),
    ],
    "png_cut": [body(response(image_call(picture("PNG")[:40])))],
    "structured_output": [
        body(
            response(
                message(text('{"answer":"teal"}')),
                text={"format": {"description": "d", **FORMAT}, "verbosity": "medium"},
            ),
            {
                "model": "gpt-4o", "input": "A colour?",
                "text": {"format": {"description": "d", **FORMAT}},
            },
        )
    ],
    "refusal": [
        body(
            response(message({"type": "refusal", "refusal": "I can't help with that."})),
            {"model": "gpt-4o", "input": "A colour?", "text": {"format": FORMAT}},
        )
    ],
    "cut_short": [
        body(
            response(message(text("Once upon"), status="incomplete"), **CUT),
            {"model": "gpt-4o", "input": "A story?", "max_output_tokens": 50},
        )
    ],
    "stream_cut_short": [
        stream(
            *begun(),
            *text_events(0, "Once upon", "incomplete", deltas=1),
            {
                "type": "response.incomplete",
                "response": response(message(text("Once upon"), status="incomplete"), **CUT),
            },
            asked={"model": "gpt-4o", "input": "A story?", "max_output_tokens": 16},
        )
    ],
    "invalid_key": [
        error(
            401, "invalid_api_key",
            "Incorrect API key provided: invalid-*****2345 You can find your API key at "
            "https://platform.openai.com/account/api-keys.",
        )
    ],
    "model_not_found": [
        error(
            400, "model_not_found",
            "The requested model 'this-model-does-not-exist-12345' does not exist.", "model",
            model="this-model-does-not-exist-12345",
        )
    ],
    "context_length": [
        error(
            400, "context_length_exceeded",
            "Your input exceeds the context window of this model. Please adjust your input and "
            "try again.", "input",
        )
    ],
    "no_schema": [
        error(
            400, "invalid_json_schema",
            "Invalid schema for response_format 'response': In context=('properties',) ...",
            "text.format.schema",
        )
    ],
    "insufficient_quota": [
        error(
            429, "insufficient_quota",
            "You exceeded your current quota, please check your plan and billing details. For "
            "more information on this error, read the docs: "
            "https://platform.openai.com/docs/guides/error-codes/api-errors.",
            kind="insufficient_quota",
        )
    ],
    "rate_limit_in_stream": [
        stream(
            *begun(),
            {"type": "error", "error": {**RATE, "type": "tokens", "param": None}},
            {
                "type": "response.failed",
                "response": response(status="failed", error=RATE, usage=None),
            },
        )
    ],
    "delete": [
        body(SAID, {"model": "gpt-4o-mini", "input": "A story?"}),
        body(SAID, **GET),
        body(
            {"id": RESPONSE_ID, "object": "response.deleted", "deleted": True},
            method="DELETE", url=GET["url"],
        ),
        error(404, None, f"Response with id '{RESPONSE_ID}' not found.", **GET),
    ],
    "background": [
        body(
            response(status="queued", background=True, usage=None),
            {"model": "gpt-4o", "input": "A story?", "background": True},
        ),
        body(response(status="in_progress", background=True, usage=None), **GET),
        body(response(message(text("A story.")), background=True), **GET),
    ],
}  # fmt: skip
"""Each by its name: what was asked in turn, and what came."""
