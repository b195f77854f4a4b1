"""What a picture looks like: measured, described, kept, applied."""

__all__ = [
    "comparison",
    "measurement",
    "palette",
    "style_file",
    "style_store",
]
