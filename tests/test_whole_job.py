"""The whole job over stdio, as raw JSON-RPC with a server process of its own."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from consultation.transcript import QUESTIONS_OF_MODE
from tests.conftest import ROOT
from tests.forked import Server


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "HOME": str(tmp_path),
        "IMAGE_CONSULTANT_DATA_DIR": str(tmp_path / "data"),
        "IMAGE_CONSULTANT_IMAGES_DIR": str(tmp_path / "images"),
    }


class Caller:
    """Calls tools of a server whose era is settled."""

    def __init__(self, server: Server, *, modern: bool) -> None:
        self._server = server
        self._modern = modern

    def __call__(self, tool: str, **arguments: Any) -> dict[str, Any]:
        answer = self._server.ask(
            "tools/call", {"name": tool, "arguments": arguments}, modern=self._modern
        )
        result = answer["result"]
        assert not result.get("isError"), result
        return dict(result["structuredContent"])


def test_an_idea_becomes_a_picture_with_every_answer_in_plain_words(
    environment: dict[str, str],
) -> None:
    command = [sys.executable, str(ROOT / "__main__.py"), "serve", "--sandbox"]
    with Server(command, environment) as server:
        call = Caller(server, modern=server.open("discover, then initialize"))
        result = call("openai_image_consultation", message="a lighthouse in a storm")
        asked = 0
        while result["status"] == "asking":
            asked += len(result["questions"])
            words = ", ".join(question["options"][0] for question in result["questions"])
            result = call(
                "openai_image_consultation",
                message=words,
                conversation_id=result["conversation_id"],
            )
        drawn = call("openai_conversational_image", conversation_id=result["conversation_id"])
        changed = call(
            "openai_conversational_image",
            conversation_id=result["conversation_id"],
            prompt="make it evening",
        )
        ending = server.end()

    assert 1 <= asked <= QUESTIONS_OF_MODE["guided"]
    assert "lighthouse in a storm" in result["refined_prompt"]
    assert drawn["prompt"] == result["refined_prompt"]
    for made in (drawn, changed):
        assert Path(made["images"][0]["path"]).is_file()
    assert changed["images"][0]["parent_image_id"] == drawn["images"][0]["image_id"]
    assert ending.code == 0
    assert "a lighthouse" not in ending.errors  # logs hold nothing that people wrote
