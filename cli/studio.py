"""The command `studio`: the whole job as a page in the browser, on this machine or from a phone."""

import io
import ipaddress
import os
import socket
import sys
import webbrowser
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated

import anyio
from cyclopts import Parameter

from cli import UsageProblem, logs
from cli import terminal as show
from errors import Problem, conceal
from settings import Settings, load_settings
from transports.process import ending_on_signals

if TYPE_CHECKING:
    from app import App
    from studio.access import Access
    from studio.instance import Instance, Running
    from transports.http import Address, EndingServer

HOST = "127.0.0.1"
PORT = 8642
"""Neither 8000 nor 8080, which other servers of a person's machine listen on."""
MOST_PORTS = 20
"""Tried from there on where nobody asked for one: more than a few are never taken."""

WAIT_SECONDS = 1
"""For a picture in one call: the page looks on by itself, and a browser has six connections."""

UPLOAD_SECONDS = 300.0
"""For 50 MB from a phone in a slow network."""

PLAY = "The sandbox plays OpenAI: no key, no cost, placeholder pictures."
ONCE = "This address lets one browser in, once. `{command}` in another terminal prints a new one."
WAITS = (
    "Waiting for what is under way, seven seconds at most. Ctrl-C once more ends it at once; a "
    "picture is then collected when it is next open."
)
END = "Ctrl-C ends it. A picture that is drawn then is kept, or collected when it is next open."


def studio(
    *,
    port: int | None = None,
    host: str = HOST,
    sandbox: bool = False,
    no_open: Annotated[bool, Parameter(name="--no-open")] = False,
) -> None:
    """Open the studio in the browser: ask, draw and find again on a page.

    It serves until Ctrl-C. Where one runs already with the same data folder, that one is opened.

    Args:
        port: Where it listens; 8642, or the next that is free.
        host: Where it listens. Beyond this machine, such as 0.0.0.0 for a phone in the same
            network, it needs IMAGE_CONSULTANT_HTTP_TOKEN, and a code to scan is printed.
        sandbox: Use the built-in stand-in for OpenAI: no key, no cost.
        no_open: Only print the address.
    """
    from studio.instance import Instance

    settings = load_settings(sandbox=sandbox, toolsets=["all"], wait_seconds=WAIT_SECONDS)
    with Instance(settings) as instance:
        if instance.other:
            _require_same(instance.other, settings)
            show.line("A studio runs already.")
            _show(instance.other, instance.access, opens=not no_open)
        else:
            _serve(settings, instance, host, port, opens=not no_open)


def _require_same(other: "Running", settings: Settings) -> None:
    if other.sandbox != settings.sandbox:
        from studio.guard import command_for

        names = ("with OpenAI", "on the sandbox")
        raise Problem(
            f"A studio of {settings.data_dir} runs already, {names[other.sandbox]}: "
            f"`{command_for(sandbox=other.sandbox)}` opens it. For one {names[settings.sandbox]} "
            "end it with Ctrl-C first, or choose another data folder with "
            "IMAGE_CONSULTANT_DATA_DIR."
        )


def _serve(
    settings: Settings, instance: "Instance", host: str, port: int | None, *, opens: bool
) -> None:
    from app import App
    from studio.instance import Running
    from transports.http import keep_to_images, resolve

    keep_to_images(settings)
    if port is not None and not 0 <= port <= 65_535:  # noqa: PLR2004  # TCP's own
        raise UsageProblem(f"--port {port} is none. Choose one from 1 to 65535.")
    address = resolve(host, PORT if port is None else port, settings.http_token)
    listener = _listen(address, tries=MOST_PORTS if port is None else 1)
    address = address._replace(port=listener.getsockname()[1])
    running = Running(*_urls(address), settings.sandbox, instance.run)
    with ending_on_signals():
        instance.announce(running)
        if settings.sandbox:
            show.line(PLAY)
        _show(running, instance.access, opens=opens)
        show.line(END)
        sys.stdout.flush()
        app = App(settings)
        web = build_web(app, address, instance.access)
        web.on_signal = partial(_end, app)
        anyio.run(web.serve, [listener])


