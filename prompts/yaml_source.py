"""A YAML file read so that each fault in it can be told with its line and its fix."""

import hashlib
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import ValidationError

from prompts.errors import PromptError

DEEPEST = 20
"""Levels of a file; deeper ones are a slip or an attack."""

Path = tuple[str, ...]
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Located:
    """The file's name, its data, and the tree that knows the lines."""

    file: str
    data: dict[str, Any]
    node: Any

    def fault(self, path: Path, sentence: str) -> PromptError:
        """An error at a key, which is named by the keys that lead to it."""
        where = ".".join(path) or "the file"
        return PromptError.at(self.file, self.line(path), f"{where}: {sentence}")

    def invalid(self, error: ValidationError) -> PromptError:
        """The first fault that pydantic found."""
        fault = error.errors(include_url=False, include_input=False)[0]
        return self.fault(tuple(map(str, fault["loc"])), _told(fault["type"], fault["msg"]))

    def line(self, path: Path) -> int:
        """The line of the innermost key of a path that the file has, counted from 1."""
        key, _ = self._find(path)
        return key.start_mark.line + 1 if key else 1

    def first_line(self, key: str) -> int:
        """The line where the text under a key begins."""
        _, value = self._find((key,))
        return int(value.start_mark.line) + (2 if value.style in {"|", ">"} else 1)

    def _find(self, path: Path) -> tuple[Any, Any]:
        key, value = None, self.node
        for name in path:
            pairs = value.value if isinstance(value, yaml.MappingNode) else []
            found = next((pair for pair in pairs if pair[0].value == name), None)
            if found is None:
                break
            key, value = found
        return key, value


def read_located(file: str, source: str, *, begin: str = "description: ...") -> Located:
    """Read a YAML mapping. Raises `PromptError` with file, line and fix.

    `begin` is what such a file may begin with, for one who wrote something else.
    """
    try:
        _refuse_bombs(file, source)
        node, data = _load(source)
    except (yaml.YAMLError, ValueError) as error:
        line, problem = _yaml_fault(error)
        raise PromptError.at(file, line, _mending(problem, source, line)) from error
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise PromptError.at(file, 1, f"it is no mapping; begin it with {begin}")
    located = Located(file, data, node)
    _refuse_repeated(located, node, ())
    return located


def fingerprint(text: str) -> str:
    """What names a text in records: the first twelve digits of its hash."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _load(source: str) -> tuple[Any, Any]:
    """The tree of a YAML text, and its data."""
    loader = _Loader(source)
    try:
        node = loader.get_single_node()
        return node, loader.construct_document(node) if node else None
    finally:
        loader.dispose()


def _refuse_bombs(file: str, source: str) -> None:
    """Raise where few characters would become much data, before any of it is built."""
    deep = 0
    event: Any
    for event in yaml.parse(source, Loader=_Loader):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise PromptError.at(
                file, line, f"it refers to *{event.anchor}; write out what is meant instead."
            )
        if isinstance(event, yaml.CollectionStartEvent):
            deep += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            deep -= 1
        if deep > DEEPEST:
            raise PromptError.at(file, line, f"it nests more than {DEEPEST} deep; make it flatter.")


def _refuse_repeated(located: Located, node: Any, path: Path) -> None:
    """Raise where a key stands twice: YAML would keep the later one without a word."""
    if isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            _refuse_repeated(located, entry, path)
    if not isinstance(node, yaml.MappingNode):
        return
    names: set[str] = set()
    for key, value in node.value:
        if str(key.value) in names:
            raise PromptError.at(
                located.file,
                key.start_mark.line + 1,
                f"{'.'.join((*path, str(key.value)))}: it stands here twice; remove or rename one.",
            )
        names.add(str(key.value))
        _refuse_repeated(located, value, (*path, str(key.value)))


def _yaml_fault(error: Exception) -> tuple[int, str]:
    """The line of a YAML text that is wrong, counted from 1, and what is wrong with it."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None)
    return (mark.line + 1 if mark else 1), str(problem or error)


def _mending(problem: str, source: str, line: int) -> str:
    """What is wrong with a line of YAML, and how to mend it."""
    around = source.split("\n")[max(0, line - 2) : line]
    if any(text.lstrip(" ").startswith("\t") for text in around):
        return "it is indented with a tab; YAML takes spaces only, so replace the tab by spaces."
    return (
        f"no YAML: {problem}. Mend this line or the one above; text with a colon or a hash sign "
        "goes in quotes."
    )


def _told(kind: str, message: str) -> str:
    match kind:
        case "missing":
            return "it is missing; add it."
        case "extra_forbidden":
            return "there is no such key; remove it or mend its spelling."
        case _:
            return f"{message[0].lower()}{message[1:]}; change it."
