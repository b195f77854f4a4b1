"""From a prompt to a picture on disk: planned, bought once, and told in full."""

__all__ = [
    "drawing",
    "image_request",
    "image_result",
    "input_images",
    "job_end",
    "jobs",
    "options",
    "orders",
    "picture_facts",
    "plan",
    "preview",
    "purchase",
    "result_builder",
    "variations",
    "verification",
    "verifier",
]
