"""Whatever is wrong with a prompt file: told with its line and a way out, at once, and harmless."""

import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from prompts.library_template import parse_library_template
from prompts.prompt_files import recognise
from prompts.source import PromptError
from prompts.store import PromptStore

RUNAWAY = "it loops or grows without end"
TEMPLATE, TYPE = "generation/draw.md.j2", "image_types/stamp.yaml"
HEADER = """\
---
purpose: Draw.
inputs:
  pictures: {type: integer, description: How many.}
---
"""
TEXT = HEADER.count("\n") + 1
"""The first line after the header."""
SECONDS, BYTES = 3, 200_000_000
"""Far beyond what is bounded, and far below what is not: the slowest is stopped after 0.3 s."""
VALUES = {"pictures": 2}

Kind = tuple[str, int, str]
"""What stands after the header, the line that is told, and words of what is said."""

DOUBLED = "{% set a = 'xxxxxxxxxxxxxxxx' %}\n" + "{% set a = a ~ a %}\n" * 60 + "{{ a }}"

STAMP = "recognise: a\nchecklist: [c]\ndimensions: {subject: {weight: 100, asks: b}}\n"

TEXTS: dict[str, Kind] = {
    "unclosed output": ("a\nb {{ pictures\n", TEXT + 1, "mend this line"),
    "unknown tag": ("{% do pictures %}", TEXT, "unknown tag 'do'"),
    "undefined variable": ("a\n{{ picturse }}", TEXT + 1, "did you mean 'pictures'?"),
    "undefined attribute": ("a\n{{ pictures.lenght }}", TEXT + 1, "has no attribute 'lenght'"),
    "unknown filter": ("{{ pictures | uper }}", TEXT, "did you mean 'upper'"),
    "unknown test": ("{{ pictures is oddly }}", TEXT, "did you mean 'odd'"),
    "a list printed": ("{{ [1, 2] }}", TEXT, "write | join(', ')"),
    "nothing printed": ("{{ none }}", TEXT, "put an if around it"),
    "long range": ("a\n{% for i in range(1000000000) %}b{% endfor %}", TEXT + 1, "Range too big"),
    "nested loops that say nothing": (
        "{% for i in range(999) %}{% for j in range(999) %}{% for k in range(999) %}{% endfor %}"
        "{% endfor %}{% endfor %}", TEXT, RUNAWAY,
    ),
    "nested loops that talk": (
        "{% for i in range(999) %}{% for j in range(99) %}" + "word " * 99
        + "{% endfor %}{% endfor %}", TEXT, "characters; make it less",
    ),
    "a macro that calls itself": (
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", TEXT, "is not called",
    ),
    "a text multiplied": ("{{ 'a' * 1000000000 }}", TEXT, "counts with + and - only"),
    "a text doubled again and again": (DOUBLED, TEXT + 11, RUNAWAY),
    "blocks that double": (
        "{% set a %}x{% endset %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 60, TEXT,
        "write {% set name = value %}",
    ),
    "lists of lists of lists": (
        "{% set a = ['x'] %}" + "{% set a = [a, a] %}" * 60 + "{{ a }}", TEXT, "constants only",
    ),
    "a wide format": ("{{ '%0999999999d' % pictures }}", TEXT, "leave widths out"),
    "lists filled with lists": (
        "{% set a = range(999) | list %}"
        + "{% set a = range(999) | map(attribute='b', default=a) | list %}" * 9
        + "{{ a | join }}", TEXT, RUNAWAY,
    ),
    "filters again and again": (
        "{% for i in range(999) %}{% set a = '" + "x y " * 4000 + "' | title %}{% endfor %}",
        TEXT, RUNAWAY,
    ),
    "a wide filter": ("{{ 'a' | center(999999999) }}", TEXT, "no filter 'center'"),
    "deep brackets": ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", TEXT, "make it flatter"),
    "include": ("a\n{% include '/etc/passwd' %}", TEXT + 1, "reads no other file"),
    "classes": ("{{ ''.__class__.__mro__ }}", TEXT, "is unsafe"),
    "class by filter": ("{{ pictures | attr('__class__') }}", TEXT, "no filter 'attr'"),
    "a method that changes a value": ("{{ pictures.append(1) }}", TEXT, "is not called"),
    "python": ("{{ __import__('os').environ }}", TEXT, "is not called"),
}  # fmt: skip

TYPES: dict[str, Kind] = {
    "yaml that does not close": ("recognise: [a, b\nchecklist: []\n", 2, "no YAML"),
    "a tab": ("recognise: a\ndimensions:\n\tsubject: {weight: 100, asks: b}\n", 3, "tab by spaces"),
    "a key twice": ("recognise: a\nchecklist: [c]\nrecognise: b\n", 3, "stands here twice"),
    "an unknown key": (STAMP + "colour: blue\n", 4, "colour: there is no such key"),
    "a wrong type": (
        "recognise: a\nchecklist: [c]\ndimensions:\n  subject:\n    weight: much\n    asks: b\n",
        5, "whole number",
    ),
    "a billion laughs": (
        "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(9)), 2, "write out",
    ),
    "deep brackets": ("recognise: " + "[" * 9000 + "]" * 9000, 1, "make it flatter"),
    "empty": ("", 1, "begin it with recognise"),
    "a Python object": ("recognise: !!python/object/apply:os.system [ls]\n", 1, "no YAML"),
}  # fmt: skip

