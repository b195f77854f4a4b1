"""The command `conversations`: what is kept, in a terminal."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client

from cli.conversations import app
from problems import Problem
from sandbox import Sandbox
from server import create_server
from settings import load_settings
from tests.calls import consult, draw, picture
from tests.conftest import KEY

Result = dict[str, Any]
Run = Callable[..., str]


@pytest.fixture
def run(
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run the command on a data folder of its own; what it printed."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("IMAGE_CONSULTANT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("IMAGE_CONSULTANT_IMAGES_DIR", str(tmp_path / "images"))

    def command(*arguments: str) -> str:
        app(arguments, result_action="return_value")
        return capsys.readouterr().out

    return command


@pytest.fixture
def drawn(run: Run) -> Result:  # noqa: ARG001  # sets the folders
    """A picture that was drawn after a dialogue, and a conversation beside it."""

    async def make() -> Result:
        async with Client(create_server(load_settings())) as client:
            await consult(client, "a hedgehog as a linocut", finish=True)
            ready = await consult(client, "a lighthouse as a linocut", finish=True)
            return await draw(client, conversation_id=ready["conversation_id"], quality="low")

    return asyncio.run(make())


def test_it_lists_and_finds(run: Run, drawn: Result) -> None:
    everything = json.loads(run("list", "--json"))
    found = json.loads(run("search", "lighthouse", "--json"))

    assert everything["total"] == 2
    (one,) = found["conversations"]
    assert one["conversation_id"] == drawn["conversation_id"]
    assert "a lighthouse" in run("show", drawn["conversation_id"])


def test_nothing_is_deleted_without_confirming(run: Run, drawn: Result) -> None:
    said = run("delete", drawn["conversation_id"])
    still = json.loads(run("list", "--json"))["total"]
    done = run("delete", drawn["conversation_id"], "--confirm", "--pictures")

    assert "This would delete" in said
    assert still == 2
    assert "Deleted" in done
    assert json.loads(run("list", "--json"))["total"] == 1
    assert not picture(drawn).exists()


def test_what_is_old_goes_only_when_confirmed_and_what_is_loved_stays(
    run: Run, drawn: Result, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "data" / "conversations.db")) as records, records:
        records.execute("UPDATE conversations SET changed_at = '2020-01-01T00:00:00+00:00'")
        records.execute("UPDATE images SET rating = 5")

    dry = run("prune", "--older-than-days", "30")
    run("prune", "--older-than-days", "30", "--confirm")

    left = json.loads(run("list", "--json"))["conversations"]
    assert dry.count("This would delete") == 1
    assert [one["conversation_id"] for one in left] == [drawn["conversation_id"]]


def test_the_largest_go_until_the_rest_fits(run: Run, drawn: Result) -> None:
    assert drawn["conversation_id"] in run("prune", "--larger-than-mb", "0")
    assert "nothing that old" in run("prune", "--larger-than-mb", "100")


def test_what_was_learnt_is_shown_and_forgotten(run: Run, drawn: Result) -> None:  # noqa: ARG001
    before = run("likings")
    forgotten = run("likings", "forget")
    after = run("likings")

    assert "linocut (chosen 2 times)" in before
    assert "Forgotten" in forgotten
    assert "Nothing was learnt" in after


def test_stats_tell_how_types_fared(run: Run, drawn: Result) -> None:  # noqa: ARG001
    rows = json.loads(run("stats", "--json"))

    assert sum(row["conversations"] for row in rows) == 2
    assert sum(row["pictures"] for row in rows) == 1


@pytest.mark.parametrize("form", ["markdown", "json", "html"])
def test_it_exports_one_or_all(run: Run, drawn: Result, tmp_path: Path, form: str) -> None:
    one = run("export", drawn["conversation_id"], "--as", form, "--to", str(tmp_path / "one"))
    run("export", "--all", "--as", form, "--to", str(tmp_path / "all"))

    suffix = {"markdown": ".md", "json": ".json", "html": ".html"}[form]
    assert str(tmp_path / "one") in one
    assert len(list((tmp_path / "one").rglob(f"*{suffix}"))) == 1
    assert len(list((tmp_path / "all").rglob(f"*{suffix}"))) == 2


def test_what_was_exported_is_taken_in_again(run: Run, drawn: Result, tmp_path: Path) -> None:
    run("export", drawn["conversation_id"], "--as", "json", "--to", str(tmp_path / "out"))
    before = run("show", drawn["conversation_id"])
    run("delete", drawn["conversation_id"], "--confirm")

    (file,) = (tmp_path / "out").rglob("*.json")
    run("import", str(file))

    assert run("show", drawn["conversation_id"]) == before


def test_an_export_of_nothing_is_refused(run: Run) -> None:
    with pytest.raises(Problem, match="--all"):
        run("export")
