"""MCP over HTTP: on this machine for anybody, beyond it only for who has the token."""

import hmac
import ipaddress
import logging
import re
import socket
from typing import NamedTuple

import anyio
import uvicorn
from fastmcp import FastMCP
from fastmcp.server.auth import AccessToken, TokenVerifier
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse

from errors import Problem, conceal
from settings import own_version, variable_of

PATH = "/mcp"

SHORTEST = 16
"""Characters of a token below which it is too easily guessed."""

TOKEN = re.compile(rf"[!-~]{{{SHORTEST},}}")

LAST_REPLIES_SECONDS = 2
"""How long a server that is to end lets replies leave. Drawings under way are finished anyway."""

logger = logging.getLogger(__name__)


class Place(NamedTuple):
    """Where to listen: the name that was asked for, and the address behind it."""

    name: str
    family: socket.AddressFamily
    address: tuple[str, int]

    @property
    def is_here(self) -> bool:
        """Whether only this machine can connect."""
        return ipaddress.ip_address(self.address[0]).is_loopback


def place(host: str, port: int, token: SecretStr | None) -> Place:
    """Where a host and a port are.

    Raises `Problem` for a host that is none, for one that others reach while there is no token,
    and for a token that cannot be used.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    except (OSError, OverflowError, UnicodeError):
        raise Problem(f"There is no address '{host}' on this machine for --host.") from None
    found = Place(host, family, (str(address[0]), port))
    variable = variable_of("http_token")
    if token is None and not found.is_here:
        raise Problem(
            f"--host {host} lets other machines in, so a token is needed: set {variable} to a "
            f"secret of at least {SHORTEST} characters, or leave --host out."
        )
    if token is not None and not TOKEN.fullmatch(token.get_secret_value()):
        raise Problem(
            f"{variable} cannot be used. Make it at least {SHORTEST} characters long, without "
            "spaces, in plain ASCII."
        )
    return found


def listen(at: Place) -> socket.socket:
    """Open the port, or say in words that it cannot be."""
    try:
        return socket.create_server(at.address, family=at.family)
    except (OSError, OverflowError):
        raise Problem(
            f"Port {at.address[1]} on {at.name} cannot be opened: it is taken or not allowed. "
            "Choose another with --port."
        ) from None


def serving(server: FastMCP, at: Place, token: SecretStr | None) -> uvicorn.Server:
    """What serves at a place, the token required where there is one.

    FastMCP's own runner closes the server only after uvicorn has passed a signal on, which
    ends the process; here what is being drawn is kept first.
    """
    if token is not None:
        conceal(token.get_secret_value())
        server.auth = Bearer(token)
    server.custom_route("/health", methods=["GET"])(health)
    app = server.http_app(path=PATH, host_origin_protection=True, allowed_hosts=[at.name])
    return uvicorn.Server(
        uvicorn.Config(
            app,
            lifespan="on",
            ws="none",
            log_config=None,
            timeout_graceful_shutdown=LAST_REPLIES_SECONDS,
        )
    )


def run_http(server: FastMCP, at: Place, listener: socket.socket, token: SecretStr | None) -> None:
    """Serve until a signal ends it."""
    host = f"[{at.name}]" if ":" in at.name else at.name
    logger.info("Serving MCP on http://%s:%d%s.", host, listener.getsockname()[1], PATH)
    anyio.run(serving(server, at, token).serve, [listener])


async def health(_request: Request) -> JSONResponse:
    """Tell whoever watches over the server that it runs, and nothing else."""
    return JSONResponse({"status": "ok", "version": own_version()})


class Bearer(TokenVerifier):
    """Lets in who has the one token."""

    def __init__(self, token: SecretStr) -> None:
        super().__init__()
        self._token = token.get_secret_value().encode()

    async def verify_token(self, token: str) -> AccessToken | None:
        """The same token where it is the right one, compared in constant time."""
        if not hmac.compare_digest(token.encode(), self._token):
            return None
        return AccessToken(token=token, client_id="owner", scopes=[])
