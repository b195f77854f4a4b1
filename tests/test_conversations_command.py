"""The command `conversations`: what is kept, in a terminal."""

import asyncio
import json
import re
import sqlite3
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from PIL import Image

from cli import terminal
from errors import Problem
from sandbox.loopback import Sandbox
from server import create_server
from storage.picture_files import convert
from storage.stamps import now
from tests import folders
from tests.calls import consult, draw, picture
from tests.conftest import Run

Result = dict[str, Any]


@pytest.fixture(scope="module")
def earlier(
    tmp_path_factory: pytest.TempPathFactory, shared_sandbox: Sandbox
) -> tuple[Path, Result]:
    """A folder in which a picture was drawn after a dialogue, and a conversation beside it."""
    folder = tmp_path_factory.mktemp("earlier")

    async def make() -> Result:
        server = create_server(folders.settings_in(folder, shared_sandbox.base_url))
        async with Client(server) as client:
            await consult(client, "a hedgehog, watercolor", finish=True)
            ready = await consult(client, "a lighthouse, watercolor", finish=True)
            return await draw(client, conversation_id=ready["conversation_id"], quality="low")

    return folder, asyncio.run(make())


@pytest.fixture
def drawn(run: Run, earlier: tuple[Path, Result], tmp_path: Path) -> Result:  # noqa: ARG001  # sets the folders
    """The result of it; it lies in the folders of the test."""
    folder, result = earlier
    folders.copy(folder, tmp_path)
    image = result["images"][0]
    return {
        **result,
        "images": [image | {"path": image["path"].replace(*map(str, (folder, tmp_path)))}],
    }


def test_it_lists_and_finds(run: Run, drawn: Result) -> None:
    everything = json.loads(run("conversations", "list", "--json"))
    found = json.loads(run("conversations", "search", "lighthouse", "--json"))

    assert everything["total"] == 2
    (one,) = found["conversations"]
    assert one["conversation_id"] == drawn["conversation_id"]
    assert "a lighthouse" in run("conversations", "show", drawn["conversation_id"])


def test_the_list_names_each_id_whole_in_a_narrow_terminal(
    run: Run, drawn: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = terminal.Terminal(width=40, force_terminal=True)
    monkeypatch.setattr(terminal, "console", narrow)

    lines = run("conversations", "list").splitlines()

    (one,) = [line for line in lines if drawn["conversation_id"] in line]
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d", one)
    title = lines[lines.index(one) + 1]
    assert "a lighthouse, watercolor" in title
    assert len(title) <= 60  # with the signs of the colour


def test_the_list_is_of_the_days_that_are_named(run: Run, drawn: Result, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "data" / "conversations.db")) as records, records:
        records.execute(
            "UPDATE conversations SET changed_at = '2026-11-28T09:00:00+00:00' WHERE id = ?",
            [drawn["conversation_id"]],
        )

    days = ("--since", "2026-11-27", "--until", "2026-11-28")
    found = run("conversations", "list", *days)

    assert re.findall(r"conv_\w+", found) == [drawn["conversation_id"]]
    none = "No conversation fits. Use other or fewer words."
    assert f"{none}\n" in run("conversations", "search", "badger")
    assert f"{none} Use fewer filters." in run("conversations", "search", "hedgehog", *days)


def test_a_picture_is_rated_as_the_tool_does(run: Run, drawn: Result) -> None:
    said = run("conversations", "rate", drawn["conversation_id"][:9], "4", "--liked", "the light")
    shown = run("conversations", "show", drawn["conversation_id"])

    assert f"{drawn['images'][0]['image_id']} is rated 4 of 5; liked: the light." in said
    assert "rated 4 of 5; liked: the light" in shown


def test_the_beginning_of_an_id_is_taken_where_it_fits_one(run: Run, drawn: Result) -> None:
    key = drawn["conversation_id"]

    assert key in run("conversations", "show", key[:10])
    assert key in run("conversations", "show", key.removeprefix("conv_")[:5])
    with pytest.raises(Problem, match=f"fits several: .*{key}"):
        run("conversations", "show", "conv_")
    with pytest.raises(Problem, match="2 is a number, and no id"):  # of a sheet, not of all
        run("conversations", "rate", "2", "4")


def test_a_record_is_shown_without_the_signs_that_a_terminal_would_obey(run: Run) -> None:
    run("generate", "a fox \x1b]0;mine\x07\x1b[2J with a hat", "--sandbox")
    (found,) = json.loads(run("conversations", "list", "--json"))["conversations"]

    shown = run("conversations", "show", found["conversation_id"])

    assert "with a hat" in shown
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_nothing_is_deleted_without_confirming(run: Run, drawn: Result) -> None:
    sheet = picture(drawn).with_name(f"{picture(drawn).stem}_sheet.jpg")
    sheet.write_bytes(b"as generate writes it beside several pictures")
    said = run("conversations", "delete", drawn["conversation_id"])
    still = json.loads(run("conversations", "list", "--json"))["total"]
    done = run("conversations", "delete", drawn["conversation_id"], "--confirm", "--pictures")

    assert "This would delete" in said
    assert still == 2
    assert "Deleted" in done
    assert json.loads(run("conversations", "list", "--json"))["total"] == 1
    assert not picture(drawn).exists()
    assert not sheet.exists()


