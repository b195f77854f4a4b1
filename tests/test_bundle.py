"""The bundle: what its manifest promises, and that the same sources give the same file.

`python -m tests.starts` builds it, holds it against the official tool, and starts it.
"""

import json
import re
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bundle.build import manifest, pack, pyproject
from cli import main
from settings import Settings, load_settings, variable_of
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VARIABLES = {variable_of(name): name for name in Settings.model_fields}


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return manifest(PROJECT["version"])


def test_it_says_what_the_server_is_and_offers(made: dict[str, Any]) -> None:
    assert made["version"] == PROJECT["version"]
    assert made["license"] == PROJECT["license"]
    assert [tool["name"] for tool in made["tools"]] == [
        "openai_image_consultation",
        "openai_conversational_image",
        "openai_list_conversations",
    ]
    assert all(tool["description"].endswith(".") for tool in made["tools"])
    shipped = {path.stem for path in (ROOT / "prompts" / "library").glob("*/*.yaml")}
    assert {prompt["name"] for prompt in made["prompts"]} == shipped


def test_nothing_of_who_builds_it_gets_into_it(
    made: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = next((ROOT / "prompts" / "library").glob("*/*.yaml"))
    own = tmp_path / "prompts" / "library" / shipped.parent.name / "of_my_own.yaml"
    own.parent.mkdir(parents=True)
    own.write_bytes(shipped.read_bytes())
    monkeypatch.setenv("IMAGE_CONSULTANT_PROMPTS_DIR", str(tmp_path / "prompts"))
    monkeypatch.setenv("IMAGE_CONSULTANT_TOOLSETS", "all")
    monkeypatch.setenv("IMAGE_CONSULTANT_QUALITY", "no such one")

    assert manifest(PROJECT["version"]) == made


def test_the_host_runs_what_lies_in_it(made: dict[str, Any]) -> None:
    server = made["server"]
    run, option, folder, program, *_ = server["mcp_config"]["args"]

    assert (server["type"], run, option, folder) == ("uv", "run", "--directory", "${__dirname}")
    assert program == server["entry_point"] == "image_consultant/__main__.py"
    assert (ROOT / Path(program).name).is_file()


def test_every_option_decides_a_setting_and_none_is_required(made: dict[str, Any]) -> None:
    options, wired = made["user_config"], made["server"]["mcp_config"]["env"]

    assert {VARIABLES[name]: value for name, value in wired.items()} == {
        name: f"${{user_config.{name}}}" for name in options if name != "input_dirs"
    }
    assert not any(option["required"] for option in options.values())
    assert [name for name, option in options.items() if option.get("sensitive")] == [
        "openai_api_key"
    ]


def test_an_option_that_is_filled_in_arrives(
    made: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    filled = {
        "openai_api_key": "sk-0123456789",
        "sandbox": "true",
        "images_dir": str(tmp_path / "Bücher & Bilder"),
        "daily_budget_usd": "2.5",
        "quality": "high",
        "toolsets": "quick, about",
    }
    for name, value in made["server"]["mcp_config"]["env"].items():
        option = value.removeprefix("${user_config.").removesuffix("}")
        monkeypatch.setenv(name, filled.pop(option))
    settings = load_settings()

    assert not filled
    assert settings.openai_api_key
    assert (settings.sandbox, settings.daily_budget_usd, settings.quality) == (True, 2.5, "high")
    assert settings.images_dir == tmp_path / "Bücher & Bilder"
    assert settings.toolsets == ["quick", "about"]


@pytest.mark.parametrize(
    ("chosen", "arrive"),
    [
        (["/photos/Bücher & Bilder", "/scans"], ["/photos/Bücher & Bilder", "/scans"]),
        ([], []),
        (["${user_config.input_dirs}"], []),  # as it stands where the form was left blank
    ],
)
def test_the_folders_that_are_chosen_arrive(
    made: dict[str, Any], monkeypatch: pytest.MonkeyPatch, chosen: list[str], arrive: list[str]
) -> None:
    """The host replaces a list in `args` alone, one word each; in `env` it stays a placeholder."""
    *_, command, option, placeholder = made["server"]["mcp_config"]["args"]
    served: list[dict[str, Any]] = []
    monkeypatch.setattr("cli.serve._serve_stdio", served.append)
    monkeypatch.setattr("sys.argv", ["image-consultant", command, option, *chosen])
    main()

    assert made["user_config"]["input_dirs"]["multiple"]
    assert placeholder == "${user_config.input_dirs}"
    assert load_settings(**served[0]).input_dirs == [Path(folder) for folder in arrive]


def test_its_project_file_installs_what_ours_does_in_exact_versions() -> None:
    pins = ["pillow==12.0.0", "colorama==0.4.6 ; sys_platform == 'win32'"]
    written = tomllib.loads(pyproject(PROJECT, pins))

    for key in ("name", "version", "requires-python", "dependencies"):
        assert written["project"][key] == PROJECT[key]
    assert written["tool"]["uv"] == {"package": False, "constraint-dependencies": pins}


def test_the_same_files_make_the_same_bundle(tmp_path: Path) -> None:
    files = {"b/c.py": b"1", "a.json": b"{}" * 999, "ä.txt": b""}
    pack(files, tmp_path / "one" / "x.mcpb")
    pack(dict(reversed(files.items())), tmp_path / "two.mcpb")

    assert (tmp_path / "one" / "x.mcpb").read_bytes() == (tmp_path / "two.mcpb").read_bytes()
    with zipfile.ZipFile(tmp_path / "two.mcpb") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files
        assert {entry.date_time[0] for entry in archive.infolist()} == {1980}


def test_the_icon_is_of_the_size_that_hosts_want() -> None:
    with Image.open(ROOT / "bundle" / "icon.png") as picture:
        assert (picture.format, picture.size, picture.mode) == ("PNG", (512, 512), "RGBA")


def test_the_privacy_note_names_who_gets_what(made: dict[str, Any]) -> None:
    note = (ROOT / "bundle" / "PRIVACY.md").read_text(encoding="utf-8")

    assert "OpenAI" in note
    assert Settings.model_fields["data_dir"].get_default(call_default_factory=True).name in note
    assert json.dumps(made["privacy_policies"]).count("https://openai.com/") == 1


def test_the_guide_explains_every_option_and_shows_small_pictures(made: dict[str, Any]) -> None:
    guide = (ROOT / "docs" / "claude-desktop.md").read_text(encoding="utf-8")
    pictures = [ROOT / "docs" / name for name in re.findall(r"\((pictures/[^)]+)\)", guide)]

    assert re.findall(r"^   \| ([A-Z].*?) \|", guide, re.MULTILINE) == [
        option["title"] for option in made["user_config"].values()
    ]
    assert sorted(pictures) == sorted((ROOT / "docs" / "pictures").glob("*.png"))
    assert all(path.stat().st_size < 150_000 for path in pictures)
