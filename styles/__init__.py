"""What a picture looks like: measured, described, kept, applied."""

__all__ = [
    "comparison",
    "extraction",
    "extraction_result",
    "measurement",
    "palette",
    "strength",
    "style_file",
    "style_mix",
    "style_offer",
    "style_store",
    "style_use",
]
