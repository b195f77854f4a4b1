"""What an MCP client sees: tools by toolset, resources, prompts, forms."""

__all__ = [
    "about",
    "core",
    "explore",
    "keep",
    "library_prompts",
    "middleware",
    "parameters",
    "quick",
    "resources",
    "status",
    "studio",
    "view",
]
