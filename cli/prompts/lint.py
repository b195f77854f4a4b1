"""The commands `prompts lint`, `watch` and `schema`: faults told before a model is asked."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from difflib import unified_diff
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from cli import terminal as show
from cli.prompts.files import print_diff
from cli.prompts.render import previews
from gateway.capabilities import faults_of_options
from prompts import lint_rules
from prompts.image_type import ImageType, SuggestedSettings
from prompts.library_template import LibraryTemplate
from prompts.prompt_files import SHIPPED, PromptFile, find_file, prompt_files
from prompts.source import PromptError
from prompts.store import PromptStore
from prompts.template import Header
from prompts.wording import Ways
from settings import Settings, load_settings
from styles.style_file import Style
from styles.style_store import StyleStore

SECONDS = 0.3
"""Between two looks: at once for a person, and little work for the disk. Asking the system for
news instead would not work on every disk."""

Copy = tuple[Path, PromptFile]
"""A prompt file in one of the folders."""

MODELS: dict[str, type[BaseModel]] = {
    "header": Header,
    "image_type": ImageType,
    "library": LibraryTemplate,
    "style": Style,
    "variations": Ways,
}
SAID_BY_PLACE = {"name", "category"}


def undrawable(suggested: SuggestedSettings) -> Iterator[str]:
    """What the image model that is used unless told otherwise does not take."""
    model: str = Settings.model_fields["image_model"].default
    return faults_of_options(model, compression=None, **suggested.model_dump(exclude={"why"}))


def lint(*names: str, shipped: bool = False, as_json: show.AsJson = False) -> int:
    """Look for faults in all prompt files, or in some; exits with 1 if there are any.

    Args:
        names: Their names, or the files themselves; without any all.
        shipped: The shipped files alone, without your own.
    """
    settings = load_settings()
    own = None if shipped else settings.templates_dir
    styles = [*StyleStore(None if shipped else settings.styles_dir).verdicts()]
    folders = [folder for folder in (own, SHIPPED) if folder]
    of_styles = {one.file.removesuffix(".yaml"): one.file for one in styles}
    selection = {
        of_styles.get(name.removesuffix(".yaml")) or find_file(name, *folders).file
        for name in names
    }
    every = [*lint_rules.lint(own, undrawable, selection), *styles]
    verdicts = [one for one in every if not names or one.file in selection]
    faults = [(one, fault) for one in verdicts for fault in one.faults]
    if as_json:
        show.data([
            {"file": one.file, "own": one.own, "line": fault.line, "fault": str(fault)}
            for one, fault in faults
        ])  # fmt: skip
        return int(bool(faults))
    for one, fault in faults:
        whose = "your own " if one.own else ""
        show.line(f"fault in {whose}{fault}", "red")
    mine = sum(one.own for one in verdicts)
    whose = f", {mine} of them your own" if mine else ""
    count = "1 file" if len(verdicts) == 1 else f"{len(verdicts)} files"
    total = "1 fault" if len(faults) == 1 else f"{len(faults) or 'no'} faults"
    show.line(f"{count}{whose}: {total}.")
    return int(bool(faults))


def schema(*, to: Path | None = None) -> None:
    """Print the JSON Schemas that an editor checks files by, or write them to a folder.

    Args:
        to: The folder, one file for each schema.
    """
    schemas = {name: _schema(model) for name, model in MODELS.items()}
    if to is None:
        show.data(schemas)
        return
    to.mkdir(parents=True, exist_ok=True)
    for name, content in schemas.items():
        path = to / f"{name}.schema.json"
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        show.whole(str(path))


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a kind of file, which need not say what its place says."""
    schema = model.model_json_schema()
    schema["required"] = [key for key in schema["required"] if key not in SAID_BY_PLACE]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def watch() -> None:
    """Check and render each file when it is saved, until Ctrl-C.

    Faults come with their line; otherwise you see how the samples read now.
    """
    own = load_settings().templates_dir
    store = PromptStore(own)
    stamps = _stamps(own)
    texts = {copy: _render(copy, store) for copy in stamps}
    show.line(f"Watching {own} and {SHIPPED}. Ctrl-C ends it.")
    while True:
        time.sleep(SECONDS)
        before, stamps = stamps, _stamps(own)
        for copy in [copy for copy, stamp in stamps.items() if before.get(copy) != stamp]:
            folder, place = copy
            now = _render(copy, store)
            earlier = texts.get(copy) or texts.get((SHIPPED, place), {})
            texts[copy] = now or earlier
            show.heading(f"{place.name} {time.strftime('%H:%M:%S')}")
            faults = [*lint_rules.faults(place, folder, undrawable)]
            for fault in faults:
                show.line(f"fault in {fault}", "red")
            print_diff([*_changes(earlier, now)])
            if not faults:
                show.line("no faults" if earlier != now else "no faults; it reads as before")


def _stamps(own: Path) -> dict[Copy, tuple[int, int]]:
    """When each file was written, in nanoseconds, and its size: some disks know whole seconds."""
    stamps = {}
    for folder in (SHIPPED, own):
        for place in prompt_files(folder):
            with suppress(OSError):  # gone between two looks
                status = (folder / place.file).stat()
                stamps[folder, place] = (status.st_mtime_ns, status.st_size)
    return stamps


def _render(copy: Copy, store: PromptStore) -> dict[str, str]:
    """What a file gives, by sample; nothing where it is broken."""
    folder, place = copy
    try:
        return previews(place.read(folder), store)
    except PromptError:
        return {}


def _changes(before: dict[str, str], now: dict[str, str]) -> Iterator[str]:
    """How what a file gives changed, sample by sample."""
    for sample, text in now.items():
        old = before.get(sample, "").splitlines()
        yield from unified_diff(old, text.splitlines(), "before", sample, lineterm="", n=1)
