"""README and docs say what the code says.

`python -m tests.test_docs` writes the tables, the dialogue and docs/tools.md anew.
"""

import asyncio
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import indent
from typing import get_args

import pytest
from fastmcp import Client
from fastmcp.client.transports import FastMCPTransport

from cli import COMMANDS
from consultation.consultation_result import Consultation
from gateway.prices import estimate_image
from server import create_server
from settings import TOOLSETS, Quality, Settings, variable_of
from tests.conftest import ROOT
from tests.desktop_pictures import hold
from tests.tools_page import FOR_THE_VIEW, reference, tools_of

README = ROOT / "README.md"
TOOLS = ROOT / "docs" / "tools.md"
PICTURES = ROOT / "docs" / "pictures.md"

SPOKEN_DEFAULTS = {
    "images_dir": "`images` in the Downloads folder",
    "data_dir": "`~/.openai-images-mcp`",
    "prompts_dir": "`prompts` in the data folder",
    "input_dirs": "Pictures, Downloads, Desktop; over HTTP none",
}

SIZES = {"square": "1024x1024", "wide": "1536x1024"}

FIGURES = ("Your words of", "To be drawn", "Made by", "Conversation")
"""How paragraphs begin that the dialogue of the README leaves out."""


def tools_table() -> str:
    rows = [
        f"| `{tool['name']}` | {toolset} | {tool['description'].splitlines()[0]} |"
        for toolset in TOOLSETS
        for tool in tools_of(toolset)
        if tool["name"] not in FOR_THE_VIEW
    ]
    return "\n".join(["| tool | toolset | what it does |", "| --- | --- | --- |", *rows])


def settings_table() -> str:
    rows = [
        f"| `{variable_of(name)}` | {_default(name)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| variable | default | what it decides |", "| --- | --- | --- |", *rows])


def commands_table() -> str:
    rows = [f"| `{name}` | {text} |" for name, (_, text) in COMMANDS.items()]
    return "\n".join(["| command | what it does |", "| --- | --- |", *rows])


def prices_table() -> str:
    rows = [
        f"| `{quality}` | {' | '.join(_price(size, quality) for size in SIZES.values())} |"
        for quality in get_args(Quality)
    ]
    head = " | ".join(f"{name}, {size}" for name, size in SIZES.items())
    return "\n".join([f"| quality | {head} |", "| --- | --- | --- |", *rows])


def _price(size: str, quality: str) -> str:
    model, assistant = (
        Settings.model_fields[name].default for name in ("image_model", "assistant_model")
    )
    usd = estimate_image(model, size=size, quality=quality, assistant=assistant).usd
    return f"${usd:.3f}"


def _default(name: str) -> str:
    field = Settings.model_fields[name]
    if name in SPOKEN_DEFAULTS:
        return SPOKEN_DEFAULTS[name]
    value = field.get_default(call_default_factory=True)
    if value in (None, []):
        return ""
    words = ",".join(value) if isinstance(value, list) else str(value)
    return f"`{words.lower() if isinstance(value, bool) else words}`"


def dialogue() -> str:
    """The dialogue that the pictures show, without the figures, as a block of Markdown."""

    async def play() -> list[tuple[str, str]]:
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(sandbox=True, data_dir=Path(folder), images_dir=Path(folder))
            async with Client(create_server(settings)) as client:
                turns, _ = await hold(client)
        return turns

    turns = asyncio.run(play())
    parts = [part for said, text in turns for part in (f"You: {said}", *text.split("\n\n"))]
    return indent("\n\n".join(part for part in parts if not part.startswith(FIGURES)), "    ")


TABLES = {"tools": tools_table, "settings": settings_table, "commands": commands_table}


def section(name: str, text: str) -> re.Match[str]:
    found = re.search(rf"<!-- {name} -->\n(.*?)<!-- end -->", text, re.DOTALL)
    assert found, f"the page has no section {name}"
    return found


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_of_the_readme_are_what_the_code_says(name: str) -> None:
    assert section(name, README.read_text(encoding="utf-8"))[1].strip() == TABLES[name]()


def test_the_prices_are_those_of_the_estimates() -> None:
    assert section("prices", PICTURES.read_text(encoding="utf-8"))[1].strip() == prices_table()


def test_the_page_of_the_tools_is_what_clients_are_shown() -> None:
    assert section("tools", TOOLS.read_text(encoding="utf-8"))[1].strip() == reference()


