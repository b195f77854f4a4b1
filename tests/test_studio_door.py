"""The studio's door over real HTTP: who is let in, what is given out, and how it ends."""

import hashlib
import http.client
import io
import json
import re
import signal
import socket
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import zxingcpp
from fastmcp import Client
from PIL import Image
from pydantic import SecretStr

from cli import studio as command
from errors import Problem
from sandbox.loopback import Sandbox
from settings import Settings
from studio.access import COOKIE_SECONDS, Access
from studio.instance import Instance, Running
from tests import folders
from tests.browser.studio import HERE, SECRET, serve_studio
from tests.calls import consult
from tests.forks import Server
from tests.rpc import ENVELOPE
from transports.http import resolve

TOKEN = "0123456789abcdef-token"
LIST = "openai_list_conversations"
JSON = {"Content-Type": "application/json"}
FORM = "multipart/form-data; boundary=x"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Visitor:
    """A browser with the studio's page open: it says where its requests come from."""

    def __init__(self, port: int, access: Access, host: str = HERE) -> None:
        self.port, self.access, self.host = port, access, host
        self.cookie = ""

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        """An answer; empty headers are not sent."""
        usual = {"Origin": f"http://{self.host}:{self.port}"} if method == "POST" else {}
        sent = {**usual, "Cookie": self.cookie, **headers}
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        connection.request(method, path, body, {key: one for key, one in sent.items() if one})
        with connection.getresponse() as response:
            answer = Answer(response.status, dict(response.getheaders()), response.read())
        connection.close()
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, None, **headers)

    def exchange(self, token: str, **headers: str) -> Answer:
        """Send a token as the page does."""
        body = json.dumps({"token": token}).encode()
        return self.ask(
            "POST", "/studio/session", body, **{"Content-Type": "application/json", **headers}
        )

    def enter(self) -> None:
        """Have the cookie from now on."""
        answer = self.exchange(self.access.token())
        self.cookie = answer.headers["set-cookie"].partition(";")[0]

    def mcp(self, tool: str, arguments: dict[str, Any], **headers: str) -> Answer:
        """A call of a tool."""
        params = {"name": tool, "arguments": arguments, "_meta": ENVELOPE}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        usual = {
            "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": tool,
        }  # fmt: skip
        return self.ask("POST", "/mcp", json.dumps(message).encode(), **{**usual, **headers})

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The data of a tool's result."""
        body = self.mcp(tool, arguments).body.decode()
        message = re.findall(r"^(?:data: )?(\{.*\})\s*$", body, re.MULTILINE)[-1]
        return dict(json.loads(message)["result"]["structuredContent"])


@pytest.fixture(scope="module")
def settings_of_all(tmp_path_factory: pytest.TempPathFactory, shared_sandbox: Sandbox) -> Settings:
    settings = folders.settings_in(tmp_path_factory.mktemp("door"), shared_sandbox.base_url)
    return settings.model_copy(update={"toolsets": ["all"], "http_token": SecretStr(TOKEN)})


@pytest.fixture(scope="module")
def site(settings_of_all: Settings) -> Iterator[Visitor]:
    """A studio in which one picture is drawn, and a page without a cookie."""
    with serve_studio(settings_of_all) as studio:
        yield Visitor(studio.port, studio.access)


@pytest.fixture
def stranger(site: Visitor) -> Visitor:
    return Visitor(site.port, site.access)


@pytest.fixture
def page(stranger: Visitor) -> Visitor:
    """A page that was let in."""
    stranger.enter()
    return stranger


@pytest.fixture(scope="module")
def drawn(site: Visitor) -> dict[str, Any]:
    visitor = Visitor(site.port, site.access)
    visitor.enter()
    begun = visitor.call("openai_conversational_image", prompt="a fox", dialogue_mode="skip")
    conversation_id, images = begun["conversation_id"], begun["images"]
    while not images:  # a busy machine draws for longer than a call waits
        images = visitor.call("view_read", what="state", id=conversation_id)["images"]
    return {**images[0], "conversation_id": conversation_id}


