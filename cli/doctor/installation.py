"""Whether Python and the packages are those that the server needs."""

import sys
from importlib.metadata import PackageNotFoundError, version

from errors import Check
from settings import own_version

PACKAGES = ("fastmcp", "mcp", "openai", "pydantic", "pillow", "sqlalchemy")
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)


def python() -> Check:
    """The interpreter's version, and where it lies."""
    running = ".".join(map(str, sys.version_info[:3]))
    if OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON:
        return Check("python", "ok", f"{running}, {sys.executable}")
    return Check("python", "problem", f"{running} is not supported. Install Python 3.13.")


def packages() -> Check:
    """The versions of this program and of what it stands on."""
    there, missing = [f"image-consultant {own_version()}"], []
    for package in PACKAGES:
        try:
            there.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            missing.append(package)
    if missing:
        names = ", ".join(missing)
        return Check("packages", "problem", f"Not installed: {names}. Install the server again.")
    return Check("packages", "ok", ", ".join(there))
