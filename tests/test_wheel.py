"""The wheel adds one name to site-packages and carries all that the server reads."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.test_house import PACKAGES

DATA = {".j2", ".yaml", ".toml", ".mako", ".ini", ".json", ".css", ".js", ".md", ".txt", ".html"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names of the files in a freshly built wheel."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def sources() -> set[Path]:
    """Every module and every data file of the packages, and the modules beside them."""
    inside = (path for package in PACKAGES for path in (ROOT / package).rglob("*"))
    return {path for path in inside if path.suffix in DATA | {".py"}} | set(ROOT.glob("*.py"))


def test_the_wheel_adds_one_name(wheel: set[str]) -> None:
    assert {name.split("/")[0] for name in wheel} == {"image_consultant"}


def test_the_wheel_carries_every_module_and_data_file_and_nothing_else(wheel: set[str]) -> None:
    inside = {path.relative_to(ROOT).as_posix() for path in sources()}
    scenarios = (ROOT / "tests/dialogues/scenarios").iterdir()
    dialogues = {f"dialogues/scenarios/{path.name}" for path in scenarios}
    dialogues |= {"dialogues/openings.yaml"}

    assert wheel == {f"image_consultant/{name}" for name in inside | dialogues}


def test_every_package_is_known_to_the_wheel() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}

    assert packages - {"tests"} == set(PACKAGES)
