"""A stand-in for OpenAI on loopback: its wire format, its failures, no key and no cost."""

from sandbox.app import create_app
from sandbox.faults import FAULTS
from sandbox.server import DEFAULT_PORT, Sandbox, serve
from sandbox.state import Call, State

__all__ = ["DEFAULT_PORT", "FAULTS", "Call", "Sandbox", "State", "create_app", "serve"]
