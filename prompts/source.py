"""Read a file of prompts as text or YAML, each fault with its file, its line and a way out."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from errors import Problem
from prompts.field_fault import sentence_of

LARGEST = 64_000
"""Bytes of a file: the longest shipped one has a tenth of it, and what a template can do in
one rendering grows with its text."""
DEEPEST = 20
"""Levels of a YAML file. The shipped ones have five; building thousands exhausts the stack."""

FREE = r"(?!(?:con|prn|aux|nul|(?:com|lpt)[0-9])\b)"
"""What a name must not be: Windows keeps these for devices, whatever ending a file has."""
STEM = re.compile(rf"{FREE}[a-z][a-z0-9_]{{2,39}}")
STEM_FORM = (
    "3-40 small letters, digits and underscores, a letter first; con, nul, com1 and their like are "
    "no names on Windows"
)
"""What a style or a template of the library can be called, and its file with it."""

Keys = tuple[str, ...]
"""The keys that lead to a place in a YAML file, outermost first."""
Model = TypeVar("Model", bound=BaseModel)

LONGEST_SENTENCE = 1000
"""Characters of what is wrong with a file; a screen of an editor shows no more."""


class PromptError(Problem):
    """A prompt file is missing, malformed, or was given the wrong variables.

    `file` and `line` say where, as far as that is known; the text names both, too.
    """

    file = ""
    line: int | None = None

    @classmethod
    def at(cls, file: str, line: int | None, sentence: str) -> Self:
        """An error at a line of a file, counted from 1."""
        where = file if line is None else f"{file}, line {line}"
        if len(sentence) > LONGEST_SENTENCE:  # a file may hold a name of any length, or many
            sentence = f"{sentence[:LONGEST_SENTENCE]} …"
        error = cls(f"{where}: {sentence}")
        error.file, error.line = file, line
        return error


def fingerprint(text: str) -> str:
    """What names a text in records: the first twelve digits of its hash."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def read_text(path: Path, file: str) -> str:
    """The text of a file, its lines ended alike; `file` is what to call it.

    Raises `PromptError` with the fix.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe or device could be read without end
            raise PromptError.at(file, None, "it is no file; put a text file in its place.")
        with path.open("rb") as file_:
            data = file_.read(LARGEST + 1)
    except OSError as error:
        way = f"it cannot be read ({error.strerror}); put a text file in its place."
        raise PromptError.at(file, None, way) from error
    if len(data) > LARGEST:
        way = f"it is larger than {LARGEST:,} bytes; cut it down to what the model needs to know."
        raise PromptError.at(file, data.count(b"\n") + 1, way)
    try:
        text = data.decode("utf-8-sig")  # an editor may mark the order of bytes
        if "\0" in text:  # UTF-16 without its mark
            raise UnicodeDecodeError("utf-8", data, data.index(b"\0"), len(data), "holds zeros")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        way = "it is no text, or not in UTF-8; save the file in the encoding UTF-8."
        raise PromptError.at(file, line, way) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


class FileModel(BaseModel):
    """What a file of prompts says: no key but these, so that a slip is told."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class YamlSource:
    """A YAML file: its name, its data, and the tree that knows the lines."""

    file: str
    data: dict[str, Any]
    node: Any

    def fault(self, keys: Keys, sentence: str) -> PromptError:
        """An error at a key, which is named by the keys that lead to it."""
        where = ".".join(keys) or "the file"
        return PromptError.at(self.file, self.line(keys), f"{where}: {sentence}")

    def parse(self, model: type[Model], **place: str) -> Model:
        """The data as a model. Raises `PromptError` with the first fault that pydantic found.

        `place` is what the file's place says, whatever the file itself says of it.
        """
        try:
            return model.model_validate({**self.data, **place})
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            sentence = sentence_of(fault, model, filled=place)
            raise self.fault(tuple(map(str, fault["loc"])), sentence) from error

    def line(self, keys: Keys) -> int:
        """The line of the innermost of these keys that the file has, counted from 1."""
        key, _ = self._find(keys)
        return key.start_mark.line + 1 if key else 1

    def first_line(self, key: str) -> int:
        """The line where the text under a key begins: below the sign of a block, if it is one."""
        _, value = self._find((key,))
        return int(value.start_mark.line) + (2 if value.style in {"|", ">"} else 1)

    def _find(self, keys: Keys) -> tuple[Any, Any]:
        """The nodes of the innermost key that the file has, and of its value."""
        key, value = None, self.node
        for name in keys:
            if isinstance(value, yaml.SequenceNode) and name.isdecimal():
                key = value = value.value[int(name)]
                continue
            pairs = value.value if isinstance(value, yaml.MappingNode) else []
            pair = next((one for one in pairs if one[0].value == name), None)
            if pair is None:
                break
            key, value = pair
        return key, value


def read_yaml(file: str, source: str, *, begin: str = "description: ...") -> YamlSource:
    """Read a YAML mapping. Raises `PromptError` with file, line and fix.

    `begin` is what such a file may begin with, for one who wrote something else.
    """
    try:
        _refuse_bombs(file, source)
        node, data = _load(source)
    except (yaml.YAMLError, ValueError) as error:
        line, sentence = _yaml_fault(error, source)
        raise PromptError.at(file, line, sentence) from error
    if data is None:
        raise PromptError.at(file, 1, f"nothing stands in it; begin it with {begin}")
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        way = f"it is made of lines such as {begin}; begin it with that one."
        raise PromptError.at(file, 1, way)
    return YamlSource(file, data, node)


class _RepeatedKeyError(yaml.constructor.ConstructorError):
    pass


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # C: 10 x as fast
    """YAML that keeps no later key over an earlier one without a word."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """A mapping, each key of which stands there once."""
        names: set[Any] = set()
        for key, _ in node.value:
            if key.value in names:
                problem = f"{key.value}: it stands here twice; remove or rename one."
                raise _RepeatedKeyError(None, None, problem, key.start_mark)
            names.add(key.value)
        return super().construct_mapping(node, deep)


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
        deep += isinstance(event, yaml.CollectionStartEvent)
        deep -= isinstance(event, yaml.CollectionEndEvent)
        if deep > DEEPEST:
            raise PromptError.at(file, line, f"it nests more than {DEEPEST} deep; make it flatter.")


def _yaml_fault(error: Exception, source: str) -> tuple[int, str]:
    """The line of a YAML text that is wrong, counted from 1, and how to mend it."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or error
    line = mark.line + 1 if mark else 1
    if isinstance(error, _RepeatedKeyError):
        return line, str(problem)
    if "nesting depth" in str(problem):  # newer libyaml stops by itself, before our own limit
        return line, f"it nests more than {DEEPEST} deep; make it flatter."
    around = source.split("\n")[max(0, line - 2) : line]
    if any(text.lstrip(" ").startswith("\t") for text in around):
        way = "it is indented with a tab; YAML takes spaces only, so replace the tab by spaces."
        return line, way
    return line, (
        f"no YAML: {problem}. Mend this line or the one above; text with a colon or a hash sign "
        "goes in quotes."
    )
