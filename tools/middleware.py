"""What FastMCP says otherwise than clients need it: of wrong arguments, and to each protocol era.

What a tool itself raises is put into a result where it is registered; here is what happens
before it runs.
"""

import logging
from typing import Any

import mcp.types as mt
from fastmcp.exceptions import FastMCPError, NotFoundError, ResourceError
from fastmcp.exceptions import ValidationError as ArgumentError
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from mcp import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from errors import Problem
from fastmcp_internals import sdk_server
from receipt import Receipt
from tools.tool_result import bug, error_result

ToolCall = MiddlewareContext[mt.CallToolRequestParams]

MUST_BE = {
    "missing": "is required",
    "missing_argument": "is required",
    "unexpected_keyword_argument": "is no parameter of this tool, which takes {parameters}",
    "literal_error": "must be {expected}",
    "string_type": "must be text",
    "string_unicode": "must be text of whole signs; a lone surrogate is half of one",
    "string_too_long": "may have at most {max_length} characters",
    "string_too_short": "must not be empty",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "int_from_float": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "too_long": "may have at most {max_length} entries",
    "model_type": "must be an object of the fields that the tool's schema names",
}
"""What a parameter has to be, by the kind of pydantic's complaint."""

LONGEST_ECHO = 60
"""Letters of a parameter's name that are repeated: a client may send anything as a name."""

NO_RESOURCE = -32002
"""Of the legacy eras; from 2026-07-28 on it is retired, and `INVALID_PARAMS` stands for it."""

LONGEST_URI = 1000
"""Letters: ours have under a hundred, and what is none of ours is repeated in the error."""


class PlainArguments(Middleware):
    """Accept null for what is left out, and say of wrong arguments what they have to be."""

    async def on_call_tool(
        self, context: ToolCall, call_next: CallNext[mt.CallToolRequestParams, Any]
    ) -> Any:  # whatever the tool returns
        """Run the tool, or say in a result what its schema refuses."""
        call = context.message
        arguments = {
            name: value for name, value in (call.arguments or {}).items() if value is not None
        }
        receipt = Receipt()
        try:
            return await call_next(
                context.copy(message=call.model_copy(update={"arguments": arguments}))
            )
        except ArgumentError as error:
            if not isinstance(error.__cause__, ValidationError):
                raise
            problem = _in_words(error.__cause__, await _parameters(context))
        except NotFoundError:
            problem = Problem(f"There is no tool {call.name[:LONGEST_ECHO]!r}.")
        except FastMCPError:
            problem, receipt = bug(call.name), Receipt(asked=True)
        return error_result(problem, receipt)


async def _parameters(context: ToolCall) -> str:
    server = context.fastmcp_context
    tool = await server.fastmcp.get_tool(context.message.name) if server else None
    return ", ".join(tool.parameters["properties"]) if tool else "others"


def _in_words(error: ValidationError, parameters: str) -> Problem:
    """Each wrong argument with what it may be, without the value: it may be a secret."""
    sentences = []
    for fault in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in fault["loc"])
        quote = "".join(letter for letter in name if letter.isprintable())[:LONGEST_ECHO]
        must_be = MUST_BE.get(fault["type"], "cannot be used")
        sentences.append(
            f"{quote} {must_be.format(parameters=parameters, **fault.get('ctx', {}))}."
        )
    sentences = list(dict.fromkeys(sentences))
    return Problem(" ".join(sentences), "Correct that, then call again.")


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
