"""OpenAI behind one door: its client, its errors, and what is known of its models."""

__all__ = [
    "api_errors",
    "api_key",
    "capabilities",
    "client",
    "connection",
    "image_response",
    "models",
    "prices",
]