def _end(app: "App", again: bool) -> None:
    """Say at Ctrl-C what is waited for; where it comes again, wait no longer."""
    if again:
        app.hurry()
    elif app.unfinished():
        show.line(WAITS)
        sys.stdout.flush()


def _listen(address: "Address", *, tries: int) -> socket.socket:
    """The port that was asked for, or the next that is free. Raises `Problem`."""
    from transports.http import listen

    for port in range(address.port + 1, address.port + tries):
        with suppress(Problem):
            return listen(address)
        address = address._replace(port=port)
    return listen(address)


def build_web(app: "App", address: "Address", access: "Access") -> "EndingServer":
    """The server of the tools and of the page, behind the guard of both."""
    from starlette.middleware import Middleware

    from cli.export import export
    from server import create_server
    from studio.guard import Guard, way_in
    from studio.routes import UPLOADS, add_routes
    from tools.studio import add_studio
    from transports.http import build_http_server
    from transports.http_limits import ADVICE

    settings = app.settings
    logs.start(settings)
    if settings.http_token:
        conceal(settings.http_token.get_secret_value())
    server = create_server(settings, app)
    add_studio(server)
    add_routes(server, app, access, export)
    return build_http_server(
        server,
        address,
        None,  # the guard takes the token, too
        hosts=settings.http_hosts,
        proxies=settings.http_proxies,
        guard=Middleware(Guard, access=access, token=settings.http_token),
        advice={**ADVICE, 401: way_in(sandbox=settings.sandbox)},
        patience={UPLOADS: UPLOAD_SECONDS},
    )


def _urls(address: "Address") -> tuple[str, str]:
    """Where this machine reaches it, and where others do, empty if they cannot."""
    ip = ipaddress.ip_address(address.ip)
    hosts = [address.name, "" if address.is_here else address.name]
    if ip.is_unspecified:
        hosts = [
            "127.0.0.1" if isinstance(ip, ipaddress.IPv4Address) else "::1",
            _own_address(address),
        ]
    names = [f"[{host}]" if ":" in host else host for host in hosts]
    here, elsewhere = (f"http://{name}:{address.port}" if name else "" for name in names)
    return here, elsewhere


def _own_address(address: "Address") -> str:
    """This machine's address in its network; no packet is sent to find it."""
    far = "192.0.2.1" if address.family == socket.AF_INET else "2001:db8::1"
    with socket.socket(address.family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((far, 9))
        except OSError:
            return socket.gethostname()
        return str(probe.getsockname()[0])


def _show(running: "Running", access: "Access", *, opens: bool) -> None:
    """Open the page for this machine and print the addresses, each with a token of its own."""
    from studio.guard import SHELL, command_for

    def address(url: str) -> str:
        return f"{url}{SHELL}#t={access.token()}"

    if opens and _has_window():
        webbrowser.open(address(running.here))
    show.whole(address(running.here))
    show.line(ONCE.format(command=command_for(sandbox=running.sandbox)))
    if running.elsewhere:
        _show_code(address(running.elsewhere))


def _has_window() -> bool:
    """Whether a browser has a screen: one within the terminal would take it from this command."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    return sys.platform in {"darwin", "win32"} or any(map(os.environ.get, names))


def _show_code(address: str) -> None:
    """The address for a phone, as a code to scan and in letters."""
    import segno

    show.line("For a phone in the same network, scan this:")
    sys.stdout.flush()
    code = io.StringIO()
    segno.make(address, error="l", micro=False).terminal(code, compact=True)
    with suppress(UnicodeEncodeError):  # a pipe of Windows may know no blocks
        # Where a terminal writes dark on light the code would be its own negative.
        show.console.print(code.getvalue(), style="bright_white on black", end="")
    show.whole(address)