def test_without_the_cookie_there_is_an_empty_page_and_nothing_of_anybodys(
    stranger: Visitor, drawn: dict[str, Any]
) -> None:
    shell, module = stranger.get("/studio"), stranger.get("/studio/studio.js")
    refused = [
        stranger.mcp(LIST, {}),
        stranger.get("/v1/images/" + drawn["image_id"] + "/content"),
        stranger.get("/v1/images/img_0000000000000000/content"),
        stranger.get("/v1/images.zip?ids=" + drawn["image_id"]),
        stranger.get("/conversations/" + drawn["conversation_id"]),
        stranger.ask("POST", "/v1/uploads", b"x", **{"Content-Type": FORM}),
        stranger.get("/anything"),
    ]

    assert shell.headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert b"<script>" not in shell.body
    assert module.headers["content-type"] == "text/javascript; charset=utf-8"
    for answer in (shell, module):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert {(one.status, one.body) for one in refused} == {(401, refused[0].body)}
    assert "`image-consultant studio`" in json.loads(refused[0].body)["error"]
    assert b'data-command="image-consultant studio"' in shell.body


@pytest.mark.parametrize(
    "name",
    ["routes.py", "../settings.py", "%2e%2e/settings.py", "..%00.css", "modules/view.js"],
)
def test_of_the_studios_folder_the_script_and_the_style_sheet_alone_are_served(
    stranger: Visitor, name: str
) -> None:
    assert stranger.get(f"/studio/{name}").status == 404


def test_a_token_lets_one_browser_in_once_by_a_cookie_that_only_this_page_sends(
    stranger: Visitor,
) -> None:
    token = stranger.access.token()
    first, again = stranger.exchange(token), stranger.exchange(token)
    stranger.cookie = first.headers["set-cookie"].partition(";")[0]

    attributes = {part.strip() for part in first.headers["set-cookie"].split(";")[1:]}
    assert attributes == {"HttpOnly", "SameSite=strict", "Path=/", "Max-Age=2592000"}
    assert first.status == 204
    assert (again.status, "set-cookie" in again.headers) == (401, False)
    assert stranger.mcp(LIST, {}).status == 200


@pytest.mark.parametrize(
    "token",
    ["", ".", "0" * 16, f"{'0' * 16}.{'0' * 32}", "\udcff.é", Access("another", "run").token(),
     Access(SECRET, "an earlier run").token()],
    ids=["empty", "dot", "no signature", "guess", "odd", "of another folder", "of an earlier run"],
)  # fmt: skip
def test_a_token_that_is_not_of_this_run_is_refused(stranger: Visitor, token: str) -> None:
    assert stranger.exchange(token).status == 401


@pytest.mark.parametrize(
    ("status", "foreign"),
    [
        (403, {"Origin": "https://evil.example"}),
        (403, {"Origin": "http://127.0.0.1:9"}),
        (403, {"Origin": "null"}),
        (403, {"Origin": ""}),
        (421, {"Host": "evil.example"}),
    ],
    ids=["foreign page", "page of another port", "null", "none", "foreign name"],
)
def test_with_the_cookie_only_the_studios_own_page_may_ask(
    page: Visitor, drawn: dict[str, Any], status: int, foreign: dict[str, str]
) -> None:
    token = page.access.token()
    refused = [
        page.mcp(LIST, {}, **foreign),
        page.exchange(token, **foreign),
        page.ask("POST", "/v1/uploads", b"x", **{"Content-Type": FORM, **foreign}),
    ]
    if foreign != {"Origin": ""}:  # browsers leave it out where a page only reads
        refused.append(page.get("/v1/images/" + drawn["image_id"] + "/content", **foreign))

    assert {one.status for one in refused} == {status}
    assert not any(drawn["conversation_id"].encode() in one.body for one in refused)
    assert page.exchange(token).status == 204  # nobody else could use it up


@pytest.mark.parametrize(
    ("status", "site_"), [(403, "cross-site"), (403, "same-site"), (200, "same-origin")]
)
def test_a_picture_is_given_to_the_studios_page_and_not_lent_to_another(
    page: Visitor, drawn: dict[str, Any], status: int, site_: str
) -> None:
    answer = page.get("/v1/images/" + drawn["image_id"] + "/content", **{"Sec-Fetch-Site": site_})

    assert answer.status == status


