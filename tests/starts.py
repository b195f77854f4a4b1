"""Start the server in each way that people start it, and have it draw on the sandbox.

`python -m tests.starts` builds the wheel and the bundle, installs them as a client would, and
plays both tools through a real client: from the bundle, the wheel, the clone and uvx. With
Node, the bundle is held against the official tool as well.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from PIL import Image

from bundle.build import NAME, build
from cli.clients import find_uv
from tests.calls import consult, draw, picture
from tests.conftest import ROOT

MCPB = "@anthropic-ai/mcpb@2.1.2"
GUI_PATH = os.defpath
"""What a program with a window sees as PATH: never where uv is."""
PATIENCE = 30
"""Seconds to the first answer: half of what Claude Desktop waits before it gives up."""
DESKTOP_FORM = {"sandbox": True, "quality": "", "daily_budget_usd": ""}
"""What a person filled in. The options that are missing stay placeholders."""
FILL_IN = """
import { getMcpConfigForManifest } from "./node_modules/@anthropic-ai/mcpb/dist/index.js";
const [manifest, extensionPath, userConfig] = process.argv.slice(2).map(JSON.parse);
const given = { manifest, extensionPath, userConfig, systemDirs: {}, pathSeparator: "/" };
console.log(JSON.stringify(await getMcpConfigForManifest(given)));
"""
"""How a host makes a command of a manifest and a form, by the official library."""


LOG = "server.log"


class Start(NamedTuple):
    """A way of starting: what to run, the environment beside the usual one, a picture to change."""

    command: Sequence[str]
    environment: Mapping[str, str]
    input_image: Path | None = None


def from_bundle(work: Path) -> Start:
    """As Claude Desktop does: unpack, have uv install, start what the manifest says."""
    bundle = build(work / NAME)
    folder = work / "Claude Extensions" / "Bücher & Bilder"
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
    compare_with_official_tool(bundle, folder, work)
    assert "://" not in (folder / "pyproject.toml").read_text("utf-8"), "a host is named"
    run([uv(), "sync", "--quiet", "--python", sys.executable, "--directory", str(folder)])
    lend_bytecode(folder / ".venv")
    input_image = work / "Family photos" / "cat.png"
    input_image.parent.mkdir()
    Image.new("RGB", (64, 64), "teal").save(input_image)
    form = {**DESKTOP_FORM, "input_dirs": [str(input_image.parent), str(work / "scans")]}
    configuration = filled_in(folder, form, work)
    command = [uv(), *configuration["args"]]  # its own uv, whatever `command` says
    return Start(command, configuration["env"], input_image)


def from_wheel(work: Path) -> Start:
    """As `client-config` of a wheel in an empty environment says, which has to be whole."""
    run([uv(), "venv", "--quiet", "--python", sys.executable, str(work / "empty")])
    run([uv(), "pip", "install", "--quiet", "--python", str(work / "empty"), str(wheel(work))])
    lend_bytecode(work / "empty")
    folder = work / "empty" / ("Scripts" if os.name == "nt" else "bin")
    return told(str(folder / "image-consultant"))


def from_clone(_work: Path) -> Start:
    """As `client-config` in the clone says."""
    return told(uv(), "run", "--directory", str(ROOT), "image-consultant")


def from_uvx(work: Path) -> Start:
    """From the wheel, without installing it: `uvx --from WHEEL image-consultant`."""
    environment = {"UV_CACHE_DIR": run([uv(), "cache", "dir"]).strip(), "UV_PYTHON": sys.executable}
    uvx = [uv(), "tool", "run", "--python", sys.executable, "--from", str(wheel(work))]
    lend_bytecode(Path(run([*uvx, "python", "-ISc", "import sys; print(sys.prefix)"]).strip()))
    return told(*uvx, "image-consultant", environment=environment)


WAYS: Mapping[str, Callable[[Path], Start]] = {
    "bundle": from_bundle,
    "wheel": from_wheel,
    "clone": from_clone,
    "uvx": from_uvx,
}


def told(*command: str, environment: Mapping[str, str] | None = None) -> Start:
    """What `client-config` of this installation tells a client to start."""
    said = json.loads(run([*command, "client-config", "--sandbox", "--json"]))["entry"]
    return Start([said["command"], *said["args"]], environment or {})


async def both_tools(start: Start, home: Path) -> str:
    """Consult and draw in an empty home, and find the picture on disk; what was seen."""
    usual = {"HOME": str(home), "USERPROFILE": str(home), "PATH": GUI_PATH, "UV_OFFLINE": "1"}
    transport = StdioTransport(
        start.command[0],
        [*start.command[1:]],
        env={**usual, **start.environment},
        cwd=str(home),
        log_file=home / LOG,
    )
    begun = time.perf_counter()
    async with Client(transport, mode="legacy", init_timeout=PATIENCE) as client:
        answered = time.perf_counter() - begun
        asked = await consult(client, "a lighthouse in a storm", finish=True)
        assert asked["status"] == "ready", asked
        drawn = await draw(client, conversation_id=asked["conversation_id"], prompt="")
        if start.input_image:
            await draw(client, prompt="in winter", input_images=[str(start.input_image)])
    path = picture(drawn)
    assert drawn["status"] == "done", drawn
    assert drawn["origin"] == "sandbox", drawn
    assert path.is_relative_to(home / "Downloads" / "images"), path
    assert path.read_bytes().startswith(b"\x89PNG"), path
    return f"answered after {answered:.1f} s, drew {path.stat().st_size:,} bytes"


def compare_with_official_tool(bundle: Path, folder: Path, work: Path) -> None:
    """The manifest is valid, and packing what was unpacked gives the same files."""
    npm = shutil.which("npm")
    if npm is None:
        say(f"bundle: not held against {MCPB}, which needs Node")
        return
    run([npm, "install", "--silent", "--prefix", str(work), MCPB])
    mcpb = str(work / "node_modules" / ".bin" / "mcpb")
    run([mcpb, "validate", str(folder / "manifest.json")])
    run([mcpb, "pack", str(folder), str(work / "official.mcpb")])
    assert contents(work / "official.mcpb") == contents(bundle)
    say(f"bundle: valid, and the same that {MCPB} packs")


def filled_in(folder: Path, form: Mapping[str, Any], work: Path) -> dict[str, Any]:
    """Command, arguments and environment of a manifest once a person filled in its form."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    node = shutil.which("node")
    if node and (work / "node_modules").is_dir():
        script = work / "fill_in.mjs"
        script.write_text(FILL_IN, "utf-8")
        given = (json.dumps(one) for one in (manifest, str(folder), form))
        configuration: dict[str, Any] = json.loads(run([node, str(script), *given]))
        return configuration
    text = json.dumps(manifest["server"]["mcp_config"]).replace("${__dirname}", str(folder))
    for option, value in form.items():
        words = '", "'.join(value) if isinstance(value, list) else str(value).lower()
        text = text.replace(f"${{user_config.{option}}}", words)
    return dict(json.loads(text))


