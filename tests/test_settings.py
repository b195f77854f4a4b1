"""What the environment and the data folder's `.env` decide, and what they cannot break."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from settings import PREFIX, Settings, SettingsError, load_settings, variable_of
from tests.conftest import KEY

UNSET = ["", "   ", "${user_config.key}"]

NAMES = [name for name in Settings.model_fields if not name.startswith("openai_")]
REFUSING = [
    "sandbox",
    "quality",
    "wait_seconds",
    "preview",
    "elicitation",
    "daily_budget_usd",
    "toolsets",
    "log_level",
    "encrypt_records",
]
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
    """What is said of settings that cannot be used."""
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


def test_every_variable_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "openai_api_key": KEY,
        "openai_base_url": "http://127.0.0.1:1/v1",
        "openai_org_id": "org-ours",
        "openai_project_id": "proj_ours",
        "sandbox": "1",
        "facilitator_model": "gpt-4.1",
        "assistant_model": "gpt-4.1-mini",
        "image_model": "gpt-image-2",
        "quality": "low",
        "images_dir": str(tmp_path / "images"),
        "data_dir": str(tmp_path / "data"),
        "prompts_dir": str(tmp_path / "prompts"),
        "input_dirs": str(tmp_path / "in"),
        "wait_seconds": "2.5",
        "partial_images": "2",
        "background_mode": "1",
        "moderation": "low",
        "complexity": "high",
        "verify": "1",
        "embeddings": "0",
        "learn": "0",
        "preview": "off",
        "elicitation": "on",
        "daily_budget_usd": "1.5",
        "toolsets": "core, keep",
        "log_level": "DEBUG",
        "encrypt_records": "1",
        "records_passphrase": "a phrase",
        "http_token": "a token of 16 or more",
    }
    put(monkeypatch, **given)

    settings = load_settings()

    assert set(given) == set(Settings.model_fields)
    assert key_of(settings) == KEY
    assert settings.model_dump(exclude={"openai_api_key"}) == {
        **{name: value for name, value in given.items() if name != "openai_api_key"},
        "sandbox": True,
        "images_dir": tmp_path / "images",
        "data_dir": tmp_path / "data",
        "prompts_dir": tmp_path / "prompts",
        "input_dirs": [tmp_path / "in"],
        "wait_seconds": 2.5,
        "partial_images": 2,
        "background_mode": True,
        "verify": True,
        "embeddings": False,
        "learn": False,
        "daily_budget_usd": 1.5,
        "toolsets": ["core", "keep"],
        "encrypt_records": True,
        "records_passphrase": SecretStr("a phrase"),
        "http_token": SecretStr("a token of 16 or more"),
    }


@pytest.mark.parametrize("value", UNSET)
@pytest.mark.parametrize("field", [name for name in Settings.model_fields if name != "data_dir"])
def test_an_empty_value_or_a_placeholder_counts_as_unset(
    monkeypatch: pytest.MonkeyPatch, field: str, value: str
) -> None:
    put(monkeypatch, **{field: value})

    assert getattr(load_settings(), field) == Settings.model_fields[field].get_default(
        call_default_factory=True
    )


@pytest.mark.parametrize("value", UNSET)
def test_an_unset_data_folder_is_the_one_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    put(monkeypatch, data_dir=value)

    assert load_settings().data_dir == tmp_path / "home" / ".openai-images-mcp"


@pytest.mark.parametrize("value", UNSET)
def test_what_is_unset_in_the_environment_comes_from_the_file(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    (data_dir / ".env").write_text(f"OPENAI_API_KEY={KEY}\nIMAGE_CONSULTANT_QUALITY=low\n")
    put(monkeypatch, openai_api_key=value, quality=value)

    settings = load_settings()

    assert key_of(settings) == KEY
    assert settings.quality == "low"


@pytest.mark.parametrize("value", UNSET)
def test_an_empty_value_in_the_file_counts_as_unset_too(data_dir: Path, value: str) -> None:
    (data_dir / ".env").write_text(f'OPENAI_API_KEY="{value}"\nIMAGE_CONSULTANT_QUALITY="{value}"')

    settings = load_settings()

    assert key_of(settings) is None
    assert settings.quality == "medium"


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


def test_the_file_in_the_default_data_folder_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "home" / ".openai-images-mcp"
    folder.mkdir(parents=True)
    (folder / ".env").write_text(f"OPENAI_API_KEY={KEY}\n")

    assert key_of(load_settings()) == KEY


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


@pytest.mark.parametrize("field", NAMES)
def test_a_variable_without_the_prefix_belongs_to_another_program(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    before = getattr(load_settings(), field)
    for name in (field, field.upper()):
        monkeypatch.setenv(name, "max")
    (data_dir / ".env").write_text(f"{field}=max\n{field.upper()}=max\n")

    assert getattr(load_settings(), field) == before


def test_unknown_variables_are_no_error(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (data_dir / ".env").write_text("EDITOR=ed\nIMAGE_CONSULTANT_COLOUR=blue\nOPENAI_LOG=debug\n")
    monkeypatch.setenv(f"{PREFIX}COLOUR", "blue")

    assert load_settings() == Settings()


def test_options_of_the_command_line_win_over_both(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data_dir / ".env").write_text("IMAGE_CONSULTANT_SANDBOX=0")
    put(monkeypatch, sandbox="false")

    assert load_settings(sandbox=True).sandbox is True


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
    ],
)
def test_a_value_that_cannot_be_used_is_told_in_one_line_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, field: str, value: str, told: str
) -> None:
    put(monkeypatch, openai_api_key=KEY, **{field: value})

    said = complaint()

    assert variable_of(field) in said
    assert told in said
    assert said.endswith("Correct or unset it.")
    assert "\n" not in said
    assert KEY not in said


def test_every_value_that_cannot_be_used_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, quality="best", wait_seconds="soon")

    said = complaint()

    assert "IMAGE_CONSULTANT_QUALITY" in said
    assert "IMAGE_CONSULTANT_WAIT_SECONDS" in said


@pytest.mark.parametrize("field", REFUSING)
def test_a_key_in_the_wrong_variable_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    put(monkeypatch, **{field: KEY})

    said = complaint()

    assert variable_of(field) in said
    assert KEY not in said


def test_the_file_too_is_complained_of_by_variable(data_dir: Path) -> None:
    (data_dir / ".env").write_text(f"OPENAI_API_KEY={KEY}\nIMAGE_CONSULTANT_QUALITY=best\n")

    said = complaint()

    assert "IMAGE_CONSULTANT_QUALITY" in said
    assert KEY not in said


def test_the_key_shows_in_no_form_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, openai_api_key=KEY)
    settings = load_settings()

    forms = (
        repr(settings),
        str(settings),
        f"{settings.model_dump()}",
        f"{settings.model_dump(mode='json')}",
        settings.model_dump_json(),
        f"{vars(settings)}",
    )

    assert key_of(settings) == KEY
    assert [form for form in forms if KEY in form] == []
