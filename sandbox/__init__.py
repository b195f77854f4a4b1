"""A stand-in for OpenAI on loopback: its wire format, its failures, no key and no cost."""

__all__ = ["faults", "loopback"]