def test_a_cookie_that_was_changed_is_refused_and_one_that_is_old(
    page: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, _, value = page.cookie.partition("=")
    page.cookie = f"{name}=9{value}"
    assert page.mcp(LIST, {}).status == 401
    page.cookie = f"{name}={value}"
    late = time.time() + COOKIE_SECONDS + 1
    monkeypatch.setattr("studio.access.time.time", lambda: late)

    assert page.mcp(LIST, {}).status == 401


async def test_a_client_with_the_http_token_works_without_a_cookie(site: Visitor) -> None:
    address = f"http://127.0.0.1:{site.port}/mcp"
    async with (
        Client(address, auth=TOKEN) as modern,
        Client(address, auth=TOKEN, mode="legacy") as legacy,
    ):
        for client in (modern, legacy):
            assert (await consult(client, "a fox", mode="skip"))["status"] == "ready"
    assert Visitor(site.port, site.access).mcp(LIST, {}, Authorization="Bearer wrong").status == 401


def test_a_picture_comes_as_it_was_saved_or_small_and_only_once(
    page: Visitor, drawn: dict[str, Any]
) -> None:
    address = "/v1/images/" + drawn["image_id"]
    whole, small = page.get(f"{address}/content"), page.get(f"{address}/preview?edge=240")
    again = page.get(f"{address}/content", **{"If-None-Match": whole.headers["etag"]})

    assert whole.body == Path(drawn["path"]).read_bytes()
    assert hashlib.sha256(whole.body).hexdigest() in whole.headers["etag"]
    assert whole.headers["content-type"] == f"image/{drawn['format']}"
    assert whole.headers["cache-control"].startswith("private")
    assert whole.headers["cross-origin-resource-policy"] == "same-origin"
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["content-security-policy"] == "sandbox"
    assert max(Image.open(io.BytesIO(small.body)).size) == 240
    assert small.headers["etag"] != whole.headers["etag"]
    assert (again.status, again.body) == (304, b"")
    assert page.get(f"{address}/preview?edge=7").status == 400
    assert page.get(f"{address}/other").status == 404
    assert page.get("/v1/images/img_0000000000000000/content").status == 404


def test_a_sample_of_a_style_is_shown_and_one_that_is_not_there_is_not(
    page: Visitor, settings_of_all: Settings
) -> None:
    folder = settings_of_all.styles_dir
    folder.mkdir(parents=True)
    (folder / "dusk.yaml").write_text(
        "note: Late.\naspects: {mood: {words: calm}}\nsamples: [dusk-1.jpg]\n"
    )
    (folder / "dusk-1.jpg").write_bytes(b"a picture")
    sample = page.get("/v1/styles/dusk/samples/1")

    assert (sample.body, sample.headers["content-type"]) == (b"a picture", "image/jpeg")
    for gone in ("dusk/samples/2", "dusk/samples/0", "dawn/samples/1", "..%2Fdusk/samples/1"):
        assert page.get(f"/v1/styles/{gone}").status == 404


def test_a_reference_that_is_handed_in_is_an_input_like_any_other(
    page: Visitor, settings_of_all: Settings
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(picture, "PNG")
    answer = page.ask(
        "POST", "/v1/uploads", form("sea.png", picture.getvalue()), **{"Content-Type": FORM}
    )
    upload_id = json.loads(answer.body)["upload_id"]
    result = page.call(
        "openai_image_consultation", message="the sea", mode="skip", reference_images=[upload_id]
    )

    assert answer.status == 201
    assert (settings_of_all.data_dir / "uploads" / upload_id).read_bytes() == picture.getvalue()
    assert result["status"] == "ready"


@pytest.mark.parametrize(
    ("status", "path", "body", "headers"),
    [
        (415, "/studio/session", b'{"token": "x"}', {"Content-Type": "text/plain"}),
        (413, "/studio/session", b'{"token": "%s"}' % (b"x" * 600), JSON),
        (400, "/studio/session", b"[]", JSON),
        (415, "/v1/uploads", b"{}", JSON),
        (413, "/v1/uploads", None, {"Content-Type": FORM, "Content-Length": str(60 * 2**20)}),
        (400, "/v1/uploads", b"--x--", {"Content-Type": FORM}),
        (400, "/v1/uploads", b"no form", {"Content-Type": "multipart/form-data"}),
        (400, "/v1/uploads", b"", {"Content-Type": FORM, "Content-Length": "0"}),
    ],
    ids=["text", "long", "list", "json", "large", "empty form", "no boundary", "nothing"],
)  # fmt: skip
def test_a_body_of_the_wrong_kind_is_refused_in_words(
    page: Visitor, status: int, path: str, body: bytes | None, headers: dict[str, str]
) -> None:
    answer = page.ask("POST", path, body, **headers)

    assert answer.status == status
    assert json.loads(answer.body)["error"]


def test_a_file_that_is_no_picture_is_told_by_its_name(page: Visitor) -> None:
    answer = page.ask(
        "POST", "/v1/uploads", form("notes.pdf", b"%PDF-1.7"), **{"Content-Type": FORM}
    )

    assert answer.status == 400
    assert "'notes.pdf' is a PDF file" in json.loads(answer.body)["error"]


def test_several_pictures_are_saved_in_one_file_with_what_is_known_of_each(
    page: Visitor, drawn: dict[str, Any]
) -> None:
    other = page.call("openai_generate_image", prompt="a hare")["images"]
    while not other:  # a busy machine draws for longer than a call waits
        newest = page.call("studio_read", what="pictures")["pictures"][0]
        other = [newest] if newest["prompt"] == "a hare" else []
    gone = other[0].get("image_id") or other[0]["id"]
    path = next(
        path for path in Path(drawn["path"]).parent.iterdir() if path != Path(drawn["path"])
    )
    path.unlink()
    answer = page.get(f"/v1/images.zip?ids={drawn['image_id']},{gone}")
    archive = zipfile.ZipFile(io.BytesIO(answer.body))
    there, missing = json.loads(archive.read("pictures.json"))

    assert archive.read(there["file"]) == Path(drawn["path"]).read_bytes()
    assert (there["id"], there["prompt"]) == (drawn["image_id"], "a fox")
    assert (missing["id"], missing["file"]) == (gone, None)
    assert page.get("/v1/images.zip?ids=").status == 400
    assert page.get("/v1/images.zip?ids=img_0000000000000000").status == 404


def test_a_conversation_can_be_taken_along(page: Visitor, drawn: dict[str, Any]) -> None:
    address = "/conversations/" + drawn["conversation_id"]
    html, record, markdown = (
        page.get(f"{address}?as={form}") for form in ("html", "json", "markdown")
    )
    archive = zipfile.ZipFile(io.BytesIO(markdown.body))
    pictures = [archive.read(name) for name in archive.namelist() if not name.endswith(".md")]

    for answer in (html, record, markdown):
        assert answer.headers["content-disposition"].startswith("attachment")
    assert b"a fox" in html.body
    assert drawn["image_id"] in record.body.decode()
    assert pictures == [Path(drawn["path"]).read_bytes()]
    assert page.get("/conversations/conv_0").status == 404
    assert page.get(f"{address}?as=docx").status == 400


def form(name: str, data: bytes) -> bytes:
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + data + b"\r\n--x--\r\n"


def test_a_second_studio_finds_the_first_and_can_let_browsers_into_it(settings: Settings) -> None:
    with Instance(settings) as first:
        running = Running("http://127.0.0.1:1", "", sandbox=False, run=first.run)
        first.announce(running)
        with Instance(settings) as second:
            assert second.other == running
            cookie = first.access.redeem(second.access.token())
        files = sorted((settings.data_dir / "studio").iterdir())
        modes = {path.name: path.stat().st_mode & 0o777 for path in files}
    with Instance(settings) as next_one:  # what ended left its secret, and not its address
        assert next_one.other is None
        assert cookie
        assert next_one.access.admits(cookie)

    assert modes == {"address.json": 0o600, "cookie-key": 0o600}
    assert [path.name for path in (settings.data_dir / "studio").iterdir()] == ["cookie-key"]


def test_a_secret_that_was_emptied_is_made_anew(settings: Settings) -> None:
    folder = settings.data_dir / "studio"
    folder.mkdir(parents=True)
    (folder / "cookie-key").touch()
    empty = Access("", "run")
    cookie = empty.redeem(empty.token())

    with Instance(settings) as instance:
        assert cookie
        assert not instance.access.admits(cookie)


def test_the_address_of_a_studio_that_was_killed_is_not_believed(settings: Settings) -> None:
    with Instance(settings) as killed:
        killed.announce(Running("http://127.0.0.1:1", "", sandbox=False, run=killed.run))
        text = (settings.data_dir / "studio" / "address.json").read_text()
    (settings.data_dir / "studio" / "address.json").write_text(text)

    with Instance(settings) as instance:
        assert instance.other is None


def test_a_second_studio_prints_a_new_address_and_says_where_it_would_be_another(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IMAGE_CONSULTANT_DATA_DIR", str(settings.data_dir))
    with Instance(settings) as first:
        first.announce(Running("http://127.0.0.1:1", "", sandbox=True, run=first.run))
        command.studio(sandbox=True, no_open=True)
        printed = capsys.readouterr().out
        with pytest.raises(Problem, match=r"already, on .* `image.* --sandbox` opens"):
            command.studio(no_open=True)

        assert "`image-consultant studio --sandbox` in another terminal" in printed
        token = re.findall(r"http://127\.0\.0\.1:1/studio#t=(\S+)", printed)[0]
        assert first.access.redeem(token)


def test_a_port_that_is_taken_is_passed_over_unless_it_was_asked_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = resolve("127.0.0.1", taken.getsockname()[1], None)
        with command._listen(address, tries=5) as listener:
            assert listener.getsockname()[1] > address.port
        with pytest.raises(Problem, match=f"Port {address.port} .* --port"):
            command._listen(address, tries=1)


@pytest.mark.block_network(allowed_hosts=[HERE, "127.0.0.2"])
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.2 is nobody's")
def test_a_phone_reads_an_address_of_this_machine_from_the_code_and_is_let_in(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # An address that none of the usual names has, and that tests may connect to.
    monkeypatch.setattr(command, "_own_address", lambda _address: "127.0.0.2")
    settings = settings.model_copy(update={"http_token": SecretStr(TOKEN)})
    with serve_studio(settings, host="0.0.0.0") as studio:
        urls = command._urls(studio.listens)
        command._show(Running(*urls, sandbox=True, run="run"), studio.access, opens=False)
        printed = capsys.readouterr().out
        address = read_code(printed)
        host, port, token = re.findall(r"^http://(.+):(\d+)/studio#t=(\S+)$", address)[0]
        phone = Visitor(int(port), studio.access, host)
        strangers = [phone.mcp(LIST, {}).status, phone.get("/studio").status]
        phone.cookie = phone.exchange(token).headers["set-cookie"].partition(";")[0]

        assert phone.mcp(LIST, {}).status == 200
        name = f"rebound.example:{port}"
        rebound = {"Host": name, "Origin": f"http://{name}"}
        assert [phone.mcp(LIST, {}, **rebound).status, phone.get("/", **rebound).status] == [
            421
        ] * 2
    assert (host, strangers) == ("127.0.0.2", [401, 200])
    assert address in printed.split()
    assert printed.count("#t=") == 2  # the other one is for this machine
    assert TOKEN not in printed


def read_code(printed: str) -> str:
    """What a camera reads of a code that is printed in blocks of two, light on dark."""
    lines = [line for line in printed.splitlines() if set(line) & set("█▀▄")]
    width = max(map(len, lines))
    rows = [[sign in half for sign in line.ljust(width)] for line in lines for half in ("█▀", "█▄")]
    picture = Image.new("L", (width, len(rows)))
    picture.putdata([255 * light for row in rows for light in row])
    (code,) = zxingcpp.read_barcodes(picture.resize((8 * width, 8 * len(rows)), 0))
    return str(code.text)


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_a_drawing_that_a_second_ctrl_c_cuts_off_is_collected_when_the_page_is_served_again(
    settings: Settings, sandbox: Sandbox
) -> None:
    environment = folders.environment_in(settings.data_dir.parent, sandbox.base_url)
    # It waits six seconds for what is nearly there, unless one presses it again.
    start = "from cli import main; main()"
    words = [sys.executable, "-c", start, "studio", "--no-open", "--port", "0"]
    with Server(words, environment) as server:
        assert server.process.stdout
        port, token = re.findall(r":(\d+)/studio#t=(\S+)", server.process.stdout.readline())[0]
        access = Access((settings.data_dir / "studio" / "cookie-key").read_text(), "any")
        page = Visitor(int(port), access)
        page.cookie = page.exchange(token).headers["set-cookie"].partition(";")[0]
        sandbox.fail("delay=4", kind="image")
        begun = page.call("openai_conversational_image", prompt="a fox", dialogue_mode="skip")
        server.process.send_signal(signal.SIGINT)
        told = next(line for line in server.process.stdout if "Waiting" in line)
        server.process.send_signal(signal.SIGINT)
        code = server.process.wait(20)
        left = [path.name for path in (settings.data_dir / "studio").iterdir()]

    assert "Ctrl-C once more ends it" in told
    assert (begun["status"], code, left) == ("working", 130, ["cookie-key"])
    assert not settings.images_dir.exists() or not list(settings.images_dir.iterdir())
    with serve_studio(settings, access=access) as again:  # the page was left open, with its cookie
        page.port = again.port
        until = time.monotonic() + 20
        while page.call("studio_read", what="pulse")["drawings"] and time.monotonic() < until:
            time.sleep(0.05)
        found = page.call("studio_read", what="pictures")["pictures"]

    assert len(found) == len(list(settings.images_dir.iterdir())) == 1
    assert sandbox.count("image") == 1
