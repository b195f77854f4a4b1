"""A plain server in OpenAI's place that shares no code with the sandbox: it counts what is paid.

It answers in the shapes of real traffic (`openai_answers`). A picture is paid for once its
response has an id, whatever becomes of the connection, and can be fetched by that id once it is
drawn. Each response brings another picture, so that its bytes say which payment they are of.
"""

import base64
import copy
import io
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from PIL import Image

from tests.openai_answers import ANSWERS, Json, message, response, text

STALL = 600.0
"""Seconds for which a stream that stalls says nothing: longer than any test."""


@dataclass(frozen=True)
class Payment:
    """A picture that was bought: its response, when it is drawn, and its bytes."""

    response_id: str
    finished_at: float
    data: bytes
    request: Json


@dataclass
class Behaviour:
    """How pictures are drawn: seconds before the id, seconds until it is there, the stream."""

    before_id: float = 0.0
    drawing: float = 0.0
    stalls: bool = False
    turn: Json = field(default_factory=dict)
    data: bytes | None = None


class StandIn:
    """OpenAI's side on loopback, for as long as the block runs."""

    def __init__(self) -> None:
        self.behaviour = Behaviour()
        self.requests: list[Json] = []
        self.payments: list[Payment] = []
        self.turns = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def base_url(self) -> str:
        """What stands in OPENAI_BASE_URL."""
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        house = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                house.requests.append(body)
                try:
                    if body.get("stream"):
                        house.draw(self, body)
                    elif body.get("background"):
                        bought = house.buy(body)
                        self.answer(house.picture_response(bought, status="queued"))
                    else:
                        self.answer(house.talk())
                except ConnectionError:
                    pass  # whoever asked is gone; what it bought stays bought

            def do_GET(self) -> None:
                wanted = self.path.rpartition("/")[2]
                bought = next((one for one in house.payments if one.response_id == wanted), None)
                if bought is None:
                    fault = {"message": "Response not found.", "type": "invalid_request_error",
                             "param": "id", "code": None}  # fmt: skip
                    self.answer({"error": fault}, status=404)
                elif time.monotonic() < bought.finished_at:
                    self.answer(house.picture_response(bought, status="in_progress"))
                else:
                    self.answer(house.picture_response(bought))

            def answer(self, body: Json, *, status: int = 200) -> None:
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its own name
                pass

        return Handler

    def talk(self) -> Json:
        """A facilitator's turn."""
        self.turns += 1
        time.sleep(self.behaviour.before_id)
        return response(message(text(json.dumps(self.behaviour.turn))), id=f"resp_{self.turns}")

    def buy(self, request: Json) -> Payment:
        """Take the money for a picture."""
        behaviour = self.behaviour
        data = behaviour.data or _noise(len(self.payments))
        finished_at = time.monotonic() + behaviour.drawing
        bought = Payment(f"resp_{secrets.token_hex(12)}", finished_at, data, request)
        self.payments.append(bought)
        return bought

    def draw(self, handler: Any, request: Json) -> None:
        """Stream a picture as OpenAI does, or stop amid the stream."""
        behaviour = copy.copy(self.behaviour)
        time.sleep(behaviour.before_id)
        bought = self.buy(request)
        handler.send_response(200)
        handler.send_header("content-type", "text/event-stream")
        handler.send_header("transfer-encoding", "chunked")
        handler.end_headers()
        for event in self._events(bought):
            if event["type"] == "response.image_generation_call.completed":
                time.sleep(STALL if behaviour.stalls else behaviour.drawing)
            data = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            handler.wfile.flush()
        handler.wfile.write(b"0\r\n\r\n")

    def picture_response(self, bought: Payment, *, status: str = "completed") -> Json:
        """The response of a picture as it is fetched by its id."""
        done: Json = self._events(bought)[-1]["response"]
        if status == "completed":
            return done
        return {**done, "status": status, "output": [], "usage": None}

    def _events(self, bought: Payment) -> list[Json]:
        """The events of a recorded stream, with this response's id and picture."""
        events = copy.deepcopy(ANSWERS["picture_stream"][0]["response"]["sse"])
        picture = base64.b64encode(bought.data).decode()
        for event in events:
            if "response" in event:
                event["response"]["id"] = bought.response_id
            items = [event.get("item", {}), *event.get("response", {}).get("output", [])]
            for item in items:
                if item.get("result"):
                    item.update(result=picture, output_format="png")
        return list(events)


def _noise(number: int) -> bytes:
    """A small PNG that no other number has."""
    target = io.BytesIO()
    Image.new("RGB", (48, 32), (number % 256, number // 256, 77)).save(target, "PNG")
    return target.getvalue()
