"""What the process says on its pipes, read as bytes a client would read."""

import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.conftest import ROOT
from tests.folders import bare_environment
from tests.forks import Server
from tests.rpc import OPENINGS, SERVE, Ending, Message

KEY = "sk-proj-recognisable-0123456789abcdef"
EVENT = re.compile(r"time=\S+ level=[A-Z]+ logger=\S+ message=\".*\"")

# The real command around a server whose tools a picture server has no use for.
PLAYGROUND = """\
import logging, sys, types, warnings
from contextlib import asynccontextmanager

import anyio
from cli import main

logger = logging.getLogger("server")


@asynccontextmanager
async def lifespan(server):
    yield {}
    await anyio.sleep(0.1)
    logger.info("The lifespan has finished.")


async def nap(seconds: float) -> str:
    try:
        await anyio.sleep(seconds)
    except BaseException:
        logger.info("A nap of %s s was cancelled.", seconds)
        raise
    return f"slept {seconds}"


def shout(words: str) -> str:
    print(words)
    sys.stdout.write(words + chr(10))
    warnings.warn(words)
    raise RuntimeError(words)


def create_server(settings):
    from fastmcp import FastMCP

    print("printed at start")
    return FastMCP("playground", version="0", lifespan=lifespan, tools=[nap, shout])


sys.modules["server"] = types.SimpleNamespace(create_server=create_server)
main()
"""

PRODUCT = {"openai_image_consultation", "openai_conversational_image"}

PLAY = [sys.executable, "-c", PLAYGROUND]
PLAY_IN_BACKGROUND = [
    sys.executable,
    "-c",
    f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n{PLAYGROUND}",
]
"""As a shell has what runs in its background begin: SIGINT is ignored."""

