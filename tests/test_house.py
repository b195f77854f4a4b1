"""The rules of the house: one name for one thing, packages reached by their faces, short functions,
and each foreign package declared by name: what another brings today may go.

That imports go one way is a contract of import-linter, in pyproject.toml.
"""

import ast
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.layers import imports

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES: list[str] = PROJECT["tool"]["importlinter"]["root_packages"]
FACES = ("cli", "studio", "tools")
"""Rooms of which each may have a module for a noun that another room has a module for, too."""
LONGEST_FUNCTION = 50
"""Lines: what one sees at a time in an editor."""

BROUGHT = {"fastmcp-slim": "fastmcp", "pydantic-core": "pydantic"}
"""Distributions that are another's other half, which says their version."""


def product() -> list[Path]:
    """Every module that is shipped, by its path below the root."""
    inside = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return sorted(path.relative_to(ROOT) for path in [*ROOT.glob("*.py"), *inside])


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def repeated(names: list[str]) -> set[str]:
    return {name for name, times in Counter(names).items() if times > 1}


def test_no_module_name_occurs_twice() -> None:
    paths = [path for path in product() if not path.stem.startswith("__")]
    rooms = [[path.stem for path in paths if path.parts[0] == face] for face in FACES]
    rooms.append([path.stem for path in paths if path.parts[0] not in FACES])

    assert [name for room in rooms for name in repeated(room)] == []


def test_no_class_name_occurs_twice() -> None:
    names = [
        node.name
        for path in product()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
    ]

    assert repeated(names) == set()


def defined(package: str) -> set[str]:
    """What a package's `__init__` itself defines."""
    return {
        node.name
        for node in tree(Path(package, "__init__.py")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }


@cache
def face(package: str) -> set[str]:
    """The modules that other packages may import from: `__all__` of a package's `__init__`."""
    return {
        name
        for node in tree(Path(package, "__init__.py")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        for name in ast.literal_eval(node.value)
    }


def reaches(path: Path) -> Iterator[str]:
    """What a module imports past another package's face, or by a private name."""
    for node in ast.walk(tree(path)):
        for name in imports(node):
            package, *inner = name.split(".")
            if package not in PACKAGES or not inner:
                continue
            if any(part.startswith("_") for part in inner):
                yield f"{path.as_posix()}: {name}"
            elif package != path.parts[0] and inner[0] not in face(package) | defined(package):
                yield f"{path.as_posix()}: {package}.{inner[0]}"


def test_no_package_is_reached_past_its_face() -> None:
    paths = [*product(), *(path.relative_to(ROOT) for path in (ROOT / "bundle").glob("*.py"))]
    found = {reach for path in paths for reach in reaches(path)}

    assert found == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_a_face_lists_modules_that_are_there(package: str) -> None:
    there = {path.stem for path in (ROOT / package).iterdir()}

    assert face(package)
    assert face(package) <= there


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        node.name
        for path in product()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    }

    assert long == set()


def test_every_module_begins_with_why_it_exists() -> None:
    bare = [path.as_posix() for path in product() if not ast.get_docstring(tree(path))]

    assert bare == []


def imported() -> set[str]:
    """The first part of each name that is imported from elsewhere."""
    names: set[str] = set()
    for path in product():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.split(".")[0])
    ours = {*PACKAGES, *(path.stem for path in ROOT.glob("*.py"))}
    return names - ours - set(sys.stdlib_module_names)


def plain(name: str) -> str:
    """A distribution's name as all its spellings have it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_what_is_imported_is_declared() -> None:
    project = PROJECT["project"]
    extras = project["optional-dependencies"].values()
    lines = [*project["dependencies"], *(line for extra in extras for line in extra)]
    declared = {plain(re.split(r"[\[<>=]", line)[0]) for line in lines}
    distributions = packages_distributions()
    needed = {plain(one) for name in imported() for one in distributions.get(name, [name])}

    assert {BROUGHT.get(name, name) for name in needed} - declared == set()
