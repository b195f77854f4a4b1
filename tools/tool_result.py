"""Turn what a call brought into what MCP clients read.

Some clients show the model only the text of a result, others only its structured content, so
each says everything.
"""

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING

import mcp.types as mt
from fastmcp.tools import ToolResult
from pydantic import BaseModel

from app import App
from errors import Charged, Problem, ProblemKind
from receipt import Receipt

if TYPE_CHECKING:
    from consultation.consultation_result import Consultation
    from generation.drawing import DrawingResult
    from workflow import Outcome

LARGEST_BYTES = 900_000
"""Of a whole result; clients refuse more. A preview that would pass it is left out."""


class ErrorDetails(BaseModel):
    """What a program can branch on in an error result; `retry_after` is in seconds.

    `code` is left out where there is none.
    """

    kind: ProblemKind
    code: str = ""
    charged: Charged
    retry_after: float | None
    next_step: str


class ErrorResult(BaseModel):
    """A call that failed: the same words that its text has, and what programs branch on."""

    error: ErrorDetails
    message: str
    conversation_id: str = ""


def error_result(problem: Problem, receipt: Receipt) -> ToolResult:
    """The result of a call that failed, and what it cost, or may have: each says so."""
    text = problem.text(receipt.charged, spent=receipt.usd or (None if receipt.booked else 0.0))
    charged = "yes" if receipt.booked else problem.charged or receipt.charged
    result = ErrorResult(
        error=ErrorDetails(
            kind=problem.kind,
            code=problem.code,
            charged=charged,
            retry_after=problem.retry_after,
            next_step=problem.next_step,
        ),
        message=text,
        conversation_id=problem.conversation_id or "",
    )
    return ToolResult(
        content=[mt.TextContent(type="text", text=text)],
        structured_content=result.model_dump(mode="json", exclude_defaults=True),
        is_error=True,
    )


def bug(tool: str) -> Problem:
    """What is said of a failure that nobody foresaw; its own text stays in the log."""
    return Problem(
        f"{tool} failed in a way that this server did not expect; its log says more.",
        "Make the same call again; if it fails again, report it with what `image-consultant "
        "doctor` prints.",
        kind="unknown",
    )


def build_result(
    result: BaseModel,
    text: str,
    preview: bytes | None = None,
    links: Sequence[mt.ResourceLink] = (),
) -> ToolResult:
    """A tool's result: all of it in words, all of it as data, a JPEG to look at, and links."""
    content: list[mt.ContentBlock] = [mt.TextContent(type="text", text=text)]
    # On the wire the text is quoted, so it grows; twice its length is more than was ever met.
    size = 2 * len(text.encode()) + len(result.model_dump_json())
    if preview is not None and size + len(preview) * 4 // 3 < LARGEST_BYTES:
        encoded = base64.b64encode(preview).decode()
        content.append(mt.ImageContent(type="image", data=encoded, mime_type="image/jpeg"))
    content += links
    return ToolResult(content=content, structured_content=result.model_dump(mode="json"))


def outcome_result(app: App, outcome: "Outcome") -> ToolResult:
    """The result of a call for pictures: questions to the person, or what was drawn."""
    from consultation.consultation_result import Consultation

    if isinstance(outcome, Consultation):
        return consultation_result(app, outcome)
    return _image_result(app, outcome)


def consultation_result(app: App, consultation: "Consultation") -> ToolResult:
    """The result of a turn of the dialogue."""
    from consultation.consultation_text import as_text

    consultation.notes += app.news()
    wording = app.prompt_store.wording(consultation.language)
    return build_result(consultation, as_text(consultation, wording))


def _image_result(app: App, outcome: "DrawingResult") -> ToolResult:
    from generation.image_result import as_text

    result = outcome.result
    wording = app.prompt_store.wording(outcome.conversation.language or "en")
    result.notes += app.news()
    links = [
        mt.ResourceLink(
            type="resource_link",
            uri=image.uri,
            name=image.image_id,
            mime_type=image.mime_type,
            size=image.bytes,
        )
        for image in result.images
    ]
    return build_result(result, as_text(result, wording), outcome.preview, links)