Start = Callable[..., Server]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment of a person who has configured nothing, away from the real home."""
    home = tmp_path_factory.mktemp("home")
    return bare_environment(home) | {
        "PYTHONPATH": str(ROOT),
        "IMAGE_CONSULTANT_DATA_DIR": str(home / "data"),
        "IMAGE_CONSULTANT_IMAGES_DIR": str(home / "images"),
    }


@pytest.fixture(scope="module")
def start(environment: Mapping[str, str]) -> Start:
    """Start a command with more variables set."""
    return lambda command, **more: Server(command, {**environment, **more})


@pytest.fixture(scope="module")
def bilingual(start: Start) -> Iterator[Server]:
    """A connection on which both eras have been opened."""
    with start(PLAY) as server:
        server.open("discover, then initialize")
        yield server


@pytest.fixture(scope="module")
def after_shouting(start: Start) -> Ending:
    """The end of a server in which a tool printed, warned and failed."""
    with start(PLAY) as server:
        server.open("initialize")
        answer = server.ask("tools/call", call("shout", words="nothing for a client"))
        assert answer["result"]["isError"]
        return server.end()


def call(tool: str, **arguments: object) -> Message:
    """The parameters of a tool call."""
    return {"name": tool, "arguments": arguments}


@pytest.mark.parametrize("opening", OPENINGS)
def test_the_tools_are_listed_and_called_after_every_opening_and_without_a_key(
    start: Start, opening: str
) -> None:
    with start([*SERVE, "--sandbox"]) as server:
        modern = server.open(opening)
        listing = server.ask("tools/list", modern=modern)
        idea = call("openai_image_consultation", message="A red kite over a lake", mode="skip")
        answer = server.ask("tools/call", idea, modern=modern)
        ending = server.end()

    assert {tool["name"] for tool in listing["result"]["tools"]} >= PRODUCT
    assert answer["result"]["structuredContent"]["status"] == "ready"
    assert (ending.code, ending.replies) == (0, [])


def test_one_connection_serves_tool_calls_of_both_eras_at_once(bilingual: Server) -> None:
    slow = bilingual.request("tools/call", call("nap", seconds=0.5), modern=True)
    quick = bilingual.request("tools/call", call("nap", seconds=0.1))
    answers = [bilingual.receive(), bilingual.receive()]

    assert [answer["id"] for answer in answers] == [quick, slow]
    assert [answer["result"]["content"][0]["text"] for answer in answers] == [
        "slept 0.1",
        "slept 0.5",
    ]


@pytest.mark.parametrize("modern", [True, False])
def test_a_cancellation_reaches_the_request_it_names(bilingual: Server, modern: bool) -> None:
    seconds = 30 if modern else 40
    cancelled = bilingual.request("tools/call", call("nap", seconds=seconds), modern=modern)
    other = bilingual.request("tools/call", call("nap", seconds=0.3), modern=not modern)
    bilingual.notify("notifications/cancelled", {"requestId": cancelled})

    assert bilingual.receive()["id"] == other
    assert f"A nap of {seconds}.0 s was cancelled." in bilingual.errors()


def test_a_reply_under_way_survives_a_late_initialize(start: Start) -> None:
    with start(PLAY) as server:
        server.open("discover")
        slow = server.request("tools/call", call("nap", seconds=0.5), modern=True)
        server.open("initialize")
        answer = server.receive()

    assert answer["id"] == slow
    assert answer["result"]["content"][0]["text"] == "slept 0.5"


def test_a_request_sent_just_before_the_end_of_input_is_answered(start: Start) -> None:
    with start(SERVE) as server:
        server.open("initialize")
        listing = server.request("tools/list")
        ending = server.end()

    assert [reply["id"] for reply in ending.replies] == [listing]
    assert "result" in ending.replies[0]


def test_a_client_that_stops_reading_leaves_no_traceback(start: Start) -> None:
    with start(PLAY) as server:
        server.open("initialize")
        assert server.process.stdout
        server.process.stdout.close()
        server.request("tools/list")
        server.process.wait(10)

        assert server.process.returncode == 0
        assert "Traceback" not in server.errors()
        assert "BrokenPipe" not in server.errors()


def test_what_a_tool_prints_stays_off_the_wire(after_shouting: Ending) -> None:
    assert (after_shouting.code, after_shouting.replies) == (0, [])
    assert "The lifespan has finished." in after_shouting.errors
    assert "printed at start" in after_shouting.errors
    assert "\nnothing for a client\n" in after_shouting.errors


def test_an_exception_or_a_warning_is_one_event(after_shouting: Ending) -> None:
    lines = after_shouting.errors.splitlines()
    events = [line for line in lines if EVENT.match(line)]

    assert len([event for event in events if "RuntimeError: nothing for a client" in event]) == 1
    assert len([event for event in events if "UserWarning: nothing for a client" in event]) == 1
    assert "\nTraceback" not in after_shouting.errors


def test_a_line_that_is_no_message_is_answered_and_the_server_lives_on(start: Start) -> None:
    lines = [
        ("garbage", -32700, None),
        ("", -32700, None),
        ("\0", -32700, None),
        ('{"id": "', -32700, None),
        ('"' + "long" * 50_000, -32700, None),
        ("[" * 50_000, -32700, None),
        ("{}", -32600, None),
        ("[1, 2]", -32600, None),
        ("null", -32600, None),
        ('{"jsonrpc":"2.0","id":7,"method":3}', -32600, 7),
    ]
    with start(SERVE) as server:
        for line, code, number in lines:
            server.send(line)
            answer = server.receive()
            assert (answer["error"]["code"], answer["id"]) == (code, number), line
        server.open("initialize")
        server.send(lines[0][0])
        answers = [server.receive(), server.ask("tools/list")]
        ending = server.end()

    assert answers[0]["error"]["code"] == -32700
    assert "result" in answers[1]
    assert (ending.code, ending.replies) == (0, [])
    assert "Traceback" not in ending.errors


def test_words_that_were_cut_amid_an_emoji_are_answered_like_others(start: Start) -> None:
    """JavaScript writes what is left of it as a lone surrogate, which is JSON still."""
    words = "A kite \ud83e over 🪁 and \\ud83e"
    with start([*SERVE, "--sandbox"]) as server:
        server.open("initialize")
        idea = call("openai_image_consultation", message=words, mode="skip")
        result = server.ask("tools/call", idea)["result"]["structuredContent"]

    assert result["refined_prompt"] == "A kite \ufffd over 🪁 and \\ud83e"


def test_each_line_on_stderr_is_one_event_and_the_key_is_in_no_output(start: Start) -> None:
    with start(SERVE, OPENAI_API_KEY=KEY, IMAGE_CONSULTANT_LOG_LEVEL="DEBUG") as server:
        server.open("discover, then initialize")
        said = [server.ask(method) for method in ("tools/list", "resources/list", "prompts/list")]
        tools = [tool["name"] for tool in said[0]["result"]["tools"]]
        said += [
            server.ask("tools/call", call(tool, unheard_of="two\nlines"))
            for tool in [*tools, "unheard_of"]
        ]
        ending = server.end()

    events = ending.errors.splitlines()
    assert events
    assert [event for event in events if not EVENT.match(event)] == []
    assert KEY not in str(said)
    assert KEY not in ending.errors
    assert (ending.code, ending.replies) == (0, [])


def test_a_setting_that_cannot_be_used_is_one_sentence_and_exit_2(start: Start) -> None:
    with start(SERVE, IMAGE_CONSULTANT_WAIT_SECONDS="soon", OPENAI_API_KEY=KEY) as server:
        ending = server.end()

    assert (ending.code, ending.replies) == (2, [])
    assert len(ending.errors.splitlines()) == 1
    assert "IMAGE_CONSULTANT_WAIT_SECONDS" in ending.errors
    assert KEY not in ending.errors


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
@pytest.mark.parametrize(
    ("command", "number", "code"),
    [
        (PLAY, signal.SIGINT, 130),
        (PLAY, signal.SIGTERM, 143),
        (PLAY_IN_BACKGROUND, signal.SIGTERM, 143),
    ],
    ids=["Ctrl-C", "end", "end in the background"],
)
def test_an_interrupt_finishes_the_lifespan_and_leaves_no_traceback(
    start: Start, command: list[str], number: int, code: int
) -> None:
    with start(command) as server:
        server.open("initialize")
        server.request("tools/call", call("nap", seconds=30))
        ending = server.end(signal=number)

    assert ending.code == code
    assert "The lifespan has finished." in ending.errors
    assert "Traceback" not in ending.errors


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_a_server_that_cannot_finish_ends_in_time_all_the_same(start: Start) -> None:
    stuck = (
        PLAYGROUND.replace("await anyio.sleep(0.1)", "await anyio.sleep(60)")
        .replace("from cli import main", "from cli import main; from transports import process")
        .replace("main()\n", "process.LAST_SECONDS = 0.2; main()\n")
    )
    with start([sys.executable, "-c", stuck]) as server:
        server.open("initialize")
        begin = time.monotonic()
        ending = server.end(signal=signal.SIGTERM)

    assert ending.code == 143
    assert time.monotonic() - begin < 10
