"""Everything the environment decides, read once at start."""

import codecs
import os
import re
from collections.abc import Callable
from datetime import date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_desktop_path, user_downloads_path, user_pictures_path
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from errors import Problem

PREFIX = "IMAGE_CONSULTANT_"
TOOLSETS = ("core", "quick", "explore", "keep", "about")
WORD = re.compile(r"[a-z_]{1,20}")
"""What an unknown toolset has to look like to be repeated; a key does not."""
ADDRESS = re.compile(r"(?i)https?://([^\s/@]+@)?(\[[\da-f:.]+\]|[^\s/@\[\]]+)")
"""How an address begins that can be asked; else the first call would call it a broken network."""
DEFAULT_DATA_DIR = "~/.openai-images-mcp"
"""The folder of the predecessor, whose records a person finds again here."""

Origin = Literal["openai", "sandbox"]
"""Who answered: OpenAI, or the stand-in that draws placeholders. Never mixed in one record."""

Mode = Literal["quick", "guided", "explorer", "skip"]
"""How deep a dialogue goes before a picture is drawn."""

Quality = Literal["low", "medium", "high", "xhigh", "max"]
"""What a picture may be asked for in; each image model takes some of them."""


UNUSABLE = "A setting cannot be used. {}. Correct or unset it."
NO_HOME = "Nobody here has the home that it begins with; write it out"


class SettingsError(Problem):
    """A setting has a value that cannot be used."""

    kind = "settings"


def _without_prefix(variable: str, description: str) -> Any:
    """A field that no value need be given for, read of a variable that the SDK knows, too."""
    alias = AliasChoices(variable, variable.lower())
    return Field(None, validation_alias=alias, description=description)


class Settings(BaseSettings):
    """The settings of one server process.

    An empty value and an unexpanded `${user_config...}` count as unset: desktop
    clients hand both over for options that a person left blank.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", populate_by_name=True
    )

    openai_api_key: SecretStr | None = _without_prefix(
        "OPENAI_API_KEY", "The key that pays. Without one the tools say how to set it."
    )
    openai_base_url: str | None = _without_prefix(
        "OPENAI_BASE_URL", "Another address for the API, such as a proxy's or the sandbox's."
    )
    openai_org_id: str | None = _without_prefix("OPENAI_ORG_ID", "The organization that is billed.")
    openai_project_id: str | None = _without_prefix(
        "OPENAI_PROJECT_ID", "The project that is billed."
    )

    sandbox: bool = Field(
        False, description="Use the built-in stand-in for OpenAI: no key, no cost."
    )
    facilitator_model: str = Field("gpt-4o", description="The model that holds the dialogue.")
    assistant_model: str = Field("gpt-6-luna", description="The model that calls the image tool.")
    image_model: str = Field("gpt-image-2.6-sunburst", description="The model that draws.")
    quality: Literal["auto", Quality] = Field(
        "medium", description="Quality of a picture where nothing else says it."
    )
    images_dir: Path = Field(
        default_factory=lambda: user_downloads_path() / "images",
        description="Where pictures are saved.",
    )
    data_dir: Path = Field(
        default_factory=lambda: Path(DEFAULT_DATA_DIR).expanduser(),
        description="Where records are kept. A `.env` in it is read.",
    )
    prompts_dir: Path | None = Field(
        None,
        description="Own templates, which win over the shipped ones file by file.",
    )
    input_dirs: Annotated[list[Path], NoDecode] = Field(
        default_factory=list,
        description="Folders besides the images folder that input pictures may come from, "
        "separated as in PATH.",
    )
    wait_seconds: float = Field(
        45, ge=1, le=600, description="How long a call waits for a picture before it answers."
    )
    partial_images: int = Field(
        0, ge=0, le=3, description="Unfinished pictures to see while one waits, $0.003 each."
    )
    background_mode: bool = Field(
        False, description="Have pictures drawn in OpenAI's background and ask for them."
    )
    moderation: Literal["auto", "low"] = Field(
        "auto", description="How strict OpenAI's safety system is with pictures."
    )
    complexity: Literal["low", "medium", "high"] | None = Field(
        None, description="How much planning a picture gets, where the model takes it."
    )
    verify: bool = Field(
        False,
        description="Have a second model look at every picture, about $0.01 each.",
    )
    embeddings: bool = Field(
        True, description="Search by meaning, with vectors from OpenAI, where asked for."
    )
    similar: float = Field(
        0.6, ge=0, le=1, description="How close earlier work must be to be named, 0 to 1; 0: never."
    )
    learn: bool = Field(
        True, description="Offer what a person chose and rated well as defaults in questions."
    )
    preview: Literal["on", "off"] = Field("on", description="Whether results carry a preview.")
    elicitation: Literal["auto", "on", "off"] = Field(
        "auto",
        description="Put questions as a form: `auto` in clients known to show one, `on` in all "
        "that declare it; some of these hang.",
    )
    daily_budget_usd: float | None = Field(
        None, ge=0, description="Refuse paid calls once a day's spending would pass this."
    )
    toolsets: Annotated[list[str], NoDecode] = Field(
        default_factory=lambda: ["core"],
        description=f"Which tools are offered: {', '.join(TOOLSETS)}, or `all`.",
    )
    http_token: SecretStr | None = Field(
        None,
        description="What clients of `serve --transport http` must send as their bearer token.",
    )
    http_hosts: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Host names that clients may call `serve --transport http` by, separated by "
        "commas: its own and a proxy's.",
    )
    http_proxies: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="IP addresses or networks of proxies in front of it, separated by commas.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="How much is logged to stderr."
    )
    encrypt_records: bool = Field(
        False, description="Encrypt the records at rest; see `records encrypt`."
    )
    records_passphrase: SecretStr | None = Field(
        None,
        description="The passphrase of encrypted records, where the system keeps no keyring.",
    )

    @field_validator("openai_base_url")
    @classmethod
    def _whole_address(cls, value: str | None) -> str | None:
        if value and not ADDRESS.match(value):
            raise ValueError("Write the whole address, from http:// or https:// on")
        return value

    @field_validator("images_dir", "data_dir", "prompts_dir")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return _whole(value) if value else None

    @field_validator("input_dirs", mode="before")
    @classmethod
    def _split_folders(cls, value: object) -> object:
        return _split(value, os.pathsep)

    @field_validator("input_dirs")
    @classmethod
    def _absolute_folders(cls, value: list[Path]) -> list[Path]:
        return [*map(_whole, value)]

    @field_validator("toolsets", "http_hosts", "http_proxies", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        return _split(value, ",")

    @field_validator("toolsets")
    @classmethod
    def _known_toolsets(cls, value: list[str]) -> list[str]:
        for name in value:
            if name not in {*TOOLSETS, "all"}:
                quote = f" {name}" if WORD.fullmatch(name) else ""  # a key may have strayed here
                raise ValueError(f"unknown toolset{quote}; there are {', '.join(TOOLSETS)}, all")
        return value

    def has_toolset(self, name: str) -> bool:
        """Whether the tools of a toolset are offered; those of `core` always are."""
        return name == "core" or bool({name, "all"} & {*self.toolsets})

    @property
    def input_folders(self) -> list[Path]:
        """Where input pictures may come from besides the images folder.

        These are the folders that were named, else those where people keep pictures. A system
        that has no such folder may give the home itself for it, which is too much.
        """
        usual = user_pictures_path(), user_downloads_path(), user_desktop_path()
        home = Path.home()
        return self.input_dirs or [one for one in usual if not home.is_relative_to(one)]

    def changes(self) -> dict[str, Any]:
        """The fields that are not as they come, with their values."""
        return {
            name: getattr(self, name)
            for name, field in type(self).model_fields.items()
            if getattr(self, name) != field.get_default(call_default_factory=True)
        }

    @property
    def styles_dir(self) -> Path:
        """Where the person's own styles lie, whether or not there are any."""
        return self.data_dir / "styles"

    @property
    def templates_dir(self) -> Path:
        """Where the person's own templates lie, whether or not there are any."""
        return self.prompts_dir or self.data_dir / "prompts"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # fixed by pydantic
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Drop placeholders per source, so that the next source is asked instead."""
        return (
            init_settings,
            _Expanded(settings_cls, env_settings),
            _Expanded(settings_cls, dotenv_settings),
        )


class _Expanded(PydanticBaseSettingsSource):
    """Another source without the values that a client left unexpanded."""

    def __init__(
        self, settings_cls: type[BaseSettings], source: Callable[[], dict[str, Any]]
    ) -> None:
        super().__init__(settings_cls)
        self._source = source

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """Unused: whole sources are filtered in `__call__`."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        return {key: value for key, value in self._source().items() if not _is_unset(value)}


