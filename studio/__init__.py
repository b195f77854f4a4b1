"""The front end: ES modules and style sheets, the page that is made of them, and its own server."""

__all__ = ["access", "assembler", "guard", "instance", "routes"]
