"""The one door to OpenAI: client, errors, retries, and what is known of its models."""

from gateway.client import Drawing, Gateway, Reply, Stage
from gateway.fit import Request
from gateway.prices import Cost, Usage

__all__ = ["Cost", "Drawing", "Gateway", "Reply", "Request", "Stage", "Usage"]
