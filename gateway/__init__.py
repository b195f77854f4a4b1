"""The one door to OpenAI: client, errors, retries, and what is known of its models."""

from gateway.client import Gateway, Reply
from gateway.drawing import Drawing, Stage, Step
from gateway.fit import Request
from gateway.prices import Charge, Cost, Usage

__all__ = [
    "Charge", "Cost", "Drawing", "Gateway", "Reply", "Request", "Stage", "Step", "Usage",
]  # fmt: skip