def lend_bytecode(environment: Path) -> None:
    """Give a new environment what this one has compiled, which takes each of them six seconds.

    uv links both to the same files, and Python compiles anew what has another time or size.
    """
    ours, theirs = (sysconfig.get_path("purelib", vars={"base": str(one)})
                    for one in (sys.prefix, environment))  # fmt: skip
    for compiled in Path(ours).rglob("*.pyc"):
        copy = Path(theirs, compiled.relative_to(ours))
        if copy.parent.parent.is_dir() and not copy.exists():
            copy.parent.mkdir(exist_ok=True)
            shutil.copy(compiled, copy)


def contents(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def wheel(work: Path) -> Path:
    if not (work / "dist").is_dir():
        run([uv(), "build", "--quiet", "--wheel", "--out-dir", str(work / "dist"), str(ROOT)])
    return next((work / "dist").glob("*.whl"))


def uv() -> str:
    found = find_uv()
    assert found, "uv is needed: python -m pip install uv"
    return found


def run(command: Sequence[str]) -> str:
    ended = subprocess.run(command, check=False, capture_output=True, encoding="utf-8", timeout=300)
    if ended.returncode:
        said = f"{ended.stdout}{ended.stderr}"
        sys.exit(f"{' '.join(command)} ended with {ended.returncode}:\n{said}")
    return ended.stdout


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Try the ways in the arguments, or all of them."""
    with tempfile.TemporaryDirectory() as folder:
        for way in sys.argv[1:] or WAYS:
            home = Path(folder, f"home of {way}")
            home.mkdir()
            start = WAYS[way](Path(folder))
            try:
                say(f"{way}: {asyncio.run(both_tools(start, home))}")
            except Exception as error:
                sys.exit(f"{way}: {error!r}\n{(home / LOG).read_text('utf-8')[-4000:]}")


if __name__ == "__main__":
    main()
