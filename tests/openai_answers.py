"""Answers in the shapes and with the error sentences of real traffic, written by hand.

Each is what a recording is: `{"interactions": [{"request", "response"}]}`. They hold what the
recordings of autumn 2026 showed: a finished picture whose status still reads `generating`, a
message of empty text behind it, no `tool_usage`, errors in the body, nested in a stream, and
as the response's own.
"""

import base64
import io
from typing import Any

from PIL import Image

Json = dict[str, Any]
URL = "https://api.openai.com/v1/responses"
RESPONSE_ID = "resp_0123456789abcdef"


def picture(kind: str) -> str:
    """A small picture as base64."""
    target = io.BytesIO()
    Image.new("RGB", (48, 32), "teal").save(target, kind)
    return base64.b64encode(target.getvalue()).decode()


def response(*output: Json, status: str = "completed", **fields: Any) -> Json:
    """The body of a response, its usage without `tool_usage` as older ones are."""
    tool = {"type": "image_generation", "size": "auto", "quality": "low", "output_format": "png"}
    return {
        "id": RESPONSE_ID,
        "object": "response",
        "created_at": 1790719463,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": "gpt-5-mini-2025-08-07",
        "output": [*output],
        "tools": [tool],
        "usage": {
            "input_tokens": 54,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 13,
            "total_tokens": 67,
        },
        **fields,
    }


def image_call(result: str | None, status: str = "completed") -> Json:
    return {
        "id": "ig_1", "type": "image_generation_call", "status": status, "size": "1024x1024",
        "quality": "low", "background": "opaque", "output_format": "png", "result": result,
        "revised_prompt": "A teal rectangle.",
    }  # fmt: skip


def message(*content: Json) -> Json:
    return {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
            "content": [*content]}  # fmt: skip


def text(words: str) -> Json:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": words}


def body(answer: Json, status: int = 200, method: str = "POST", url: str = URL) -> Json:
    return {
        "request": {"method": method, "url": url},
        "response": {"status": status, "json": answer},
    }


def error(status: int, code: str | None, words: str, param: str | None = None) -> Json:
    fault = {"message": words, "type": "invalid_request_error", "param": param, "code": code}
    return body({"error": fault}, status)


def stream(*events: Json) -> Json:
    numbered = [{"sequence_number": number, **event} for number, event in enumerate(events)]
    return {"request": {"method": "POST", "url": URL}, "response": {"status": 200, "sse": numbered}}


REASONING = {"id": "rs_1", "type": "reasoning", "content": [], "summary": []}
OPENED = response(status="in_progress", usage=None)
RATE = {"code": "rate_limit_exceeded", "message": "Request too large: Limit 1, Requested 30."}
GET = {"method": "GET", "url": f"{URL}/{RESPONSE_ID}"}

ANSWERS: dict[str, list[Json]] = {
    "png_generating": [
        body(response(REASONING, image_call(picture("PNG"), "generating"), message(text(""))))
    ],
    "jpeg_alone": [body(response(image_call(picture("JPEG"))))],
    "webp_stream": [
        stream(
            {"type": "response.created", "response": OPENED},
            {"type": "response.in_progress", "response": OPENED},
            {"type": "response.output_item.done", "output_index": 0, "item": REASONING},
            {"type": "response.image_generation_call.generating", "item_id": "ig_1"},
            {
                "type": "response.image_generation_call.partial_image",
                "item_id": "ig_1",
                "partial_image_index": 0,
                "partial_image_b64": picture("WEBP"),
            },
            {"type": "response.image_generation_call.completed", "item_id": "ig_1"},
            {
                "type": "response.output_item.done",
                "output_index": 1,
                "item": image_call(picture("WEBP")),
            },
            {
                "type": "response.completed",
                "response": response(REASONING, image_call(picture("WEBP"))),
            },
        )
    ],
    "png_cut": [body(response(image_call(picture("PNG")[:40])))],
    "text_instead": [body(response(message(text("Which colour would you like?"))))],
    "incomplete": [
        body(
            response(
                message(text("Once upon")),
                status="incomplete",
                incomplete_details={"reason": "max_output_tokens"},
            )
        )
    ],
    "refusal": [body(response(message({"type": "refusal", "refusal": "I can't help with that."})))],
    "wrong_key": [
        error(401, "invalid_api_key", "Incorrect API key provided: invalid-*****2345. You can ...")
    ],
    "no_model": [
        error(400, "model_not_found", "The requested model 'none' does not exist.", "model")
    ],
    "too_long": [
        error(
            400,
            "context_length_exceeded",
            "Your input exceeds the context window of this model. Please adjust your input.",
            "input",
        )
    ],
    "no_schema": [
        error(
            400,
            "invalid_json_schema",
            "Invalid schema for response_format 'response': In context=('properties',) ...",
            "text.format.schema",
        )
    ],
    "no_money": [
        error(
            429,
            "insufficient_quota",
            "You exceeded your current quota, please check your plan and billing details.",
        )
    ],
    "rate_in_stream": [
        stream(
            {"type": "response.created", "response": OPENED},
            {"type": "error", "error": {**RATE, "type": "tokens", "param": None}},
            {"type": "response.failed", "response": response(status="failed", error=RATE)},
        )
    ],
    "gone": [
        body(response(message(text("A story.")))),
        {
            "request": GET,
            "response": {
                "status": 404,
                "json": {
                    "error": {
                        "message": f"Response with id '{RESPONSE_ID}' not found.",
                        "type": "invalid_request_error",
                        "param": None,
                        "code": None,
                    }
                },
            },
        },
    ],
    "background": [
        body(response(status="queued", background=True)),
        {"request": GET, "response": {"status": 200, "json": response(status="in_progress")}},
        {
            "request": GET,
            "response": {"status": 200, "json": response(message(text("A story.")))},
        },
    ],
}
"""Each by its name: what was asked in turn, and what came."""
