"""What the environment and the data folder's `.env` decide, and what they cannot break."""

import os
from pathlib import Path

import pytest

from settings import PREFIX, Settings, SettingsError, load_settings, variable_of
from tests.conftest import KEY

UNSET = ["", "   ", "${user_config.key}"]

REFUSING = [
    "sandbox", "quality", "wait_seconds", "preview", "elicitation", "daily_budget_usd", "toolsets",
    "log_level", "encrypt_records", "openai_base_url",
]  # fmt: skip
"""Settings that do not take any text."""


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data folder, named in the environment."""
    folder = tmp_path / "data"
    folder.mkdir()
    put(monkeypatch, data_dir=str(folder))
    return folder


def put(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    """Set the environment variables of these settings."""
    for field, value in variables.items():
        monkeypatch.setenv(variable_of(field), value)


def key_of(settings: Settings) -> str | None:
    return settings.openai_api_key.get_secret_value() if settings.openai_api_key else None


def complaint() -> str:
    """What is text of settings that cannot be used."""
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return str(caught.value)


def test_an_environment_without_settings_gives_the_defaults(tmp_path: Path) -> None:
    settings = load_settings()

    assert key_of(settings) is None
    assert (settings.sandbox, settings.quality, settings.wait_seconds) == (False, "medium", 45)
    assert settings.toolsets == ["core"]
    assert settings.data_dir == tmp_path / "home" / ".openai-images-mcp"
    assert settings.templates_dir == settings.data_dir / "prompts"


@pytest.mark.parametrize("value", UNSET)
def test_an_empty_value_or_a_placeholder_counts_as_unset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    put(monkeypatch, **dict.fromkeys(Settings.model_fields, value))

    settings = load_settings()

    assert settings == Settings.model_construct()
    assert settings.data_dir == tmp_path / "home" / ".openai-images-mcp"


@pytest.mark.parametrize("value", UNSET)
def test_what_is_unset_in_the_environment_comes_from_the_file_of_the_default_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    folder = tmp_path / "home" / ".openai-images-mcp"
    folder.mkdir(parents=True)
    (folder / ".env").write_text(
        f'OPENAI_API_KEY={KEY}\nIMAGE_CONSULTANT_QUALITY=low\nIMAGE_CONSULTANT_PREVIEW="{value}"'
    )
    put(monkeypatch, openai_api_key=value, quality=value)

    settings = load_settings()

    assert key_of(settings) == KEY
    assert (settings.quality, settings.preview) == ("low", "on")


def test_variables_without_the_prefix_and_unknown_ones_belong_to_another_program(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = [name for name in Settings.model_fields if not name.startswith("openai_")]
    foreign = {*ours, *(name.upper() for name in ours), f"{PREFIX}COLOUR", "EDITOR", "OPENAI_LOG"}
    (data_dir / ".env").write_text("".join(f"{name}=max\n" for name in foreign))
    for name in foreign:
        monkeypatch.setenv(name, "max")

    assert load_settings() == Settings()


def test_the_environment_wins_over_the_file(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data_dir / ".env").write_text(
        "OPENAI_API_KEY=sk-of-the-file\nIMAGE_CONSULTANT_QUALITY=low\nIMAGE_CONSULTANT_PREVIEW=off"
    )
    put(monkeypatch, openai_api_key=KEY, quality="high")

    settings = load_settings()

    assert key_of(settings) == KEY
    assert (settings.quality, settings.preview) == ("high", "off")


@pytest.mark.usefixtures("data_dir")
def test_a_file_in_the_working_directory_is_never_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = tmp_path / "project"
    foreign.mkdir()
    (foreign / ".env").write_text(f"OPENAI_API_KEY={KEY}\nIMAGE_CONSULTANT_QUALITY=low\n")
    monkeypatch.chdir(foreign)

    settings = load_settings()

    assert key_of(settings) is None
    assert settings.quality == "medium"


@pytest.mark.parametrize("field", ["images_dir", "data_dir", "prompts_dir"])
def test_a_folder_may_start_in_the_home_or_here_and_becomes_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    monkeypatch.chdir(tmp_path)

    put(monkeypatch, **{field: "~/kept"})
    assert getattr(load_settings(), field) == tmp_path / "home" / "kept"

    put(monkeypatch, **{field: "kept"})
    assert getattr(load_settings(), field) == tmp_path / "kept"


def test_input_folders_are_separated_as_in_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folders = ["~/one", str(tmp_path / "two, with a comma"), "", " three "]
    put(monkeypatch, input_dirs=os.pathsep.join(folders))

    assert load_settings().input_dirs == [
        tmp_path / "home" / "one",
        tmp_path / "two, with a comma",
        tmp_path / "three",
    ]


FOLDERS = ("data_dir", "images_dir", "prompts_dir", "input_dirs")


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("toolsets", "core,colour", "colour"),
        ("wait_seconds", "soon", "number"),
        ("wait_seconds", "0", "greater than or equal to 1"),
        ("wait_seconds", "nan", ""),
        ("quality", "best", "'low'"),
        ("log_level", "loud", "'DEBUG'"),
        ("daily_budget_usd", "-1", "greater than or equal to 0"),
        ("daily_budget_usd", "nan", ""),
        ("openai_base_url", "localhost:8080/v1", "http://"),
        ("openai_base_url", "http://", "http://"),
        ("openai_base_url", "http://[::1", "http://"),
        *((field, "~nobody-here/pictures", "home") for field in FOLDERS),
    ],
)
def test_a_value_that_cannot_be_used_is_told_in_one_line_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, field: str, value: str, told: str
) -> None:
    put(monkeypatch, openai_api_key=KEY, **{field: value})

    text = complaint()

    assert variable_of(field) in text
    assert told in text
    assert text.endswith("Correct or unset it.")
    assert "\n" not in text
    assert KEY not in text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_a_file_is_read_in_whatever_encoding_an_editor_left(data_dir: Path, encoding: str) -> None:
    text = "IMAGE_CONSULTANT_QUALITY=low\n# für später\nIMAGE_CONSULTANT_WAIT_SECONDS=7\n"
    (data_dir / ".env").write_bytes(text.encode(encoding))

    settings = load_settings()

    assert (settings.quality, settings.wait_seconds) == ("low", 7)


@pytest.mark.parametrize("field", REFUSING)
def test_a_key_in_the_wrong_variable_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    put(monkeypatch, **{field: KEY})

    text = complaint()

    assert variable_of(field) in text
    assert KEY not in text
