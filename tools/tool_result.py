"""Turn what a call brought into what MCP clients read.

Some clients show the model only the text of a result, others only its structured content, so
each says everything.
"""

import base64
from typing import TYPE_CHECKING

import mcp.types as mt
from fastmcp.tools import ToolResult
from pydantic import BaseModel

from app import App
from workflow import Outcome, Questions

if TYPE_CHECKING:
    from consultation.consultation_result import Consultation
    from generation.image_result import ImageResult

LARGEST_BYTES = 900_000
"""Of a whole result; clients refuse more. A preview that would pass it is left out."""


def build_result(result: BaseModel, text: str, preview: bytes | None = None) -> ToolResult:
    """A tool's result: all of it in words, all of it as data, and a JPEG to look at."""
    content: list[mt.ContentBlock] = [mt.TextContent(type="text", text=text)]
    # On the wire the text is quoted, so it grows; twice its length is more than was ever met.
    size = 2 * len(text.encode()) + len(result.model_dump_json())
    if preview is not None and size + len(preview) * 4 // 3 < LARGEST_BYTES:
        encoded = base64.b64encode(preview).decode()
        content.append(mt.ImageContent(type="image", data=encoded, mime_type="image/jpeg"))
    return ToolResult(content=content, structured_content=result.model_dump(mode="json"))


def outcome_result(app: App, outcome: Outcome) -> ToolResult:
    """The result of a call for pictures: questions to the person, or what was drawn."""
    if isinstance(outcome, Questions):
        return consultation_result(app, outcome.consultation)
    return _image_result(app, outcome.result, outcome.preview)


def consultation_result(app: App, consultation: "Consultation") -> ToolResult:
    """The result of a turn of the dialogue."""
    from consultation.consultation_text import as_text

    consultation.notes += app.news()
    wording = app.prompt_store.wording(consultation.language)
    return build_result(consultation, as_text(consultation, wording))


def _image_result(app: App, result: "ImageResult", preview: bytes | None) -> ToolResult:
    from generation.image_result import as_text

    result.notes += app.news()
    return build_result(result, as_text(result), preview)
