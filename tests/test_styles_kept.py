"""Styles are files that people read and write: strict, and told with a line and a fix."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client

from errors import Problem
from sandbox.loopback import Sandbox
from styles.style_file import Style, parse_style
from styles.style_store import SHIPPED, StyleStore
from tests.calls import DRAW, draw, refusal
from tests.conftest import ROOT, Connect, Run

SOUND = """\
note: A quiet harbour in the morning.
aspects:
  palette:
    words: pale blue and rust
    measured:
      colours:
        - {colour: "#88aacc", share: 0.6}
        - {colour: "#aa5533", share: 0.3}
      temperature: -3.5
      colourfulness: 20
  mood: {words: calm}
avoid: [neon]
from:
  - {id: img_1, sha256: abababababababababababababababababababababababababababababababab}
made: {model: gpt-4o, date: 2026-11-30, template: styles/describe@0123456789ab}
tags: [harbour]
"""

Breaking = tuple[Callable[[str], str], int, str]
"""How the sound file is broken, the line that is told, and words of the fix."""


def swap(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


BROKEN: dict[str, Breaking] = {
    "no note": (swap("note: A quiet harbour in the morning.\n", ""), 1, "note: it is missing"),
    "another key": (swap("avoid:", "avoids:"), 12, "write avoid. The keys here are note,"),
    "another aspect": (swap("  mood:", "  moods:"), 11, "palette, light, comp"),
    "no words": (swap("    words: pale blue and rust\n", ""), 3, "words: it is missing; add it"),
    "empty words": (swap("pale blue and rust", "''"), 4, "at least 3 characters; change it"),
    "words too long": (swap("pale blue and rust", "a" * 301), 4, "at most 300 characters"),
    "words over lines": (swap("pale blue and rust", '"pale\\nblue"'), 4, "write it in one line"),
    "words left out": (swap("pale blue and rust", ""), 4, "nothing stands there"),
    "words as a list": (swap("pale blue and rust", "[pale, blue]"), 4, "without brackets"),
    "no list": (swap("[neon]", "neon"), 12, "square brackets: [neon]"),
    "a colour by name": (swap('"#88aacc"', "blue"), 7, 'in quotes, such as "#c96840"'),
    "a colour without quotes": (
        swap('{colour: "#88aacc", share: 0.6}', "share: 0.6\n          colour: #88aacc"), 8,
        'in quotes, such as "#c96840"',
    ),
    "a share of percent": (swap("0.6", "60"), 7, "less than or equal to 1"),
    "shares above all": (swap("0.3", "0.9"), 6, "more than 1"),
    "a colour twice": (swap("#aa5533", "#88aacc"), 6, "keep it once"),
    "seven colours": (
        swap('        - {colour: "#aa5533", share: 0.3}\n', "".join(
            f'        - {{colour: "#aa553{n}", share: 0.01}}\n' for n in range(6)
        )), 6, "at most 6 items",
    ),
    "a measure left out": (swap("      temperature: -3.5\n", ""), 5, "temperature: it is missing"),
    "a measure in words": (swap("-3.5", "cool"), 9, "takes a number"),
    "measured mood": (swap("{words: calm}", "{words: calm, measured: {}}"), 11, "no such key"),
    "a sample elsewhere": (swap("tags:", "samples: [../secret.jpg]\ntags:"), 16, "harbour-1.jpg"),
    "a sample that is gone": (swap("tags:", "samples: [harbour-1.jpg]\ntags:"), 0, "put it there"),
    "five samples": (swap("tags:", "samples: [a, b, c, d, e]\ntags:"), 16, "at most 4 items"),
    "half a digest": (swap("ab" * 32, "abc"), 14, "64 digits"),
    "no date": (swap("2026-11-30", "yesterday"), 15, "2026-11-30"),
    "another name": (lambda text: f"name: port\n{text}", 1, "write harbour"),
    "a tag twice": (swap("[harbour]", "[harbour, harbour]"), 16, "keep it once"),
    "nothing": (lambda _text: "", 1, "nothing stands in it; begin it with note: ..."),
    "no aspect": (lambda _text: "note: Something.\naspects: {}\n", 2, "at least one of palette"),
}  # fmt: skip


def style_in(folder: Path, text: str = SOUND, name: str = "harbour") -> StyleStore:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return StyleStore(folder)


@pytest.mark.anyio
async def test_a_broken_file_is_told_with_its_line_and_a_way_out_and_drawing_goes_on(
    connect: Connect, sandbox: Sandbox, tmp_path: Path
) -> None:
    folder = tmp_path / "data" / "styles"
    async with connect() as client:
        for name, (broken, line, way) in BROKEN.items():
            style_in(folder, broken(SOUND))
            hen = {"prompt": "a hen", "style": "harbour", "dialogue_mode": "skip"}

            said = await refusal(client, DRAW, **hen)

            where = f"styles/harbour.yaml, line {line}: " if line else "styles/harbour.yaml: "
            assert where in said, name
            assert way in said, name
        assert not sandbox.requests
        assert (await draw(client, prompt="a hen", dialogue_mode="skip"))["status"] == "done"
        style_in(folder)
        assert (await draw(client, **hen))["status"] == "done"  # mended, from the next call on


def test_a_style_is_written_as_it_is_read(tmp_path: Path) -> None:
    style = parse_style("harbour", SOUND)

    StyleStore(tmp_path).save(style, [])

    assert StyleStore(tmp_path).style("harbour") == style
    assert style.colours == ["#88aacc", "#aa5533"]
    assert parse_style("harbour", SOUND.replace("#88aacc", "#88AACC")) == style


def test_the_shipped_styles_say_that_no_picture_was_looked_at() -> None:
    styles = dict(StyleStore(None).styles())

    assert len(styles) == 3
    for style in styles.values():
        assert isinstance(style, Style)
        assert style.note.startswith("From words alone")
        assert (style.sources, style.samples, style.measured) == ([], [], {})


def test_the_file_that_the_page_shows_is_sound() -> None:
    page = (ROOT / "docs" / "styles.md").read_text(encoding="utf-8")

    style = parse_style("harbour_light", page.partition("```yaml\n")[2].partition("```")[0])

    assert style.words == {"palette": "pale blue and rust", "mood": "calm"}


def test_lint_tells_a_broken_style_and_counts_the_sound_ones(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "styles"
    style_in(folder, SOUND.replace("note:", "notes:"))

    (fault,) = json.loads(run("prompts", "lint", "styles/harbour", "--json"))
    assert (fault["file"], fault["own"], fault["line"]) == ("styles/harbour.yaml", True, 1)
    assert run("prompts", "lint", "--shipped").endswith(" no faults.\n")


def test_the_command_lists_shows_and_deletes(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "styles"
    style_in(folder)
    style_in(folder, "note: {", "spoilt")
    listed = {one["name"]: one for one in json.loads(run("styles", "list", "--json"))}

    assert listed["harbour"]["own"]
    assert not listed["linocut"]["own"]
    assert "line 2" in listed["spoilt"]["fault"]
    assert "pale blue and rust" in run("styles", "show", "harbour")

    would_go = run("styles", "delete", "harbour")
    assert f"  {folder / 'harbour.yaml'}\n" in would_go
    assert "Nothing was deleted" in would_go
    assert (folder / "harbour.yaml").exists()

    run("styles", "delete", "harbour", "--confirm")

    assert not (folder / "harbour.yaml").exists()
    with pytest.raises(Problem, match="shipped"):
        StyleStore(folder).delete("linocut")
    assert (SHIPPED / "linocut.yaml").exists()


@pytest.mark.anyio
async def test_a_client_reads_a_style_by_its_address(connect: Connect, tmp_path: Path) -> None:
    async with connect(data_dir=tmp_path) as client:
        style_in(tmp_path / "styles")
        listed = {str(one.uri) for one in await client.list_resources()}

        assert {"style://harbour", "style://linocut"} <= listed
        assert await text_at(client, "style://harbour") == SOUND


async def text_at(client: Client[Any], address: str) -> str:
    (content,) = await client.read_resource(address)
    return str(content.text)  # type: ignore[union-attr]
