"""The composition root: settings in, the server with its tools out."""

from importlib.metadata import PackageNotFoundError, version

from fastmcp import FastMCP

from settings import Settings

INSTRUCTIONS = """\
Two tools make a picture together. openai_image_consultation turns an idea into a
refined prompt by asking the person what is still open; openai_conversational_image
draws it and refines it turn by turn. One conversation_id runs through both.
"""


def create_server(settings: Settings) -> FastMCP:
    """Build the server. Everything it stands on is made on first use, not here."""
    return FastMCP("image-consultant", instructions=INSTRUCTIONS, version=_version())


def _version() -> str:
    try:
        return version("image-consultant")
    except PackageNotFoundError:
        return "0"
