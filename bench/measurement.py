"""A measured number beside its bar, and what a process of Linux has used, read from /proc."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Measurement(NamedTuple):
    """One measured number and the bar it must not pass, where it has one."""

    name: str
    value: float
    unit: str
    bar: float | None = None

    @property
    def missed(self) -> bool:
        """Whether there is a bar and the number passes it."""
        return self.bar is not None and self.value > self.bar

    def __str__(self) -> str:
        """The line that is printed."""
        shown = f"{self.name:40} {self.value:7.2f} {self.unit}"
        if self.bar is None:
            return shown
        return f"{shown}  (bar {self.bar:g}: {'MISSED' if self.missed else 'holds'})"


def report(measurements: Iterable[Measurement]) -> int:
    """Print each number beside its bar as it comes; 1 where one is missed."""
    missed = False
    for one in measurements:
        print(one, flush=True)
        missed = missed or one.missed
    return int(missed)


def memory(process: int) -> float:
    """Megabytes (10^6 bytes) that a process holds."""
    return _megabytes(process, "VmRSS")


def peak(process: int) -> float:
    """Megabytes (10^6 bytes) that a process held at most since this was last set back."""
    return _megabytes(process, "VmHWM")


def set_back_peak(process: int) -> None:
    """From here on a process's peak is what it holds now, or more."""
    Path(f"/proc/{process}/clear_refs").write_text("5", encoding="utf-8")


def processor(process: int) -> float:
    """Milliseconds that a process has used, in steps of ten."""
    state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(state[11]) + int(state[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def _megabytes(process: int, name: str) -> float:
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(status.split(f"{name}:")[1].split()[0]) * 1024 / 1e6
