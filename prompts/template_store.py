"""Find curated templates: the person's own folder first, then the shipped one.

Files are read anew on each use, and parsed once for each wording. Where a file of the
person's own is broken, the shipped one of its name is used meanwhile.
"""

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

from prompts.library_template import LibraryTemplate, file_of, parse_library_template
from prompts.source import PromptError, read_text

WORD = re.compile(r"[^\W\d_]{3,}")
LONG = 4
"""Letters of a word; only from longer ones is the s of a plural taken."""
RARE = 2
"""A word of a description tells templates apart where at most this many use it."""
ENOUGH = 3
"""How many of these an idea must have."""

_log = logging.getLogger(__name__)


def template_files(folders: Sequence[Path]) -> dict[str, list[Path]]:
    """Each template's files by name, in the order in which they are tried; none is read."""
    found: defaultdict[str, list[Path]] = defaultdict(list)
    for folder in folders:
        for path in sorted(folder.glob("library/*/*.yaml")):
            found[path.stem].append(path)
    return dict(sorted(found.items(), key=lambda item: (item[1][0].parent.name, item[0])))


def sound_templates(folders: Sequence[Path]) -> dict[str, LibraryTemplate]:
    """Every template that can be used, category by category; a broken one is said in the log."""
    sound: dict[str, LibraryTemplate] = {}
    for name, paths in template_files(folders).items():
        with suppress(PromptError):
            sound[name], _ = _usable(paths, folders)
    return sound


def usable_template(name: str, folders: Sequence[Path]) -> LibraryTemplate:
    """One template, the shipped one where the own one is broken. Raises `PromptError`."""
    return _usable(_paths(name, folders), folders)[0]


def template_source(name: str, folders: Sequence[Path]) -> str:
    """The text of the file that a template is read from. Raises `PromptError`."""
    return _usable(_paths(name, folders), folders)[1]


def find_template(name: str, folders: Sequence[Path]) -> LibraryTemplate:
    """One template as the first folder has it. Raises `PromptError` where that one is broken."""
    first, *others = _paths(name, folders)
    for path in others:
        if path.parent.parent == first.parent.parent:
            raise PromptError.at(
                _named(path), None, f"{_named(first)} has the same name; rename one of the two."
            )
    return _read(first, folders)


def suggest(idea: str, templates: Mapping[str, LibraryTemplate]) -> LibraryTemplate | None:
    """The one template that an idea plainly speaks of, or nothing.

    An idea speaks of a template if it has every word of its name, or several words that
    hardly any other description has.
    """
    said = _words(idea)
    named = [one for one in templates.values() if _words(one.name) <= said]
    if named:
        longest = max(len(_words(one.name)) for one in named)
        named = [one for one in named if len(_words(one.name)) == longest]
        return named[0] if len(named) == 1 else None
    about = {name: _words(one.description) for name, one in templates.items()}
    used = Counter(word for found in about.values() for word in found)
    close = {
        name: sum(used[word] <= RARE for word in found & said) for name, found in about.items()
    }
    fitting = [name for name, hits in close.items() if hits >= ENOUGH]
    return templates[fitting[0]] if len(fitting) == 1 else None


def _words(text: str) -> set[str]:
    """The words of a text, a plural as its singular."""
    found = WORD.findall(text.replace("_", " ").casefold())
    return {word.removesuffix("s") if len(word) > LONG else word for word in found}


def _paths(name: str, folders: Sequence[Path]) -> list[Path]:
    """Where a template may be read. Raises `PromptError` with the names that there are."""
    files = template_files(folders)
    if name in files:
        return files[name]
    close = get_close_matches(name.strip().casefold().replace(" ", "_"), files, n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    raise PromptError(f"There is no template {name[:40]!r}; there are {', '.join(files)}.{hint}")


def _usable(paths: Sequence[Path], folders: Sequence[Path]) -> tuple[LibraryTemplate, str]:
    """The first template that is sound, and its text; a broken one is said in the log.

    Raises `PromptError` where there is none.
    """
    failed: PromptError | None = None
    for path in paths:
        try:
            return _read(path, folders), read_text(path, _named(path))
        except PromptError as error:
            _log.warning("%s", error)
            failed = failed or error
    raise failed or PromptError("There is no such template.")


def _read(path: Path, folders: Sequence[Path]) -> LibraryTemplate:
    curated = parse_library_template(path.stem, path.parent.name, read_text(path, _named(path)))
    types = {file.stem for folder in folders for file in folder.glob("image_types/*.yaml")}
    if curated.image_type not in types:
        told = f"image_type: there is no {curated.image_type!r}; write one of "
        raise PromptError.at(_named(path), None, f"{told}{', '.join(sorted(types))}.")
    return curated


def _named(path: Path) -> str:
    return file_of(path.stem, path.parent.name)
