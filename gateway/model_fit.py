"""Fit a request to the model that will get it: parameters by capability, not by trial."""

from typing import Any

from gateway.models import load_models

Request = dict[str, Any]

SAMPLING = {"temperature", "top_p"}


def fit(request: Request, model: str) -> Request:
    """The request for this model: no sampling where it is refused, the reasoning it needs.

    A model that the table does not know gets neither.
    """
    known = load_models().find_text(model)
    fitted = {**request, "model": model}
    if known is None or not known.sampling:
        fitted = {name: value for name, value in fitted.items() if name not in SAMPLING}
    if known is not None and known.reasoning:
        fitted["reasoning"] = {"effort": known.reasoning}
    return fitted


def successor(model: str) -> str | None:
    """The model that takes over when this one is gone."""
    known = load_models().find_text(model)
    return known.successor if known else None
