"""The command `prompts watch`: check and render each file when it is saved."""

import time
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

from rich.markup import escape

from cli.prompts.files import console, print_diff
from cli.prompts.lint import PROMISED
from prompts.checks import faults
from prompts.file_kinds import SHIPPED, PromptFile, prompt_files
from prompts.preview import previews
from prompts.source import PromptError
from prompts.store import PromptStore
from settings import load_settings

SECONDS = 0.3
"""Between two looks. Asking the system for news instead would not work on every disk."""

Stamp = tuple[int, int]


class Saved(NamedTuple):
    """A file that was saved: its faults, and how what it gives changed, as a diff."""

    place: PromptFile
    faults: list[PromptError]
    changed: list[str]


class Watcher:
    """Knows what each file gave before, to tell what a save changed."""

    def __init__(self, own: Path) -> None:
        self._own = own
        self._library = PromptStore(own)
        self._stamps = self._look()
        self._gave = {path: self._gives(path) for path in self._stamps}

    def saved(self) -> Iterator[Saved]:
        """The files saved since the last time."""
        before, self._stamps = self._stamps, self._look()
        for path, stamp in self._stamps.items():
            if before.get(path) == stamp:
                continue
            folder, place = path
            wrong = list(faults(place, folder, PROMISED))
            earlier = self._gave.get(path) or self._gave.get((SHIPPED, place), {})
            now = self._gives(path)
            self._gave[path] = now or earlier
            yield Saved(place, wrong, list(_changes(earlier, now)) if now else [])

    def _look(self) -> dict[tuple[Path, PromptFile], Stamp]:
        found = {}
        for folder in (SHIPPED, self._own):
            for place in prompt_files(folder):
                try:
                    status = (folder / place.file).stat()
                except OSError:  # gone between two looks
                    continue
                found[folder, place] = (status.st_mtime_ns, status.st_size)
        return found

    def _gives(self, path: tuple[Path, PromptFile]) -> dict[str, str]:
        folder, place = path
        try:
            return previews(place, place.read(folder), self._library)
        except PromptError:
            return {}


def watch() -> None:
    """Check and render each file when it is saved, until Ctrl-C.

    Faults come with their line; otherwise you see how the samples read now.
    """
    own = load_settings().templates_dir
    watcher = Watcher(own)
    console.print(f"Watching {escape(str(own))} and {escape(str(SHIPPED))}. Ctrl-C ends it.")
    while True:
        time.sleep(SECONDS)
        for saved in watcher.saved():
            _print(saved)


def _print(saved: Saved) -> None:
    console.print(f"\n[bold]{escape(saved.place.name)}[/bold] {time.strftime('%H:%M:%S')}")
    for fault in saved.faults:
        console.print(f"[red]fault[/red] in {escape(str(fault))}")
    print_diff(saved.changed)
    if not saved.faults:
        console.print("no faults" if saved.changed else "no faults; it reads as before")


def _changes(before: dict[str, str], now: dict[str, str]) -> Iterator[str]:
    """How what a file gives changed, sample by sample."""
    for sample, text in now.items():
        old = before.get(sample, "").splitlines()
        yield from unified_diff(old, text.splitlines(), "before", sample, lineterm="", n=1)