def test_the_fields_of_a_consultation_are_told() -> None:
    page = TOOLS.read_text(encoding="utf-8").partition("\n## What a consultation returns\n")[2]
    page = page.partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+) \|", page, re.MULTILINE)

    assert re.findall(r"`(\w+)`", " ".join(rows)) == list(Consultation.model_fields)


def test_the_dialogue_that_is_shown_is_what_the_sandbox_answers() -> None:
    assert section("dialogue", README.read_text(encoding="utf-8"))[1].rstrip() == dialogue()


def test_the_program_of_the_page_draws(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would start a process; here its words go to a server in this one."""
    program = re.search(r"```python\n(.*?)```", TOOLS.read_text(encoding="utf-8"), re.DOTALL)
    assert program
    started: list[object] = []

    def transport(*command: object) -> FastMCPTransport:
        started.extend(command)
        return FastMCPTransport(create_server(settings))

    monkeypatch.setattr("fastmcp.client.transports.StdioTransport", transport)
    exec(program[1], {})  # our own page

    assert started == ["image-consultant", ["serve", "--sandbox"]]
    asked, path = capsys.readouterr().out.rsplit("\n", 2)[:2]
    assert "What is it for?" in asked
    assert Path(path).is_file()


def test_architecture_is_one_page() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

    assert len(text.splitlines()) <= 78


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_the_pages_for_developers_name_files_and_modules_that_there_are(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    files = re.findall(r"[`\s]([\w.-]*/[\w./-]*|\w+\.(?:py|md|toml))(?=[`\s,;])", text)
    modules = re.findall(r"python -m (\w+(?:\.\w+)*)", text) + re.findall(
        r"\.\.\. -m ([\w.]+)", text
    )

    assert [name for name in files if not (ROOT / name).exists()] == []
    assert [
        name
        for name in modules
        if not any((ROOT / name.replace(".", "/")).with_suffix(end).exists() for end in ("", ".py"))
    ] == []
    assert len(files) > 5


PAGES = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings_that_are_there(page: Path) -> None:
    links = re.findall(r"\]\((?!http)([^)#]*)#?([^)]*)\)", page.read_text(encoding="utf-8"))
    for target, anchor in links:
        file = page.parent / target if target else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), anchor


def test_every_picture_is_shown_on_a_page() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    pictures = [path for path in (ROOT / "docs" / "pictures").rglob("*") if path.is_file()]

    assert [path.name for path in pictures if f"/{path.name})" not in pages] == []


def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_the_guide_names_commands_settings_lines_and_words_that_there_are() -> None:
    guide = " ".join((ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8").split())
    code = " ".join(
        re.sub(r'"\s*\n\s*f?"', "", path.read_text(encoding="utf-8"))
        for folder in ("cli", "consultation", "gateway", "prompts", "storage", "tools", ".")
        for path in sorted((ROOT / folder).glob("*.py" if folder == "." else "**/*.[pt][yo]*"))
        if path.suffix in {".py", ".toml"}
    )
    commands = set(re.findall(r"image-consultant ([a-z-]+)", guide)) - {"wherever"}
    variables = set(re.findall(r"IMAGE_CONSULTANT_[A-Z_]+", guide))
    lines = {
        name.removesuffix(" ...")
        for named in re.findall(r"[Ll]ines? ((?:`[^`]+`(?:, | and )?)+)", guide)
        for name in re.findall(r"`([^`]+)`", named)
    }
    words = [
        piece.strip()
        for quoted in re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", guide)
        for piece in quoted.split("...")
        if piece.strip()
    ]

    assert commands <= COMMANDS.keys()
    assert variables <= {variable_of(name) for name in Settings.model_fields}
    assert [name for name in sorted(lines) if not re.search(f'"{name}[ "]', code)] == []
    assert [piece for piece in words if piece not in code] == []
    assert min(len(commands), len(variables), len(lines), len(words)) >= 3


def write() -> None:
    rewrite(README, {**TABLES, "dialogue": dialogue})
    rewrite(TOOLS, {"tools": reference})
    rewrite(PICTURES, {"prices": prices_table})


def rewrite(page: Path, sections: Mapping[str, Callable[[], str]]) -> None:
    text = page.read_text(encoding="utf-8")
    for name, made in sections.items():
        found = section(name, text)
        text = text[: found.start(1)] + made() + "\n" + text[found.end(1) :]
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
