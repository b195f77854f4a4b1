"""The folders of a server in a test: its settings, its environment, what an earlier one left."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from settings import Settings
from storage.database_file import FILE_NAME
from tests.conftest import KEY


def settings_in(folder: Path, base_url: str) -> Settings:
    """Settings of a server whose folders lie in this one."""
    return Settings(
        openai_api_key=KEY,
        openai_base_url=base_url,
        data_dir=folder / "data",
        images_dir=folder / "images",
    )


def bare_environment(home: Path) -> dict[str, str]:
    """That of a process whose person has this home and has configured nothing."""
    ours = ("OPENAI_", "IMAGE_CONSULTANT_", "FASTMCP_")
    foreign = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    nothing = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    return {**foreign, "HOME": str(home), "USERPROFILE": str(home), **nothing}


def environment_in(folder: Path, base_url: str, **settings: str) -> dict[str, str]:
    """The environment of such a server as a process, with more of our settings."""
    ours = {"DATA_DIR": folder / "data", "IMAGES_DIR": folder / "images", **settings}
    return {
        **bare_environment(folder / "home"),
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": base_url,
        **{f"IMAGE_CONSULTANT_{name}": str(value) for name, value in ours.items()},
    }


def rows(settings: Settings, query: str, *values: object) -> list[Any]:
    """What the records of a server hold, or what a statement changes in them."""
    with closing(sqlite3.connect(settings.data_dir / FILE_NAME)) as records, records:
        return records.execute(query, values).fetchall()


def copy(source: Path, target: Path) -> None:
    """Put records and pictures below another folder, as if they had been made there."""
    for name in ("data", "images"):
        shutil.copytree(source / name, target / name, dirs_exist_ok=True)
    change = "UPDATE images SET path = replace(path, ?, ?)"
    rows(settings_in(target, ""), change, str(source), str(target))
