"""What an MCP client sees: tools by toolset, resources, prompts, forms."""

__all__ = [
    "about",
    "argument_errors",
    "core",
    "eras",
    "explore",
    "keep",
    "library_prompts",
    "quick",
    "resources",
    "status",
    "view",
]
