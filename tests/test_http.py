"""MCP over HTTP on loopback: who is let in, what is served, and how it ends."""

import asyncio
import http.client
import json
import logging
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from fastmcp import Client
from pydantic import SecretStr

from errors import Problem
from sandbox.loopback import Sandbox
from settings import Settings, own_version
from tests import folders
from tests.browser.server import serve_mcp
from tests.calls import consult, draw, picture
from tests.forks import Server
from tests.rpc import HANDSHAKE, SERVE
from transports import http_limits
from transports.http import resolve

TOKEN = "0123456789abcdef-token"
ALLOWED = {"Authorization": f"Bearer {TOKEN}"}
FOREIGN = [
    (421, {"Host": "evil.example"}),
    (421, {"Host": "127.0.0.1.evil.example:8000"}),
    (403, {"Origin": "https://evil.example"}),
    (403, {"Origin": "null"}),
]


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: str


class Site:
    """A server that listens on a port of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}/mcp"

    def client(self, mode: str = "auto") -> Client[Any]:
        """A client with the token."""
        return Client(self.url, auth=TOKEN, mode=mode)

    def ask(self, path: str = "/mcp", **headers: str) -> Answer:
        """What an initialize, or a look at another path, is answered with."""
        message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HANDSHAKE}
        usual = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        method, body = ("POST", json.dumps(message)) if path == "/mcp" else ("GET", None)
        connection.request(method, path, body, {**usual, **headers})
        with connection.getresponse() as response:
            told = Answer(response.status, dict(response.getheaders()), response.read().decode())
        connection.close()
        return told


@contextmanager
def running(settings: Settings) -> Iterator[Site]:
    """A server in a thread, for as long as the block runs."""
    with serve_mcp(settings, token=SecretStr(TOKEN), hosts=["pictures.example"]) as port:
        yield Site(port)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, shared_sandbox: Sandbox) -> Iterator[Site]:
    settings = folders.settings_in(tmp_path_factory.mktemp("site"), shared_sandbox.base_url)
    with pytest.MonkeyPatch.context() as patch, running(settings) as site:
        patch.setattr(http_limits, "HEADERS_SECONDS", 0.3)
        patch.setattr(http_limits, "BODY_SECONDS", 0.3)
        yield site


def test_sessions_that_are_left_are_bounded_in_number_and_end_when_they_are_idle(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transports.http.MOST_SESSIONS", 2)
    monkeypatch.setattr("transports.http.SESSION_SECONDS", 1.0)
    with running(settings) as site:
        opened = [site.ask(**ALLOWED) for _ in range(3)]
        is_open_again = False
        until = time.monotonic() + 20
        while not is_open_again and time.monotonic() < until:
            time.sleep(0.2)
            is_open_again = site.ask(**ALLOWED).status == 200

    assert [answer.status for answer in opened] == [200, 200, 503]
    assert "Too many sessions" in json.loads(opened[2].body)["error"]
    assert is_open_again


def test_only_the_right_token_lets_in(site: Site) -> None:
    assert site.ask(**ALLOWED).status == 200
    for wrong in (
        {},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {TOKEN}\xe9"},
        {"Authorization": TOKEN},
        {"Cookie": f"token={TOKEN}"},
    ):
        refused = site.ask(**wrong)
        assert refused.status == 401, wrong
        assert refused.headers["www-authenticate"].startswith("Bearer")
        assert "Authorization: Bearer" in json.loads(refused.body)["error"]
        assert "IMAGE_CONSULTANT_HTTP_TOKEN" in refused.body
        assert TOKEN not in str(refused)
    assert site.ask(f"/mcp?token={TOKEN}").status == 401


def test_a_foreign_page_gets_nowhere_even_with_the_token(site: Site) -> None:
    for status, foreign in FOREIGN:
        for path in ("/mcp", "/health"):
            assert site.ask(path, **ALLOWED, **foreign).status == status, (path, foreign)


def test_a_host_that_the_setting_names_is_served_and_another_told_of_the_setting(
    site: Site,
) -> None:
    assert site.ask(**ALLOWED, Host="pictures.example").status == 200
    assert site.ask(**ALLOWED, Host="pictures.example:8443").status == 200
    refused = site.ask(**ALLOWED, Host="other.example")

    assert refused.status == 421
    assert "IMAGE_CONSULTANT_HTTP_HOSTS" in json.loads(refused.body)["error"]


def test_a_header_of_mcp_that_is_not_ascii_is_refused_and_leaves_no_traceback(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    # The SDK repeats it in an answer that can then not be sent.
    refused = site.ask(**ALLOWED, **{"MCP-Protocol-Version": "\xff", "MCP-Session-Id": "none"})

    assert refused.status == 400
    assert "ASCII" in json.loads(refused.body)["error"]
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"POST /mcp HTT",
        b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: ",
        b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + TOKEN.encode()
        + b"\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream"
        b"\r\nContent-Length: 99\r\n\r\n{",
    ],
    ids=["nothing", "half a line", "half of the headers", "half of the body"],
)  # fmt: skip
def test_what_is_sent_by_half_is_closed(site: Site, start: bytes) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as connection:
        connection.sendall(start)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    assert not answer or answer.startswith(b"HTTP/1.1 408")
    assert site.ask("/health").status == 200


@pytest.mark.parametrize(
    "request_",
    [
        b"HEAD /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n{rubbish\r\n",
        b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n{rubbish\r\n",
        b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nAuthorization: "
        b"Bearer " + TOKEN.encode() + b"\r\n\r\n1\r\n{\r\nrubbish\r\n",
    ],
    ids=["no body allowed", "chunked", "negative", "answer under way"],
)  # fmt: skip
def test_what_is_no_http_is_closed_and_leaves_no_traceback(
    site: Site, caplog: pytest.LogCaptureFixture, request_: bytes
) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as connection:
        connection.sendall(request_)
        b"".join(iter(lambda: connection.recv(65536), b""))

    assert site.ask("/health").status == 200  # what was under way has ended, too
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_health_tells_the_version_to_everybody_on_this_machine_and_nothing_else(
    site: Site,
) -> None:
    told = site.ask("/health")

    assert told.status == 200
    assert json.loads(told.body) == {"status": "ok", "version": own_version()}
    assert site.ask("/").status == 404


async def test_two_clients_of_both_eras_work_at_once_and_see_one_record(site: Site) -> None:
    async with site.client("auto") as modern, site.client("legacy") as legacy:
        versions = {modern.protocol_version, legacy.protocol_version}
        one, other = await asyncio.gather(
            draw(modern, prompt="a fox", dialogue_mode="skip"),
            draw(legacy, prompt="a hen", dialogue_mode="skip"),
        )
        crossed = await draw(modern, conversation_id=other["conversation_id"])

    assert versions == {"2026-07-28", "2025-11-25"}
    assert picture(one) != picture(other)
    assert crossed["images"] == other["images"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_beyond_this_machine_nothing_is_served_without_a_token(host: str) -> None:
    with pytest.raises(Problem, match="IMAGE_CONSULTANT_HTTP_TOKEN") as refused:
        resolve(host, 8000, None)

    assert f"--host {host} " in str(refused.value)
    assert resolve(host, 8000, SecretStr(TOKEN))[2:] == (host, 8000)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_on_this_machine_no_token_is_needed(host: str) -> None:
    assert resolve(host, 8000, None).is_here


@pytest.mark.parametrize("token", ["short", "é" * 20, "with a space in it"])
def test_a_token_that_is_weak_or_cannot_travel_is_refused_unseen(token: str) -> None:
    with pytest.raises(Problem, match="IMAGE_CONSULTANT_HTTP_TOKEN") as refused:
        resolve("127.0.0.1", 8000, SecretStr(token))

    assert token not in str(refused.value)


def test_a_host_that_is_none_is_one_sentence() -> None:
    with pytest.raises(Problem, match="There is no address 'no such host'"):
        resolve("no such host", 8000, None)


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
async def test_a_picture_under_way_is_kept_when_a_signal_ends_the_server(
    settings: Settings, sandbox: Sandbox
) -> None:
    folder = settings.data_dir.parent
    environment = folders.environment_in(
        folder, sandbox.base_url, HTTP_TOKEN=TOKEN, WAIT_SECONDS="1"
    )
    with Server([*SERVE, "--transport", "http", "--port", "0"], environment) as server:
        async with site_of(server).client() as client:
            ready = await consult(client, "a fox", mode="skip")
            sandbox.fail("delay=2", kind="image")
            begun = await draw(client, conversation_id=ready["conversation_id"])
        ending = server.end(signal.SIGTERM)

    assert begun["status"] == "working"
    assert ending.code == 143
    assert len(list(settings.images_dir.iterdir())) == 1
    assert "Traceback" not in ending.errors
    assert TOKEN not in ending.errors


def site_of(server: Server) -> Site:
    """The address that a server says it listens on."""
    for _ in range(600):
        said = server.errors()
        if "startup complete" in said:
            return Site(int(re.findall(r"http://127\.0\.0\.1:(\d+)/mcp", said)[0]))
        time.sleep(0.05)
    raise AssertionError(server.errors())
