"""What clients are shown of the tools changes only on purpose.

`python -m tests.test_tools_snapshot` writes tests/tools anew.
"""

import json
import re

import pytest

from server import INSTRUCTIONS
from settings import TOOLSETS
from tests.conftest import ROOT
from tests.tools_page import tools_of
from tools import output_schemas

ORDERS = re.compile(r"\b(always|never|must|should|you|please|do not)\b", re.IGNORECASE)

SNAPSHOTS = ROOT / "tests" / "tools"


def as_json(toolset: str) -> str:
    return json.dumps(tools_of(toolset), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("toolset", TOOLSETS)
def test_the_list_of_tools_is_the_committed_one(toolset: str) -> None:
    kept = (SNAPSHOTS / f"{toolset}.json").read_text(encoding="utf-8")

    assert as_json(toolset) == kept, "If the change is wanted: python -m tests.test_tools_snapshot"


@pytest.mark.parametrize("toolset", TOOLSETS)
def test_tools_say_what_they_do_and_give_no_orders(toolset: str) -> None:
    for tool in tools_of(toolset):
        hints = tool["annotations"]
        assert tool["title"]
        assert hints["readOnlyHint"] or "destructiveHint" in hints
        assert "openWorldHint" in hints
        assert "error" in tool["outputSchema"]["properties"]
        assert "required" not in tool["outputSchema"]
        assert len(tool["description"].encode()) < 2048
        assert not ORDERS.search(json.dumps(tool)), tool["name"]
    assert not ORDERS.search(INSTRUCTIONS)


def test_output_schemas_are_those_of_the_result_models() -> None:
    text = output_schemas.FILE.read_text(encoding="utf-8")

    assert text == output_schemas.as_json(), "After a change: python -m tools.output_schemas"


def test_every_snapshot_is_of_a_toolset() -> None:
    assert {path.stem for path in SNAPSHOTS.glob("*.json")} == set(TOOLSETS)


def write() -> None:
    for toolset in TOOLSETS:
        (SNAPSHOTS / f"{toolset}.json").write_text(as_json(toolset), encoding="utf-8")


if __name__ == "__main__":
    write()
