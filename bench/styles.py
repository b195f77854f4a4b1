"""What measuring the look of a picture of 20 MB costs: processor time, and memory at its peak.

Run: `python -m bench.styles`. A process of its own measures each picture a few times; the quickest
counts, since other work on the machine only adds. Exits with 1 where a bar is missed. Linux only:
the peak is read from /proc, and reset there.
"""

import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from bench.measurement import Measurement, peak, report, set_back_peak
from storage.pixels import bound, open_picture
from styles.measurement import DRAFT, measure
from tests.looks import encoded

MILLISECONDS, MEGABYTES = 200, 60
WIDTH, HEIGHT = 3840, 2160
"""Pixels of the largest picture that OpenAI draws."""
QUALITY = {"PNG": {"compress_level": 6}, "JPEG": {"quality": 100, "subsampling": 0}}
"""What gives a file of about 20 MB. A WebP has no such, and its decoder alone takes 14 bytes of a
pixel (`storage/pixels.py`)."""
NOISE = 14.0
RUNS = 7


def picture(kind: str) -> bytes:
    """Colours that run into each other under grain."""
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH]
    waves = (np.sin(across / 300), np.cos(down / 200), np.sin((across + down) / 400))
    smooth = 128 + 80 * np.stack(waves, axis=-1)
    noise = np.random.default_rng(1).normal(0, NOISE, smooth.shape)
    image = Image.fromarray(np.clip(smooth + noise, 0, 255).astype(np.uint8))
    return encoded(image, kind, **QUALITY[kind])


def unpack(data: bytes) -> None:
    """What Pillow does, and any way to look at a picture has to."""
    with open_picture(data) as image:
        bound(image, edge=DRAFT)
        image.load()


def quickest(step: Callable[[bytes], object], data: bytes) -> float:
    """Milliseconds of processor time."""
    times = []
    for _ in range(RUNS):
        began = time.process_time()
        step(data)
        times.append(time.process_time() - began)
    return min(times) * 1000


def cost(path: Path) -> tuple[float, float, float]:
    """Milliseconds of measuring a file and of unpacking it, and megabytes with the file's own."""
    measure(encoded(Image.new("RGB", (512, 512))))  # what is loaded and made once, whatever comes
    own = os.getpid()
    set_back_peak(own)
    before = peak(own)
    measure(path.read_bytes())
    memory = peak(own) - before
    data = path.read_bytes()
    return quickest(measure, data), quickest(unpack, data), memory


def results() -> Iterator[Measurement]:
    """Each format with its time and memory."""
    with tempfile.TemporaryDirectory() as folder:
        for kind in QUALITY:
            path = Path(folder, kind)
            path.write_bytes(picture(kind))
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                milliseconds, unpacking, megabytes = pool.apply(cost, (path,))
            name = f"{kind} of {path.stat().st_size / 1e6:.0f} MB"
            yield Measurement(f"{name}, processor time", milliseconds, "ms", MILLISECONDS)
            yield Measurement("  of it unpacking", unpacking, "ms")
            yield Measurement(f"{name}, memory", megabytes, "MB", MEGABYTES)


def main() -> int:
    """Print each number beside its bar; 1 where one is missed."""
    return report(results())


if __name__ == "__main__":
    sys.exit(main())