def test_what_is_old_goes_only_when_confirmed_and_what_is_loved_stays(
    run: Run, drawn: Result, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "data" / "conversations.db")) as records, records:
        records.execute("UPDATE conversations SET changed_at = '2020-01-01T00:00:00+00:00'")
        records.execute("UPDATE images SET rating = 5")

    dry = run("conversations", "prune", "--older-than-days", "30")
    run("conversations", "prune", "--older-than-days", "30", "--confirm")

    left = json.loads(run("conversations", "list", "--json"))["conversations"]
    assert dry.count("This would delete") == 1
    assert [one["conversation_id"] for one in left] == [drawn["conversation_id"]]


def test_the_largest_go_until_the_rest_fits(run: Run, drawn: Result) -> None:
    assert drawn["conversation_id"] in run("conversations", "prune", "--larger-than-mb", "0")
    assert "nothing that old" in run("conversations", "prune", "--larger-than-mb", "100")


@pytest.mark.usefixtures("drawn")
def test_what_was_learnt_is_shown_and_forgotten(run: Run) -> None:
    real = run("conversations", "likings")
    before = run("conversations", "likings", "--sandbox")
    forgotten = run("conversations", "likings", "forget", "--sandbox")
    after = run("conversations", "likings", "--sandbox")

    assert "Nothing was learnt" in real  # of play
    assert "shown with --sandbox" in real
    assert "watercolor (chosen 2 times)" in before
    assert "Forgotten" in forgotten
    assert "Nothing was learnt" in after
    assert "--sandbox" not in after


def test_stats_tell_how_types_fared(run: Run, drawn: Result) -> None:  # noqa: ARG001
    rows = json.loads(run("conversations", "stats", "--json"))

    assert sum(row["conversations"] for row in rows) == 2
    assert sum(row["pictures"] for row in rows) == 1
    assert any(row["play_money"] for row in rows)
    assert re.search(r"USD each\s[^$]*\d\*\s[^$]*\* Play money", run("conversations", "stats"))


def test_it_exports_one_or_all(run: Run, drawn: Result, tmp_path: Path) -> None:
    key, place = drawn["conversation_id"], str(tmp_path / "one")
    one = run("conversations", "export", key, "--as", "html", "--to", place)
    run("conversations", "export", "--all", "--as", "markdown", "--to", str(tmp_path / "all"))

    assert place in one
    assert len(list((tmp_path / "one").rglob("*.html"))) == 1
    assert len(list((tmp_path / "all").rglob("*.md"))) == 2


def test_what_was_exported_is_taken_in_again(run: Run, drawn: Result, tmp_path: Path) -> None:
    key = drawn["conversation_id"]
    run("conversations", "export", key, "--as", "json", "--to", str(tmp_path / "out"))
    before = run("conversations", "show", key)
    run("conversations", "delete", key, "--confirm")

    (file,) = (tmp_path / "out").rglob("*.json")
    run("conversations", "import", str(file))

    assert run("conversations", "show", key) == before


def test_what_is_no_record_is_refused_by_its_file_row_and_field(
    run: Run, drawn: Result, tmp_path: Path
) -> None:
    key = drawn["conversation_id"]
    run("conversations", "export", key, "--as", "json", "--to", str(tmp_path / "out"))
    run("conversations", "delete", key, "--confirm")
    (file,) = (tmp_path / "out").rglob("*.json")
    whole = json.loads(file.read_text(encoding="utf-8"))
    ink = {"name": "ink", "strength": 60, "aspects": {"line": "thin"}}
    wrong = {
        ".strength": {**ink, "strength": 101},
        ".aspects.smell": {**ink, "aspects": {"smell": "of tar"}},
        ".name": {"strength": 60, "aspects": {}},
        "": {**ink, "measured": {"line": {"weight": "thick"}}},
    }

    for field, style in wrong.items():
        row = {"id": "style:ink", "given": "ink", "file": "", "use": "style", "style": style}
        for table, rows in (("turns", "references"), ("jobs", "inputs")):
            whole[table][0][rows] = [row]
            file.write_text(json.dumps(whole), encoding="utf-8")
            told = run("conversations", "import", str(file))
            whole[table][0][rows] = []

            assert f"{table}[0].{rows}[0].style{field}" in told, told
    assert "This is a folder" in run("conversations", "import", str(tmp_path))
    file.write_bytes(b"\xff")
    for path in (file, tmp_path / "nowhere.json"):
        assert "rrno" not in run("conversations", "import", str(path))
    assert key not in left(run)


def test_an_export_of_nothing_is_refused(run: Run) -> None:
    with pytest.raises(Problem, match="--all"):
        run("conversations", "export")


