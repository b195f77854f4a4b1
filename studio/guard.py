"""Nothing of a studio is given out but its empty page, unless the request comes from that page."""

import hmac

from pydantic import SecretStr
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from settings import variable_of
from studio.access import Access

UNKNOWN, FOREIGN = 401, 403

SHELL = "/studio"
SESSION = "/studio/session"

SHELL_POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'",
        "img-src 'self' data: blob:", "connect-src 'self'", "base-uri 'none'",
        "form-action 'none'", "frame-ancestors 'none'",
    )
)  # fmt: skip
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    # A picture that is opened by itself may be a drawing with a script in it.
    "Content-Security-Policy": "sandbox",
}
"""Of every answer that does not bring its own."""


def command_for(*, sandbox: bool) -> str:
    """What opens such a studio: without `--sandbox` the command refuses to open one on it."""
    return f"image-consultant studio{' --sandbox' if sandbox else ''}"


def way_in(*, sandbox: bool) -> str:
    """What whoever is refused with 401 is told."""
    return (
        f"This studio does not know the browser. Run `{command_for(sandbox=sandbox)}` in a "
        "terminal: it opens the studio that runs, and prints an address that lets one browser in. "
        "A client of MCP sends the header `Authorization: Bearer TOKEN`, where "
        f"{variable_of('http_token')} sets one."
    )


class Guard:
    """An ASGI app behind a door that opens to the studio's page, and to the HTTP token.

    FastMCP's guard before it has checked the Host, and lets pages of other ports of this
    machine pass, to which browsers lend the cookie of any port.
    """

    def __init__(self, app: ASGIApp, access: Access, token: SecretStr | None) -> None:
        self._app, self._access = app, access
        self._token = token.get_secret_value().encode() if token else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        status = self._refusal(Request(scope))
        if status is None:
            await self._app(scope, receive, send_with_headers)
        else:
            headers = {"WWW-Authenticate": "Bearer"} if status == UNKNOWN else {}
            await Response(status_code=status, headers=headers)(scope, receive, send_with_headers)

    def _refusal(self, request: Request) -> int | None:
        """The status that a request is refused with; None for one that is let in."""
        path, reads = request.scope["path"], request.method in {"GET", "HEAD"}
        if reads and (path in {"/", "/health", SHELL} or path.startswith(f"{SHELL}/")):
            return None
        if self._has_token(request):
            return None
        if path != SESSION and not self._access.admits(
            request.cookies.get(self._access.cookie, "")
        ):
            return UNKNOWN
        return None if _is_own_page(request, reads=reads) else FOREIGN

    def _has_token(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        is_right = hmac.compare_digest(token.encode(), self._token or b"")
        return is_right and self._token is not None and scheme.lower() == "bearer"


def _is_own_page(request: Request, *, reads: bool) -> bool:
    """Whether the studio's page asks.

    Browsers name the origin of whatever may change something. Of what only reads they say where
    it comes from, except on the plain HTTP of a home network: there the answer's own headers keep
    it from other pages.
    """
    origin = request.headers.get("origin")
    if origin is not None:
        return origin == f"{request.scope['scheme']}://{request.headers.get('host', '')}"
    return reads and request.headers.get("sec-fetch-site", "none") in {"same-origin", "none"}
