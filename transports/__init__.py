"""How MCP messages come in and go out: stdio in both eras, and HTTP with its guards."""

__all__ = ["ending", "http", "http_limits", "stdio", "stdio_pipe"]
