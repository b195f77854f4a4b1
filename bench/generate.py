"""What the way through the server costs: time beside a plain SDK call, variations, memory.

Run: `python -m bench.generate`. A stream is recorded from the sandbox once and replayed by
a process of its own, so that making it costs neither side anything; only the variations
meet the sandbox itself, which can wait. Exits with 1 where a bar is missed. Linux only:
the peak memory is read from /proc.
"""

import argparse
import asyncio
import base64
import json
import multiprocessing
import os
import statistics
import struct
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from fastmcp import Client
from openai import AsyncOpenAI

from bench.measurement import Measurement, peak, report
from sandbox.loopback import Sandbox
from server import create_server
from settings import Settings
from tests.conftest import KEY
from tests.folders import environment_in, settings_in
from tests.rpc import SERVE, Server

TOOL = "openai_conversational_image"
DRAW: dict[str, Any] = {
    "prompt": "a lighthouse in a storm",
    "dialogue_mode": "skip",
    "redraw": True,  # the same call would be shown again, free
}
USUAL, LARGE = 3_000_000, 20_000_000
AT_ONCE = 8
LATENCY = 2
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def record(size: int) -> tuple[dict[str, Any], bytes]:
    """The body our server sends for a picture, and the HTTP answer with one of `size` bytes."""
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        asyncio.run(_draw_once(settings_in(Path(folder), sandbox.base_url)))
        body = next(call.body for call in sandbox.requests if call.kind == "image")
        request = urllib.request.Request(
            f"{sandbox.base_url}/responses",
            json.dumps(body).encode(),
            {
                "authorization": f"Bearer {KEY}",
                "content-type": "application/json",
                "x-sandbox-fault": f"padded={size}",
            },
        )
        with urllib.request.urlopen(request) as answer:
            events = answer.read().split(b"\n\n")[:-1]
    chunks = [b"%x\r\n%s\n\n\r\n" % (len(event) + 2, event) for event in events]
    return body, HEAD + b"".join(chunks) + b"0\r\n\r\n"


async def _draw_once(settings: Settings) -> None:
    async with Client(create_server(settings)) as client:
        await client.call_tool(TOOL, DRAW)


def replay(answer: bytes, port: Connection) -> None:
    """Give every request the same answer, for ever, but for vectors of texts; tell the port first.

    The server compares a new idea with earlier ones: answered with a picture of 4 MB, that cost
    as much as drawing it.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
                body = await reader.readexactly(int(length))
                writer.write(vectors(body) if b"/embeddings" in head.splitlines()[0] else answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def vectors(body: bytes) -> bytes:
    """The HTTP answer to a request for vectors: the same one for each of its texts."""
    request = json.loads(body)
    one = base64.b64encode(struct.pack("<f", 0.1) * request["dimensions"]).decode()
    rows = [
        {"object": "embedding", "index": place, "embedding": one}
        for place, _ in enumerate(request["input"])
    ]
    usage = {"prompt_tokens": 9, "total_tokens": 9}
    reply = {"object": "list", "data": rows, "model": request["model"], "usage": usage}
    text = json.dumps(reply).encode()
    head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
    return f"{head}{len(text)}\r\n\r\n".encode() + text


@contextmanager
def replaying(answer: bytes) -> Iterator[str]:
    """The base URL of a process that replays an answer."""
    apart = multiprocessing.get_context("spawn")
    receiver, sender = apart.Pipe(duplex=False)
    process = apart.Process(target=replay, args=(answer, sender), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{receiver.recv()}/v1"
    finally:
        process.terminate()
        process.join()


async def draw_plainly(client: AsyncOpenAI, body: dict[str, Any], path: Path) -> None:
    """What a script would do: read the stream, decode the picture, write it safely."""
    result = ""
    async for event in await client.responses.create(**body):
        if event.type == "response.output_item.done":
            result = getattr(event.item, "result", None) or result
    with path.open("wb") as file:
        file.write(base64.b64decode(result))
        file.flush()
        os.fsync(file.fileno())


async def seconds(work: Callable[[], Awaitable[Any]]) -> float:
    """How long something takes."""
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


async def measure_overhead(body: dict[str, Any], base_url: str, runs: int) -> list[Measurement]:
    """One picture through the server beside a plain call, the three of them in turn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shown = create_server(settings_in(folder / "on", base_url))
        apart = settings_in(folder / "off", base_url)
        hidden = create_server(apart.model_copy(update={"preview": "off"}))
        sdk = AsyncOpenAI(api_key=KEY, base_url=base_url)
        async with sdk, Client(shown) as with_preview, Client(hidden) as without:
            ways: list[Callable[[], Awaitable[Any]]] = [
                lambda: draw_plainly(sdk, body, folder / "plain.png"),
                lambda: with_preview.call_tool(TOOL, DRAW),
                lambda: without.call_tool(TOOL, DRAW),
            ]
            rounds = [[await seconds(way) for way in ways] for _ in range(runs + 2)]
    plain, on, off = map(statistics.median, zip(*rounds[2:], strict=True))  # after warm-up
    return [
        Measurement("plain SDK call of a 3 MB picture", plain * 1000, "ms"),
        Measurement("the tool beside it, with its preview", on / plain, "x", 1.3),
        Measurement("the tool beside it, preview off", off / plain, "x"),
    ]