HEADERS: dict[str, Kind] = {
    "empty": ("", 1, "must start with a YAML header"),
    "a header without end": ("---\npurpose: Draw.\nDraw it.\n", 1, "must start with a YAML header"),
    "an unknown type": (
        "---\npurpose: Draw.\ninputs:\n  a: {type: text, description: b}\n---\n", 4, "'string'",
    ),
    "a sample of the wrong type": (
        HEADER[:-4] + "samples:\n  one:\n    pictures: two\n---\nDraw.\n", 7, "of the type integer",
    ),
    "no purpose": ("---\ninputs: {}\n---\nDraw.\n", 1, "purpose: it is missing; add it."),
    "bad yaml": ("---\npurpose: Draw: all of it\n---\nDraw.\n", 2, "goes in quotes"),
}  # fmt: skip

FILES = {
    **{f"text: {name}": (TEMPLATE, HEADER + kind[0], *kind[1:]) for name, kind in TEXTS.items()},
    **{f"header: {name}": (TEMPLATE, *kind) for name, kind in HEADERS.items()},
    **{f"yaml: {name}": (TYPE, *kind) for name, kind in TYPES.items()},
}

BYTES_OF = {
    "UTF-16": (HEADER.encode("utf-16"), 1, "encoding UTF-8"),
    "UTF-16 without its mark": (HEADER.encode("utf-16-le"), 1, "encoding UTF-8"),
    "Latin-1": ((HEADER + "a\nein schönes Bild").encode("latin-1"), TEXT + 1, "encoding UTF-8"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 1, "it is no text"),
    "huge": (HEADER.encode() + b"word\n" * 20_000, TEXT + 12_783, "cut it down"),
}


def complaint(folder: Path, file: str) -> PromptError:
    """What is said of a file that is read and filled in, as the server does."""
    place = recognise(file)
    assert place
    with pytest.raises(PromptError) as caught:
        place.read(folder).render(**VALUES)
    return caught.value


def lay(folder: Path, file: str, data: bytes) -> Path:
    path = folder / file
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return path


def peak() -> int:
    """The most bytes that this process had at once."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is counted otherwise")
@pytest.mark.parametrize(("file", "text", "line", "says"), FILES.values(), ids=FILES)
def test_a_broken_file_is_told_with_line_and_fix_at_once_and_takes_no_memory(
    tmp_path: Path, file: str, text: str, line: int, says: str
) -> None:
    lay(tmp_path, file, text.encode())
    began, before = time.process_time(), peak()

    error = complaint(tmp_path, file)

    assert time.process_time() - began < SECONDS
    assert peak() - before < BYTES
    assert str(error).startswith(f"{file}, line {line}: ")
    assert says in str(error)
    assert str(error).endswith((".", "?", ". Mend this line or the one above."))


@pytest.mark.parametrize(("data", "line", "says"), BYTES_OF.values(), ids=BYTES_OF)
def test_a_file_that_is_no_text_is_told(tmp_path: Path, data: bytes, line: int, says: str) -> None:
    lay(tmp_path, TEMPLATE, data)

    error = complaint(tmp_path, TEMPLATE)

    assert error.line == line
    assert says in str(error)


def a_loop_of_links(path: Path) -> None:
    path.symlink_to(path.with_name("other"))
    path.with_name("other").symlink_to(path)


PLACES: dict[str, Callable[[Path], None]] = {
    "a folder": Path.mkdir,
    "a loop of links": a_loop_of_links,
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "a pipe": os.mkfifo,
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
    "unreadable": lambda path: path.symlink_to("/proc/self/mem"),
}


@pytest.mark.skipif(sys.platform != "linux", reason="links, pipes and /proc as Linux has them")
@pytest.mark.parametrize("put", PLACES.values(), ids=PLACES)
def test_what_lies_in_place_of_a_file_is_told_and_the_shipped_one_used(
    tmp_path: Path, put: Callable[[Path], None]
) -> None:
    (tmp_path / "generation").mkdir()
    put(tmp_path / TEMPLATE)
    store, draw = PromptStore(tmp_path), "generation/draw"

    assert "; put a text file in its place." in str(complaint(tmp_path, TEMPLATE))
    assert store.render(draw, pictures=0) == PromptStore().render(draw, pictures=0)
    assert len(store.faults()) == 1


def test_a_whole_folder_of_broken_files_leaves_everything_as_shipped(tmp_path: Path) -> None:
    for name in PromptStore().template_names():
        lay(tmp_path / name, "x", b"")  # a folder in its place
        (tmp_path / f"{name}.md.j2").write_text("{{")
    for name in ("logo", "general", "stamp"):
        path = tmp_path / "image_types" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text("- ")
    (tmp_path / "variations.yaml").write_text("color: []")
    store, shipped = PromptStore(tmp_path), PromptStore()

    assert store.image_types() == shipped.image_types()
    assert store.ways() == shipped.ways()
    assert [store.template(name) for name in shipped.template_names()] == [
        shipped.template(name) for name in shipped.template_names()
    ]
    assert len(store.faults()) == len(shipped.template_names()) + 4


def test_a_name_of_any_length_makes_no_long_error() -> None:
    with pytest.raises(PromptError) as error:
        parse_library_template("stamp", "art", f"{'colour' * 3000}: a\n")

    assert len(str(error.value)) < 1200
