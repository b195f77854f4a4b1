"""OpenAI's side of a call, playing what it is handed: recordings, or answers shaped like them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

Json = dict[str, Any]
UNFINISHED = {"queued", "in_progress"}


class Recorded(NamedTuple):
    """One answer: where it stands, what was asked with which method, what came.

    `text` is the body as it is where it is no JSON.
    """

    name: str
    method: str = "POST"
    path: str = "/v1/responses"
    status: int = 200
    body: Any = None
    sse: list[Json] = []  # noqa: RUF012  # of a named tuple, and never changed
    headers: dict[str, str] = {}  # noqa: RUF012
    text: str = ""


def events(answer: Recorded) -> list[Json]:
    """An answer as a stream: its own, or the one that its body would have come in."""
    if answer.sse:
        return answer.sse
    opened = {**answer.body, "status": "in_progress", "output": []}
    told: list[Json] = [{"type": "response.created", "response": opened}]
    for index, item in enumerate(answer.body["output"]):
        told.append({"type": "response.output_item.done", "output_index": index, "item": item})
    if answer.body["status"] not in UNFINISHED:
        told.append({"type": f"response.{answer.body['status']}", "response": answer.body})
    return [{"sequence_number": number, **event} for number, event in enumerate(told)]


class Player(ThreadingHTTPServer):
    """Answers a POST with the next of `created`, a GET with the next of `retrieved`.

    The last of each is repeated. A POST is answered with a stream where one is asked for and
    the answer is none but JSON (`plain` keeps it as it is). With `cut` the stream breaks off
    after its first event.
    """

    daemon_threads = True

    def __init__(
        self, created: list[Recorded], retrieved: list[Recorded], *, cut: bool, plain: bool
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Turn)
        self.play(created, retrieved)
        self.cut, self.plain = cut, plain

    def play(self, created: list[Recorded], retrieved: list[Recorded] | None = None) -> None:
        """From now on these answers, and no request counted yet."""
        self.created, self.retrieved = list(created), list(retrieved or created)
        self.asked: list[str] = []
        self.bodies: list[Json] = []

    @property
    def url(self) -> str:
        """What to give an OpenAI client."""
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Turn(BaseHTTPRequestHandler):
    server: Player

    def do_POST(self) -> None:
        """Play the next answer to a new response."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if not self.path.endswith("/responses"):  # vectors are asked for where works are compared
            self._send(Recorded("not here", status=404, body={"error": {"message": "Not here."}}))
            return
        self.server.asked.append("POST")
        self.server.bodies.append(asked)
        answer = _next(self.server.created)
        if answer.status >= 400 or not asked.get("stream") or self.server.plain or answer.text:
            self._send(answer)
        else:
            self._stream(events(answer), cut=self.server.cut)

    def do_GET(self) -> None:
        """Play the next answer to whoever looks the response up."""
        self.server.asked.append("GET")
        answer = _next(self.server.retrieved)
        query = parse_qs(urlsplit(self.path).query)
        if query.get("stream") == ["true"] and answer.status < 400:
            after = int(query.get("starting_after", ["-1"])[0])
            rest = [event for event in events(answer) if event["sequence_number"] > after]
            self._stream(rest, cut=False)
        else:
            self._send(answer)

    def _stream(self, told: list[Json], *, cut: bool) -> None:
        chunks = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in told]
        only = len(chunks[0]) if cut else None
        self._write(200, {"content-type": "text/event-stream"}, "".join(chunks), only)

    def _send(self, answer: Recorded) -> None:
        text = answer.text or json.dumps(answer.body)
        headers = {"content-type": "application/json", **answer.headers}
        self._write(answer.status, headers, text)

    def _write(
        self, status: int, headers: dict[str, str], text: str, only: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode()[:only])

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it
        """Say nothing."""


def _next(answers: list[Recorded]) -> Recorded:
    return answers.pop(0) if len(answers) > 1 else answers[0]


@contextmanager
def playing(
    created: Recorded | list[Recorded],
    retrieved: list[Recorded] | None = None,
    *,
    cut: bool = False,
    plain: bool = False,
) -> Iterator[Player]:
    """A server that plays answers on a port of its own."""
    answers = created if isinstance(created, list) else [created]
    with Player(answers, retrieved or answers, cut=cut, plain=plain) as player:
        thread = threading.Thread(target=player.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield player
        finally:
            player.shutdown()
            thread.join()
