"""What each image model can do, as its refusals say it (facts of 2026-11-21)."""

import re
from collections.abc import Iterator

from sandbox.model_catalogue import DEFAULT_PAINTER, PAINTERS, STANDARD_SIZES, Painter
from sandbox.openai_errors import USER_ERROR, ApiError, Json, model_not_found

GRID, LONGEST_EDGE, WIDEST_RATIO = 16, 3840, 3
FEWEST_PIXELS, MOST_PIXELS = 655_360, 8_294_400
"""The rules on free sizes that OpenAI gives for gpt-image-2 and later."""

FULL_COMPRESSION = 100

Complaint = tuple[str, str]
"""The parameter that a model cannot do, and the sentence that says so."""


def check_image_model(tool: Json, place: str) -> None:
    """Raises `ApiError` 400 for what the tool's model is not able to do.

    `place` is where the tool stands in the request.
    """
    model = tool.get("model") or DEFAULT_PAINTER
    if model not in PAINTERS:
        raise model_not_found(model, f"{place}.model")
    form = tool.get("output_format") or "png"
    for complaints in (_of_model(tool, model, form, PAINTERS[model]), _of_format(tool, form)):
        for param, message in complaints:
            code = "invalid_value"
            if param == "input_fidelity":
                code = "invalid_input_fidelity_model"
            raise ApiError(message, type=USER_ERROR, param=param, code=code)


def _of_model(tool: Json, model: str, form: str, painter: Painter) -> Iterator[Complaint]:
    size = tool.get("size") or "auto"
    standard = (*STANDARD_SIZES, "auto")
    if size not in standard:
        names = ", ".join(f"'{one}'" for one in standard)
        rule = size_complaint(size) if painter.any_size else f"Supported sizes are {names}."
        if rule:
            yield "size", f"Invalid size '{size}'. {rule}"
    quality = tool.get("quality") or "auto"
    if quality not in ("auto", *painter.tokens):
        yield "quality", f"Quality '{quality}' is not supported by {model}."
    if tool.get("input_fidelity") and not painter.fidelity:
        yield "input_fidelity", f"'input_fidelity' is not supported by {model}."
    if form not in painter.formats:
        yield "output_format", f"Output format '{form}' is not supported by {model}."
    if tool.get("background") == "transparent" and not painter.transparent:
        yield "background", f"Transparent background is not supported for {model}."


def _of_format(tool: Json, form: str) -> Iterator[Complaint]:
    if tool.get("background") == "transparent" and form not in ("png", "webp"):
        yield "background", f"Transparent background is not supported for {form} output format."
    level = tool.get("output_compression", FULL_COMPRESSION)
    if form not in ("jpeg", "webp") and level != FULL_COMPRESSION:
        rule = "Compression less than 100 is not supported for"
        yield "output_compression", f"{rule} {form.upper()} output format."
    if form != "svg" and tool.get("svg"):
        yield "svg", "'svg' requires output_format 'svg'."
    for key in ("partial_images", "input_image_mask") if form == "gif" else ():
        if tool.get(key):
            yield key, f"'{key}' is not supported for GIF output format."
    for key in () if form == "gif" else ("frame_count", "frame_duration_ms"):
        if tool.get(key) is not None:
            yield key, f"'{key}' requires output_format 'gif'."


def size_complaint(size: str) -> str | None:
    """What is wrong with a WIDTHxHEIGHT for gpt-image-2 and later, or None."""
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", size)
    if not match:
        return "Expected 'auto' or WIDTHxHEIGHT."
    width, height = int(match[1]), int(match[2])
    short, longest, pixels = min(width, height), max(width, height), width * height
    rules = {
        f"Width and height must both be divisible by {GRID}.": not (width % GRID or height % GRID),
        f"The longest edge must be at most {LONGEST_EDGE} pixels.": longest <= LONGEST_EDGE,
        "The aspect ratio must be between 1:3 and 3:1.": longest <= WIDEST_RATIO * short,
        "Requested resolution is below the current minimum pixel budget.": pixels >= FEWEST_PIXELS,
        "Requested resolution is above the current maximum pixel budget.": pixels <= MOST_PIXELS,
    }
    return next((rule for rule, fits in rules.items() if not fits), None)
