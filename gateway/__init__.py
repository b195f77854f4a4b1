"""The one door to OpenAI: client, errors, retries, and what is known of its models."""

from gateway.client import Gateway, Reply
from gateway.model_fit import Request
from gateway.prices import Charge, Cost, Usage
from gateway.progress import Drawing, Stage, Step

__all__ = [
    "Charge", "Cost", "Drawing", "Gateway", "Reply", "Request", "Stage", "Step", "Usage",
]  # fmt: skip