OLD = "2020-01-01T00:00:00.000000+00:00"


@pytest.fixture
def old(run: Run, tmp_path: Path) -> list[str]:
    """Three conversations of long ago; a picture of the second is being drawn.

    One of the third was never collected, and is gone by now.
    """
    assert json.loads(run("conversations", "list", "--json"))["total"] == 0
    ids = [f"conv_{number}" for number in range(3)]
    with closing(sqlite3.connect(tmp_path / "data" / "conversations.db")) as records, records:
        for one in ids:
            records.execute(
                "INSERT INTO conversations (id, title, mode, image_type, language, created_at, "
                "changed_at) VALUES (?, 'old', 'quick', '', '', ?, ?)", (one, OLD, OLD)
            )  # fmt: skip
        orders = [("job_1", ids[1], now(), OLD, OLD), ("job_2", ids[2], OLD, OLD, OLD)]
        records.executemany(
            "INSERT INTO jobs (id, conversation_id, created_at, changed_at, beat_at, state, "
            "prompt, options, templates, response_id, error, request_key) VALUES "
            "(?, ?, ?, ?, ?, 'submitted', '', '{}', '{}', '', '', '')", orders
        )  # fmt: skip
    return ids


def left(run: Run) -> list[str]:
    listed = json.loads(run("conversations", "list", "--json"))["conversations"]
    return sorted(one["conversation_id"] for one in listed)


def test_what_is_being_drawn_stays_and_the_others_go_when_confirmed(
    run: Run, old: list[str]
) -> None:
    dry = run("conversations", "prune", "--older-than-days", "30")
    assert left(run) == old
    done = run("conversations", "prune", "--older-than-days", "30", "--confirm")

    assert dry.count("This would delete") == 2
    assert "Nothing was deleted" in dry
    assert done.count("Deleted") == 2
    assert "'conv_1' is still being drawn, so it was not deleted" in done
    assert left(run) == ["conv_1"]


@pytest.mark.usefixtures("old")
def test_no_number_means_all_by_accident(run: Run) -> None:
    for given in (
        [],
        ["--older-than-days", "-5"],
        ["--larger-than-mb", "-1"],
        ["--older-than-days", "1", "--larger-than-mb", "1"],
    ):
        with pytest.raises(Problem, match="with a number from 0 on"):
            run("conversations", "prune", *given, "--confirm")

    assert "nothing that old" in run(
        "conversations", "prune", "--older-than-days", "9999999999", "--confirm"
    )
    assert len(left(run)) == 3


def test_a_picture_is_saved_in_another_format_and_size_and_itself_stays(
    run: Run, drawn: Result, sandbox: Sandbox, tmp_path: Path
) -> None:
    original, asked = picture(drawn).read_bytes(), len(sandbox.requests)
    card, banner = tmp_path / "card.jpg", tmp_path / "banner.webp"

    run("conversations", "save", drawn["images"][0]["image_id"][:12], str(card))
    said = run("conversations", "save", drawn["conversation_id"], str(banner), "--size", "300x200")

    assert "200x200, made of img_" in said
    with Image.open(card) as first, Image.open(banner) as second:
        assert (first.format, first.size) == ("JPEG", (1024, 1024))
        assert (second.format, second.size) == ("WEBP", (200, 200))
    assert picture(drawn).read_bytes() == original
    assert len(sandbox.requests) == asked
    with pytest.raises(Problem, match="up to 8000 pixels"):  # of memory it would take gigabytes
        run(
            "conversations",
            "save",
            drawn["conversation_id"],
            str(tmp_path / "a.png"),
            "--size",
            "99999",
        )


def test_a_saved_copy_overwrites_nothing(run: Run, drawn: Result, tmp_path: Path) -> None:
    mine = tmp_path / "mine.png"
    mine.write_text("my own")

    with pytest.raises(Problem, match="there already"):
        run("conversations", "save", drawn["conversation_id"], str(mine))

    assert mine.read_text() == "my own"


def test_transparency_stays_where_the_format_has_it_and_is_white_elsewhere() -> None:
    source = BytesIO()
    Image.new("RGBA", (32, 32), (9, 9, 9, 0)).save(source, "PNG")

    corners: list[Any] = []
    for form in ("JPEG", "WEBP"):
        with Image.open(BytesIO(convert(source.getvalue(), form, None)[0])) as copy:
            corners.append(copy.convert("RGBA").getpixel((0, 0)))

    assert corners[0] == (255, 255, 255, 255)
    assert corners[1][3] == 0


@pytest.mark.parametrize("name", ["img_zzz", "nope"])
def test_a_picture_that_is_not_there_is_refused_as_a_picture(
    run: Run, tmp_path: Path, name: str
) -> None:
    with pytest.raises(Problem, match=rf"no picture '{name}'.*conversations show ID"):
        run("conversations", "save", name, str(tmp_path / "b.png"))
