"""Validation of the image tool: what each image model can do (facts of 2026-11-21)."""

import re

from sandbox import parameters
from sandbox.errors import USER_ERROR, ApiError, Json, model_not_found
from sandbox.models import DEFAULT_PAINTER, PAINTERS, STANDARD_SIZES, Painter

_CHOICES = {
    "action": ("generate", "edit", "auto"),
    "background": ("transparent", "opaque", "auto"),
    "complexity": ("low", "medium", "high"),
    "moderation": ("auto", "low"),
    "output_format": ("png", "webp", "jpeg", "gif", "svg"),
    "quality": ("low", "medium", "high", "xhigh", "max", "auto"),
}
_RANGES = {"output_compression": (0, 100), "partial_images": (0, 3), "frame_count": (2, 16)}
_GRID, _LONGEST, _RATIO = 16, 3840, 3
_FEWEST_PIXELS, _MOST_PIXELS = 655_360, 8_294_400
_FULL = 100
_ABOVE = ("above maximum", "above_max")


def check_tool(tool: Json, place: str) -> None:
    """Refuse an image tool that OpenAI would refuse; `place` is where it stands in the request.

    Raises:
        ApiError: 400.
    """
    _check_values(tool, place)
    model = tool.get("model") or DEFAULT_PAINTER
    if model not in PAINTERS:
        raise model_not_found(model, f"{place}.model")
    painter = PAINTERS[model]
    _check_size(tool.get("size") or "auto", painter)
    quality = tool.get("quality") or "auto"
    if quality not in ("auto", *painter.tokens):
        raise _refused("quality", f"Quality '{quality}' is not supported by {model}.")
    if tool.get("input_fidelity") and not painter.fidelity:
        raise _refused(
            "input_fidelity",
            f"'input_fidelity' is not supported by {model}.",
            code="invalid_input_fidelity_model",
        )
    _check_format(tool, model, painter)


def _check_values(tool: Json, place: str) -> None:
    for key in tool:
        if key not in parameters.IMAGE_TOOL:
            raise ApiError(
                f"Unknown parameter: '{place}.{key}'.",
                param=f"{place}.{key}",
                code="unknown_parameter",
            )
    for key, allowed in _CHOICES.items():
        value = tool.get(key)
        if value is not None and value not in allowed:
            named = ", ".join(f"'{one}'" for one in allowed)
            raise ApiError(
                f"Invalid value: '{value}'. Supported values are: {named}.",
                param=f"{place}.{key}",
                code="invalid_value",
            )
    for key, (low, high) in _RANGES.items():
        value = tool.get(key)
        if value is not None and not low <= value <= high:
            side, code = ("below minimum", "below_min") if value < low else _ABOVE
            raise ApiError(
                f"Invalid '{place}.{key}': integer {side} value. Expected a value between {low} "
                f"and {high}, but got {value} instead.",
                param=f"{place}.{key}",
                code=f"integer_{code}_value",
            )


def _check_size(size: str, painter: Painter) -> None:
    if size in ("auto", *STANDARD_SIZES):
        return
    if not painter.any_size:
        named = ", ".join(f"'{one}'" for one in (*STANDARD_SIZES, "auto"))
        raise _refused("size", f"Invalid size '{size}'. Supported sizes are {named}.")
    complaint = size_complaint(size)
    if complaint:
        raise _refused("size", f"Invalid size '{size}'. {complaint}")


def size_complaint(size: str) -> str | None:
    """Return what is wrong with a WIDTHxHEIGHT for gpt-image-2 and later, or None."""
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", size)
    if not found:
        return "Expected 'auto' or WIDTHxHEIGHT."
    width, height = int(found[1]), int(found[2])
    short, longest, pixels = min(width, height), max(width, height), width * height
    rules = {
        f"Width and height must both be divisible by {_GRID}.": not (
            width % _GRID or height % _GRID
        ),
        f"The longest edge must be at most {_LONGEST} pixels.": longest <= _LONGEST,
        "The aspect ratio must be between 1:3 and 3:1.": longest <= _RATIO * short,
        "Requested resolution is below the current minimum pixel budget.": pixels >= _FEWEST_PIXELS,
        "Requested resolution is above the current maximum pixel budget.": pixels <= _MOST_PIXELS,
    }
    return next((rule for rule, kept in rules.items() if not kept), None)


def _check_format(tool: Json, model: str, painter: Painter) -> None:
    form = tool.get("output_format") or "png"
    if form not in painter.formats:
        raise _refused("output_format", f"Output format '{form}' is not supported by {model}.")
    _check_background(tool, form, model, painter)
    if form not in ("jpeg", "webp") and tool.get("output_compression", _FULL) != _FULL:
        raise _refused(
            "output_compression",
            f"Compression less than 100 is not supported for {form.upper()} output format.",
        )
    if form != "svg" and tool.get("svg"):
        raise _refused("svg", "'svg' requires output_format 'svg'.")
    _check_animation(tool, form)


def _check_background(tool: Json, form: str, model: str, painter: Painter) -> None:
    if tool.get("background") != "transparent":
        return
    if not painter.transparent:
        raise _refused("background", f"Transparent background is not supported for {model}.")
    if form not in ("png", "webp"):
        raise _refused(
            "background", f"Transparent background is not supported for {form} output format."
        )


def _check_animation(tool: Json, form: str) -> None:
    if form == "gif":
        for key in ("partial_images", "input_image_mask"):
            if tool.get(key):
                raise _refused(key, f"'{key}' is not supported for GIF output format.")
        return
    for key in ("frame_count", "frame_duration_ms"):
        if tool.get(key) is not None:
            raise _refused(key, f"'{key}' requires output_format 'gif'.")


def _refused(param: str, message: str, code: str = "invalid_value") -> ApiError:
    return ApiError(message, type=USER_ERROR, param=param, code=code)
