"""The written dialogues hold on the sandbox, through MCP."""

from typing import Any

import pytest
from fastmcp import Client

from cli.evaluation import Dialogue, load_dialogues, play
from tests.conftest import ROOT

DIALOGUES = load_dialogues(ROOT / "tests" / "dialogues")


def test_there_are_at_least_forty_with_names_of_their_own() -> None:
    assert len({dialogue.name for dialogue in DIALOGUES}) == len(DIALOGUES) >= 40


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda dialogue: dialogue.name)
async def test_a_dialogue_keeps_what_is_promised(client: Client[Any], dialogue: Dialogue) -> None:
    played = await play(client, dialogue)

    assert played.checks
    assert [check for check in played.checks if not check.kept] == []