def load_settings(*, sandbox: bool = False, **overrides: Any) -> Settings:  # as pydantic has them
    """Read the environment and the data folder's `.env`.

    Overrides win over both, as does `sandbox` where it is true; the command line passes its options
    this way. Raises `SettingsError` that names the variable, never its value: it may be a key.
    """
    overrides |= {"sandbox": True} if sandbox else {}
    value = os.environ.get(f"{PREFIX}DATA_DIR", "")
    try:
        folder = Path(DEFAULT_DATA_DIR if _is_unset(value) else value).expanduser()
        file = folder / ".env"
        return Settings(_env_file=file, _env_file_encoding=encoding_of(file), **overrides)
    except ValidationError as error:
        faults = "; ".join(
            f"{variable_of(str(fault['loc'][0]))}: {fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors(include_url=False, include_input=False)
        )
        raise SettingsError(UNUSABLE.format(faults)) from None
    except RuntimeError:
        raise SettingsError(UNUSABLE.format(f"{PREFIX}DATA_DIR: {NO_HOME}")) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{folder / '.env'} cannot be read. Make it a text file in UTF-8 that you may read."
        ) from error


def encoding_of(file: Path) -> str:
    """How a `.env` is written: editors and shells of Windows leave more than UTF-8."""
    text = file.read_bytes() if file.is_file() else b""
    if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        text.decode()
    except UnicodeDecodeError:
        return "latin-1"  # reads any bytes; keys, models and numbers are ASCII
    return "utf-8-sig"


def variable_of(field: str) -> str:
    """The environment variable behind a field of `Settings`."""
    return field.upper() if field.lower().startswith("openai_") else f"{PREFIX}{field.upper()}"


def in_words(value: object) -> str:
    """The value of a setting as one writes it; of a secret, that it is set."""
    match value:
        case None:
            return ""
        case SecretStr():
            return "[set]"
        case list():
            return ",".join(map(str, value))
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
    return str(value)


def _is_unset(value: object) -> bool:
    return isinstance(value, str) and (not value.strip() or value.strip().startswith("${"))


def _whole(folder: Path) -> Path:
    try:
        return folder.expanduser().absolute()
    except RuntimeError:
        raise ValueError(NO_HOME) from None


def _split(value: object, separator: str) -> object:
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(separator) if part.strip()]


def local_date() -> date:
    """The person's date: models end by it, and a day's money is counted by it."""
    return datetime.now().astimezone().date()


def own_version() -> str:
    """The version of this installation."""
    try:
        return version("image-consultant")
    except PackageNotFoundError:
        return "0"
