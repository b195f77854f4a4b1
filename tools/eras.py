"""What the two eras of the protocol want said differently, and FastMCP says alike."""

import logging
from typing import Any

import mcp.types as mt
from fastmcp.exceptions import NotFoundError, ResourceError
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from mcp import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from errors import Problem
from fastmcp_internals import sdk_server

NO_RESOURCE = -32002
"""Of the legacy eras; from 2026-07-28 on it is retired, and `INVALID_PARAMS` stands for it."""

LONGEST_URI = 1000
"""Letters: ours have under a hundred, and what is none of ours is repeated in the error."""


class NoResourceError(ResourceError):
    """There is no record of this name. FastMCP's own error for it would be masked as a bug."""


def read_failure(problem: Problem) -> ResourceError:
    """What a resource raises for a problem."""
    kind = NoResourceError if problem.kind == "input" else ResourceError
    return kind(problem.text(), log_level=logging.DEBUG)


class BothEras(Middleware):
    """Declares the same to both eras, and tells each of unknown resources by its own code."""

    async def on_initialize(
        self,
        context: MiddlewareContext[mt.InitializeRequest],
        call_next: CallNext[mt.InitializeRequest, mt.InitializeResult | None],
    ) -> mt.InitializeResult | None:
        """The answer with the extensions, which the SDK leaves out of what legacy clients get.

        Without `io.modelcontextprotocol/ui` Claude Desktop shows no view.
        """
        result = await call_next(context)
        if result and context.fastmcp_context:
            sdk = sdk_server(context.fastmcp_context.fastmcp)
            result.capabilities.extensions = sdk.get_capabilities().extensions
        return result

    async def on_read_resource(
        self,
        context: MiddlewareContext[mt.ReadResourceRequestParams],
        call_next: CallNext[mt.ReadResourceRequestParams, Any],
    ) -> Any:  # whatever the resource is read as
        """The resource, or an error with the code of the client's era."""
        uri = str(context.message.uri)
        try:
            if len(uri) > LONGEST_URI:
                raise NoResourceError("There is no resource of so long a name.")
            return await call_next(context)
        except (NotFoundError, NoResourceError) as error:
            raise MCPError(
                code=mt.INVALID_PARAMS if _is_modern(context) else NO_RESOURCE,
                message=str(error),
                data={"uri": uri[:LONGEST_URI]},
            ) from error


def _is_modern(context: MiddlewareContext[Any]) -> bool:
    request = context.fastmcp_context and context.fastmcp_context.request_context
    return bool(request and request.protocol_version in MODERN_PROTOCOL_VERSIONS)
