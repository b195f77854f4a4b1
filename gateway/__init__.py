"""OpenAI behind one door: its client, its errors, and what is known of its models."""

__all__ = [
    "answer_form",
    "api_errors",
    "api_key",
    "capabilities",
    "client",
    "connection",
    "error_mapper",
    "image_response",
    "models",
    "prices",
]
