"""What the product imports is declared by name: what another package brings today may go."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions

from tests.conftest import ROOT
from tests.test_house import PACKAGES, product, tree

BROUGHT = {"fastmcp-slim": "fastmcp"}
"""Distributions that are another's other half, of the same version."""


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
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    lines = [*project["dependencies"], *(line for extra in extras for line in extra)]
    declared = {plain(re.split(r"[\[<>=]", line)[0]) for line in lines}
    distributions = packages_distributions()
    needed = {plain(one) for name in imported() for one in distributions.get(name, [name])}

    assert {BROUGHT.get(name, name) for name in needed} - declared == set()
