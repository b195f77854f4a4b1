"""How MCP messages come in and go out: stdio in both eras, and HTTP with its guards."""

__all__ = ["http", "http_limits", "process", "stdio"]
