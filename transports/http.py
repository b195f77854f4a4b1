"""MCP over HTTP: on this machine for anybody, beyond it only for who has the token."""

import asyncio
import hmac
import ipaddress
import logging
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import NamedTuple

import anyio
import uvicorn
from fastmcp import FastMCP
from fastmcp.server.auth import AccessToken, TokenVerifier
from pydantic import SecretStr
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from typing_extensions import override

from errors import Problem, conceal
from fastmcp_internals import limit_sessions
from settings import Settings, own_version, variable_of
from transports.http_limits import (
    ADVICE,
    MOST_CONNECTIONS,
    MOST_SESSIONS,
    SESSION_SECONDS,
    Guarded,
    TimedHeaders,
)
from transports.process import start_deadline

PATH = "/mcp"

SHORTEST_TOKEN = 16
"""Characters of a token; a shorter one is too easily guessed."""

TOKEN = re.compile(rf"[!-~]{{{SHORTEST_TOKEN},}}")

LAST_REPLIES_SECONDS = 2
"""How long a server that is to end lets replies leave. Drawings under way are finished anyway."""

logger = logging.getLogger(__name__)


class Address(NamedTuple):
    """Where to listen: the name that a person wrote, and the IP address behind it."""

    name: str
    family: socket.AddressFamily
    ip: str
    port: int

    @property
    def is_here(self) -> bool:
        """Whether only this machine can connect."""
        return ipaddress.ip_address(self.ip).is_loopback


def keep_to_images(settings: Settings) -> None:
    """Take inputs from the images folder alone, unless others are named: who calls from elsewhere
    has no business in the Desktop of whoever runs this."""
    settings.input_dirs = settings.input_dirs or [settings.images_dir]


def resolve(host: str, port: int, token: SecretStr | None) -> Address:
    """The address of a host and a port.

    Raises `Problem` for a host that is none, for one that others reach while there is no token,
    and for a token that cannot be used.
    """
    try:
        family, *_, pair = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0]
    except (OSError, OverflowError, UnicodeError):
        raise Problem(f"There is no address '{host}' on this machine for --host.") from None
    address = Address(host, family, str(pair[0]), port)
    variable = variable_of("http_token")
    if token is None and not address.is_here:
        raise Problem(
            f"--host {host} lets other machines in, so a token is needed: set {variable} to a "
            f"secret of at least {SHORTEST_TOKEN} characters, or leave --host out."
        )
    if token is not None and not TOKEN.fullmatch(token.get_secret_value()):
        raise Problem(
            f"{variable} cannot be used. Make it at least {SHORTEST_TOKEN} characters long, "
            "without spaces, in plain ASCII."
        )
    return address


def listen(address: Address) -> socket.socket:
    """Open the port. Raises `Problem` where that is not possible."""
    try:
        listener = socket.create_server((address.ip, address.port), family=address.family)
        # Connections inherit it; without it the body of an answer waits 40 ms behind its head.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except (OSError, OverflowError):
        raise Problem(
            f"Port {address.port} on {address.name} cannot be opened: it is taken or not allowed. "
            "Choose another with --port."
        ) from None


def build_http_server(
    server: FastMCP,
    address: Address,
    token: SecretStr | None,
    *,
    hosts: Sequence[str] = (),
    proxies: Sequence[str] = (),
    guard: Middleware | None = None,
    advice: Mapping[int, str] = ADVICE,
    patience: Mapping[str, float] = {},
) -> "EndingServer":
    """What serves at an address, the token required where there is one.

    `hosts` are names that clients may call it by besides, `proxies` the IP addresses whose word
    on who the client is counts. A `guard` decides who else is let in, `advice` says what who is
    refused can do, by status; `patience` has the seconds of paths whose bodies take long.

    FastMCP's own runner closes the server only after uvicorn has passed a signal on, which
    ends the process; here what is being drawn is kept first.
    """
    if token is not None:
        conceal(token.get_secret_value())
        server.auth = BearerToken(token)
    server.custom_route("/health", methods=["GET"])(health)
    # A page that a browser shows may send requests here under a name of its own.
    app = server.http_app(
        path=PATH,
        host_origin_protection=True,
        allowed_hosts=[address.name, *hosts],
        session_idle_timeout=SESSION_SECONDS,
        middleware=[guard] if guard else None,
    )
    limit_sessions(app, MOST_SESSIONS)
    return EndingServer(
        uvicorn.Config(
            Guarded(app, advice, patience),
            http=TimedHeaders,
            limit_concurrency=MOST_CONNECTIONS,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=list(proxies),
            lifespan="on",
            ws="none",
            log_config=None,
            timeout_graceful_shutdown=LAST_REPLIES_SECONDS,
        )
    )


class EndingServer(uvicorn.Server):
    """Ends in time, also where it is uvicorn that hears the signal first.

    `on_signal` is called then, with whether it was to end before.
    """

    on_signal: Callable[[bool], None] | None = None

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end."""
        start_deadline(sig)
        if self.on_signal:  # in its turn: a signal comes in the middle of anything
            loop = asyncio.get_running_loop()
            loop.call_soon_threadsafe(self.on_signal, self.should_exit)
        super().handle_exit(sig, frame)


def run_http(
    server: FastMCP, address: Address, listener: socket.socket, settings: Settings
) -> None:
    """Serve until a signal ends it."""
    host = f"[{address.name}]" if ":" in address.name else address.name
    logger.info("Serving MCP on http://%s:%d%s.", host, listener.getsockname()[1], PATH)
    web = build_http_server(
        server,
        address,
        settings.http_token,
        hosts=settings.http_hosts,
        proxies=settings.http_proxies,
    )
    anyio.run(web.serve, [listener])


async def health(_request: Request) -> JSONResponse:
    """Tell whoever watches over the server that it runs, and nothing else."""
    return JSONResponse({"status": "ok", "version": own_version()})


class BearerToken(TokenVerifier):
    """Lets in who has the one token."""

    def __init__(self, token: SecretStr) -> None:
        super().__init__()
        self._token = token.get_secret_value().encode()

    async def verify_token(self, token: str) -> AccessToken | None:
        """The same token where it is the right one, compared in constant time."""
        if not hmac.compare_digest(token.encode(), self._token):
            return None
        return AccessToken(token=token, client_id="owner", scopes=[])
