"""The command `prompts watch`: check and render each file when it is saved."""

import time
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

from rich.markup import escape

from cli import terminal as show
from cli.prompts.files import print_diff
from cli.prompts.lint import PROMISES
from cli.prompts.render import previews
from prompts.lint_rules import faults
from prompts.prompt_files import SHIPPED, PromptFile, prompt_files
from prompts.source import PromptError
from prompts.store import PromptStore
from settings import load_settings

SECONDS = 0.3
"""Between two looks: at once for a person, and little work for the disk. Asking the system for
news instead would not work on every disk."""

Copy = tuple[Path, PromptFile]
"""A prompt file in one of the folders."""
Stamp = tuple[int, int]
"""When a file was written, in nanoseconds, and its size: some disks know whole seconds only."""


class Edit(NamedTuple):
    """A file that was saved: its faults, and how what it gives changed, as a diff."""

    place: PromptFile
    faults: list[PromptError]
    changes: list[str]


class Watcher:
    """Knows what each file gave before, to tell what a save changed."""

    def __init__(self, own: Path) -> None:
        self._own = own
        self._store = PromptStore(own)
        self._stamps = self._look()
        self._texts = {copy: self._render(copy) for copy in self._stamps}

    def edits(self) -> Iterator[Edit]:
        """The files saved since the last time."""
        before, self._stamps = self._stamps, self._look()
        for copy, stamp in self._stamps.items():
            if before.get(copy) == stamp:
                continue
            folder, place = copy
            wrong = list(faults(place, folder, PROMISES))
            earlier = self._texts.get(copy) or self._texts.get((SHIPPED, place), {})
            now = self._render(copy)
            self._texts[copy] = now or earlier
            yield Edit(place, wrong, list(_changes(earlier, now)) if now else [])

    def _look(self) -> dict[Copy, Stamp]:
        stamps = {}
        for folder in (SHIPPED, self._own):
            for place in prompt_files(folder):
                try:
                    status = (folder / place.file).stat()
                except OSError:  # gone between two looks
                    continue
                stamps[folder, place] = (status.st_mtime_ns, status.st_size)
        return stamps

    def _render(self, copy: Copy) -> dict[str, str]:
        """What a file gives, by sample; nothing where it is broken."""
        folder, place = copy
        try:
            return previews(place.read(folder), self._store)
        except PromptError:
            return {}


def watch() -> None:
    """Check and render each file when it is saved, until Ctrl-C.

    Faults come with their line; otherwise you see how the samples read now.
    """
    own = load_settings().templates_dir
    watcher = Watcher(own)
    show.console.print(f"Watching {escape(str(own))} and {escape(str(SHIPPED))}. Ctrl-C ends it.")
    while True:
        time.sleep(SECONDS)
        for edit in watcher.edits():
            _print(edit)


def _print(edit: Edit) -> None:
    show.console.print(f"\n[bold]{escape(edit.place.name)}[/bold] {time.strftime('%H:%M:%S')}")
    for fault in edit.faults:
        show.console.print(f"[red]fault[/red] in {escape(str(fault))}")
    print_diff(edit.changes)
    if not edit.faults:
        show.console.print("no faults" if edit.changes else "no faults; it reads as before")


def _changes(before: dict[str, str], now: dict[str, str]) -> Iterator[str]:
    """How what a file gives changed, sample by sample."""
    for sample, text in now.items():
        old = before.get(sample, "").splitlines()
        yield from unified_diff(old, text.splitlines(), "before", sample, lineterm="", n=1)
