"""What goes into the bundle, and the file that holds it."""

import asyncio
import json
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.clients import find_uv
from errors import Problem

if TYPE_CHECKING:
    from fastmcp.prompts import Prompt

ROOT = Path(__file__).parent.parent
NAME = "image-consultant.mcpb"
PACKAGE = "image_consultant"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest moment that a zip can hold: the same sources give the same file."""

PROJECT = """\
# Written by `python -m bundle`. The server lies beside this file as it is; uv installs
# what it stands on, in the very versions that it was tested with.

[project]
name = "image-consultant"
version = {version}
requires-python = {python}
dependencies = {dependencies}

[tool.uv]
package = false
constraint-dependencies = {constraints}
"""

EXPORT = "export --quiet --no-dev --no-emit-project --no-hashes --no-header --no-annotate"


def build(target: Path) -> Path:
    """Write the bundle to this path, and return it. Raises `Problem` where a tool is missing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    files = {
        "manifest.json": _json(manifest(project["version"])),
        "pyproject.toml": pyproject(project, pins()).encode(),
        "icon.png": (ROOT / "bundle" / "icon.png").read_bytes(),
        "PRIVACY.md": (ROOT / "bundle" / "PRIVACY.md").read_bytes(),
        "LICENSE": (ROOT / "LICENSE").read_bytes(),
        **sources(),
    }
    pack(files, target)
    return target


def manifest(version: str) -> dict[str, Any]:
    """The manifest with the version, and the tools and prompts that the server offers."""
    content: dict[str, Any] = json.loads(
        (ROOT / "bundle" / "manifest.json").read_text(encoding="utf-8")
    )
    content["version"] = version
    content |= asyncio.run(_offered())
    return content


def pyproject(project: Mapping[str, Any], constraints: list[str]) -> str:
    """The project file of the bundle: what to install, and in which versions."""
    return PROJECT.format(
        version=_toml(project["version"]),
        python=_toml(project["requires-python"]),
        dependencies=_toml(project["dependencies"]),
        constraints=_toml(constraints),
    )


def pins() -> list[str]:
    """The exact version of every package, for every system, without hosts."""
    uv = find_uv()
    if uv is None:
        raise Problem("uv is not found. Build with: python -m uv run python -m bundle")
    return _output([uv, *EXPORT.split()]).splitlines()


def sources() -> dict[str, bytes]:
    """The files of the wheel; its metadata moves into the package, where it is found."""
    with tempfile.TemporaryDirectory() as folder:
        _output([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder])
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            return {
                f"{PACKAGE}/{name.removeprefix(f'{PACKAGE}/')}": archive.read(name)
                for name in archive.namelist()
                if not name.endswith("/RECORD")
            }


def pack(files: Mapping[str, bytes], target: Path) -> None:
    """Write files into a zip in which nothing depends on when or where it is made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, also where Windows builds
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content)


def _output(command: list[str]) -> str:
    """What a build tool prints."""
    ended = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, encoding="utf-8")  # noqa: S603  # our own
    if ended.returncode:
        raise Problem(f"`{' '.join(command[1:4])}` failed: {ended.stderr.strip()}")
    return ended.stdout


async def _offered() -> dict[str, list[dict[str, Any]]]:
    """What a server offers on which nobody set anything: no template of the builder's own."""
    from server import create_server
    from settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        server = create_server(Settings.model_construct(data_dir=Path(folder)))
        tools, prompts = await server.list_tools(), await server.list_prompts()
    return {
        "tools": [
            {"name": tool.name, "description": (tool.description or "").splitlines()[0]}
            for tool in tools
            if (tool.meta or {}).get("ui") != {"visibility": ["app"]}  # only the view calls those
        ],
        "prompts": [_prompt(prompt) for prompt in prompts],
    }


def _prompt(prompt: "Prompt") -> dict[str, Any]:
    """A prompt as a manifest has it; the server itself words it better."""
    arguments = [argument.name for argument in prompt.arguments or []]
    given = "; ".join(f"{name}: ${{arguments.{name}}}" for name in arguments)
    return {
        "name": prompt.name,
        "description": prompt.description or "",
        "arguments": arguments,
        "text": f"Begin a picture with openai_image_consultation, template {prompt.name}. {given}",
    }


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _toml(value: str | list[str]) -> str:
    """A string or a list of strings, which TOML writes as JSON does."""
    return json.dumps(value, indent=4 if isinstance(value, list) else None)