async def measure_variations() -> list[Measurement]:
    """Four variations beside one picture, where OpenAI takes two seconds; none where unknown."""
    with tempfile.TemporaryDirectory() as folder, Sandbox() as sandbox:
        async with Client(create_server(settings_in(Path(folder), sandbox.base_url))) as client:
            tool = next(tool for tool in await client.list_tools() if tool.name == TOOL)
            if "variations" not in tool.input_schema["properties"]:
                print(f"Variations are left out: {TOOL} has no such parameter.")
                return []

            async def time_of(count: int, latency: int = LATENCY) -> float:
                if latency:
                    sandbox.fail(f"delay={latency}", times=count, kind="image")
                words = {**DRAW, "quality": "low", "variations": count}
                return await seconds(lambda: client.call_tool(TOOL, words))

            await time_of(1, latency=0)  # imports and connections
            one, four = await time_of(1), await time_of(4)
    return [
        Measurement(f"one picture at {LATENCY} s latency", one, "s"),
        Measurement("four variations beside it", four / one, "x", 1.15),
    ]


def measure_memory(base_url: str) -> list[Measurement]:
    """The peak of a server process that receives eight 20 MB pictures at once."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Server(SERVE, environment_in(Path(folder), base_url)) as server,
    ):
        server.open("initialize")
        server.ask("tools/list")
        idle = peak(server.process.pid)
        started = time.perf_counter()
        for number in range(AT_ONCE):  # in a conversation each
            words = {**DRAW, "prompt": f"{DRAW['prompt']}, take {number}"}
            server.request("tools/call", {"name": TOOL, "arguments": words})
        answers = [server.receive() for _ in range(AT_ONCE)]
        elapsed = time.perf_counter() - started
        highest = peak(server.process.pid)
    states = [answer["result"]["structuredContent"]["status"] for answer in answers]
    assert states == ["done"] * AT_ONCE, states
    return [
        Measurement("server at rest", idle, "MB"),
        Measurement(f"{AT_ONCE} pictures of 20 MB at once took", elapsed, "s"),
        Measurement("peak of the server process", highest, "MB", 420),
    ]


def main() -> int:
    """Print each number beside its bar; 1 where one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15, help="pictures on each way")
    parser.add_argument("--no-bars", action="store_true", help="print only, exit with 0")
    options = parser.parse_args()
    body, usual = record(USUAL)
    with replaying(usual) as base_url:
        measurements = asyncio.run(measure_overhead(body, base_url, options.runs))
    measurements += asyncio.run(measure_variations())
    with replaying(record(LARGE)[1]) as base_url:
        measurements += measure_memory(base_url)
    return report(measurements) and int(not options.no_bars)


if __name__ == "__main__":
    sys.exit(main())
