"""What is said to models: the files, and the code that finds, checks and renders them."""

__all__ = [
    "field_fault",
    "image_type",
    "library_template",
    "lint_rules",
    "own_files",
    "parameter",
    "prompt_files",
    "source",
    "store",
    "template",
    "template_names",
    "wording",
]
