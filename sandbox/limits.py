"""Types and ranges of the parameters of POST /v1/responses."""

from sandbox import wire
from sandbox.errors import ApiError, Json

_MIN_OUTPUT_TOKENS = 16
_MAX_TEMPERATURE = 2
_MAX_PAIRS, _MAX_KEY, _MAX_VALUE = 16, 64, 512
_TYPES = {
    "input": (str, list),
    "tools": (list,),
    "metadata": (dict,),
    "reasoning": (dict,),
    "stream_options": (dict,),
    "text": (dict,),
}


def check_types(body: Json) -> None:
    """Refuse a body whose parts are not of the type that everything else relies on.

    Raises:
        ApiError: 400 invalid_type.
    """
    for key, kinds in _TYPES.items():
        value = body.get(key)
        if value is not None and not isinstance(value, kinds):
            raise ApiError(
                f"Invalid type for '{key}': expected one of {[k.__name__ for k in kinds]}, but "
                f"got {type(value).__name__} instead.",
                param=key,
                code="invalid_type",
            )
    for index, tool in enumerate(body.get("tools") or []):
        if not isinstance(tool, dict):
            raise ApiError(
                f"Invalid type for 'tools[{index}]': expected an object.",
                param=f"tools[{index}]",
                code="invalid_type",
            )


def check_limits(body: Json) -> None:
    """Refuse values out of range.

    Raises:
        ApiError: 400, naming the parameter.
    """
    _check_sampling(body)
    _check_length(body)
    _check_metadata(body.get("metadata") or {})


def _check_sampling(body: Json) -> None:
    for key in ("temperature", "top_p"):
        if body.get(key) is not None and wire.reasons(body):
            raise ApiError(
                f"Unsupported parameter: '{key}' is not supported with this model.", param=key
            )
    heat = body.get("temperature")
    if heat is not None and not 0 <= heat <= _MAX_TEMPERATURE:
        side, sign, bound = ("below_min", ">=", 0) if heat < 0 else ("above_max", "<=", 2)
        raise ApiError(
            f"Invalid 'temperature': decimal {side.replace('_', ' ')}imum value. Expected a value "
            f"{sign} {bound}, but got {heat} instead.",
            param="temperature",
            code=f"decimal_{side}_value",
        )


def _check_length(body: Json) -> None:
    most = body.get("max_output_tokens")
    if most is not None and most < _MIN_OUTPUT_TOKENS:
        raise ApiError(
            "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= "
            f"{_MIN_OUTPUT_TOKENS}, but got {most} instead.",
            param="max_output_tokens",
            code="integer_below_min_value",
        )


def _check_metadata(metadata: Json) -> None:
    if len(metadata) > _MAX_PAIRS:
        raise ApiError(
            f"Invalid 'metadata': too many properties. Expected an object with at most "
            f"{_MAX_PAIRS} properties, but got an object with {len(metadata)} properties instead.",
            param="metadata",
            code="object_above_max_properties",
        )
    for key, value in metadata.items():
        if not isinstance(value, str):
            raise ApiError(
                f"Invalid type for 'metadata.{key}': expected a string, but got "
                f"{type(value).__name__} instead.",
                param=f"metadata.{key}",
                code="invalid_type",
            )
        for text, limit in ((key, _MAX_KEY), (value, _MAX_VALUE)):
            if len(text) > limit:
                raise ApiError(
                    f"Invalid 'metadata.{key[:_MAX_KEY]}': string too long. Expected a string "
                    f"with maximum length {limit}, but got a string with length {len(text)} "
                    "instead.",
                    param=f"metadata.{key[:_MAX_KEY]}",
                    code="string_above_max_length",
                )
