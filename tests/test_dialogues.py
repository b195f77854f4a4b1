"""The written dialogues hold on the sandbox, through MCP."""

from typing import Any

import pytest
from fastmcp import Client

from cli.evaluation import Dialogue, load_dialogues, play
from cli.promised import judge
from consultation.facilitator import MENDED_NOTE
from tests.conftest import ROOT

DIALOGUES = load_dialogues(ROOT / "tests" / "dialogues")


def test_there_are_at_least_forty() -> None:
    assert len(DIALOGUES) >= 40


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue.name)
async def test_a_dialogue_keeps_what_is_promised(client: Client[Any], dialogue: Dialogue) -> None:
    played = await play(client, dialogue)

    assert [check for check in judge(played) if not check.kept] == []
    # The sandbox plays a facilitator that needs no mending unless it is told to misbehave.
    assert [result for result in played.results if MENDED_NOTE in result["notes"]] == []
