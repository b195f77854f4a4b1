"""Make one script of ES modules, and an HTML page that brings it along, without a build step.

A view in a chat is one file, and its policy lets it load nothing; the studio would wait for forty
requests. Each module becomes a function of its own, in the order of their imports, so that a page
needs neither import maps nor `blob:`; what it exports is a name of the whole page.
What the modules may say of imports and exports is little on purpose: all else is refused.
"""

import html
import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
MODULES = FOLDER / "modules"

NAME = r"[A-Za-z_$][\w$]*"
IMPORT = re.compile(r'^import \{([^{}]*)\} from "(\.{1,2}/[\w./-]+\.js)";$', re.MULTILINE)
EXPORT = re.compile(rf"^export (async function|function|class|const) ({NAME})\b", re.MULTILINE)
EXPORT_LIST = re.compile(r"(?:^|(?<=;))export ?\{([^{}]*)\};?\s*\Z", re.MULTILINE)
ENTRY = re.compile(rf"({NAME})(?: as ({NAME}))?")
COMMENT = re.compile(r"^[ \t]*(?:/\*(?:(?!\*/).)*\*/[ \t]*|//[^\n]*)$", re.DOTALL | re.MULTILINE)
"""One that has its lines for itself: within a line it might be part of a text."""
TYPE = re.compile(r"/\*\* @type \{[^\n*]*\} \*/ ?")
INDENT = re.compile(r"^\s+", re.MULTILINE)
RULE_SPACE = re.compile(r"(?<![ ;]);\s*(?=\})|([{};])\s+|(?<!\s)\s+(?=[{};])|([,:>]) (?!;)")
"""At these signs a style sheet's space says nothing, as long as no quoted text holds them."""
SIGN_SPACE = re.compile(
    r'("(?:[^"\\\n]|\\.)*"?)| ([=!]==|=>?|&&|\|\||\?\??|:|[<>]=?) |(?<=[{]) | (?=[{}])'
    r'|(?<=[,:)]) (?=[\w."({[])|(?<=\bif) (?=\()|(?<=\b(?:let|for)) (?=[([])'
    r'|(?<=\breturn) (?=[("[])| (?=/>)| ([-+*/]=?) '
)
"""Space about a script's signs, or a text in quotes, which keeps its own; one that never ends is
taken to the end of its line, or each of its quotes would be tried. Before `$` and a backtick a
space may be text of a template."""
CONSTANT = re.compile(r"\bconst (?=[\w$[{])")
"""That nothing is assigned to it is for whoever reads the modules."""
QUOTES = re.compile(r'(?<=[\w-]=)"([\w-]+)"(?=[ >\n])')
"""Of an attribute in a template, which htm takes without; elsewhere `=` has spaces about it."""
LINE_END = re.compile(r"^((?:(?!(?<!<)//)[^\n])*?)(?:(?<=[;{},>(])\n|;?\n(?=\}))", re.MULTILINE)
"""A line that the next may follow at once; behind a comment it would be a part of that, behind a
tag that ends as `<//>` it is not."""
PARAMETER = re.compile(r"(?<=[(,=:?&|{ ])\((\w+)\)=>")
"""The only one of a function, which needs no parentheses."""
DECLARATIONS = re.compile(
    r"(?<=[;{])let\b(?:[^;{}\n]|\{[^;{}\n]*\})*(?:;let\b(?:[^;{}\n]|\{[^;{}\n]*\})*)+"
    r"|(?<=\}\)\(\));let(?=\{[\w,$]*\}=\(\(\)=>\{)"
)
"""Some in a row that hold no statement, and those of modules, which need one `let` together."""
OTHER = re.compile(
    r"^[ \t]*(?:import|export)\b[^\n]*|(?<![\w$.])import\s*[(.][^\n]*|^await\b[^\n]*", re.MULTILINE
)
"""What is left of imports and exports once those above are taken out, and awaits that would
hold up the page."""

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<div id="root"></div>
<script type="module">
{script}</script>
</body>
</html>
"""


class AssemblyError(ValueError):
    """A module does what the assembler does not take; the text names file, line and what."""


@cache
def page(entry: str, title: str) -> str:
    """The page whose script begins with a module of `MODULES`. Raises `AssemblyError`."""
    return PAGE.format(title=html.escape(title), style=style_sheet(), script=slim_script(entry))


@cache
def slim_script(entry: str) -> str:
    """The script that begins with a module of `MODULES`. Raises `AssemblyError`."""
    text = QUOTES.sub(r"\1", _slim(TYPE.sub("", script(MODULES / entry))))
    text = CONSTANT.sub("let ", text)
    body = SIGN_SPACE.sub(r"\1\2\3", text)
    body = PARAMETER.sub(r"\1=>", LINE_END.sub(r"\1", body))
    return DECLARATIONS.sub(lambda match: re.sub(";let ?", ",", match[0]), body)


@cache
def style_sheet(*more: str) -> str:
    """The style sheet that all pages have, and those of `more` names behind it."""
    text = "".join((FOLDER / name).read_text(encoding="utf-8") for name in ("look.css", *more))
    return RULE_SPACE.sub(r"\1\2", _slim(text)).replace("</style", "<\\/style")


def script(entry: Path) -> str:
    """One script of a module and all that it imports. Raises `AssemblyError`."""
    owners: dict[str, Path] = {}
    parts: dict[Path, str] = {}
    _add(entry.resolve(), owners, parts, ())
    text = "\n".join([*parts.values(), ""])
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _add(
    path: Path, owners: dict[str, Path], parts: dict[Path, str], importers: tuple[Path, ...]
) -> None:
    """Add a module behind those that it imports; what it exports, all that follow can name."""
    if path in parts:
        return
    if path in importers:
        raise AssemblyError(f"{path.name} imports itself by way of {importers[-1].name}.")
    text = path.read_text(encoding="utf-8")
    for match in IMPORT.finditer(text):
        target = (path.parent / match[2]).resolve()
        if not target.is_file():
            raise _refusal(path, text, match.start(), "imports a file that is not there")
        _add(target, owners, parts, (*importers, path))
        for name, alias in _entries(path, text, match):
            if alias or owners.get(name) != target:
                raise _refusal(path, text, match.start(), f"imports {name!r}")
    body, exports = _as_function_body(path, text)
    for name in exports:
        if owners.setdefault(name, path) != path:
            raise AssemblyError(f"{path.name} exports {name}, as {owners[name].name} does.")
    names = ", ".join(exports)
    inner = ", ".join(name if name == own else f"{name}: {own}" for name, own in exports.items())
    parts[path] = f"const {{ {names} }} = (() => {{\n{body}\nreturn {{ {inner} }};\n}})();"


def _as_function_body(path: Path, text: str) -> tuple[str, dict[str, str]]:
    """A module as statements, and what it gives to others, each by the name that it has there."""
    exports = {match[2]: match[2] for match in EXPORT.finditer(text)}
    if listed := EXPORT_LIST.search(text):
        exports |= {outer or inner: inner for inner, outer in _entries(path, text, listed)}
    # Each replacement keeps its line, so that what is left over is named by where it stands.
    body = IMPORT.sub("", EXPORT_LIST.sub("", text))
    body = EXPORT.sub(lambda match: f"{match[1]} {match[2]}", body)
    plain = COMMENT.sub(lambda match: "\n" * match[0].count("\n"), body)
    if other := OTHER.search(plain):
        raise _refusal(path, plain, other.start(), f"has {other[0].strip()[:60]!r}")
    return body, exports


def _entries(path: Path, text: str, match: re.Match[str]) -> list[tuple[str, str | None]]:
    """The names in braces, each with the one behind `as`."""
    entries = []
    for one in filter(None, (part.strip() for part in match[1].split(","))):
        entry = ENTRY.fullmatch(one)
        if entry is None or "default" in (entry[1], entry[2]):
            raise _refusal(path, text, match.start(), f"imports or exports {one!r}")
        entries.append((entry[1], entry[2]))
    return entries


def _slim(text: str) -> str:
    """Without comments and indentation: chats keep the page with every result, browsers wait."""
    return INDENT.sub("", COMMENT.sub("", text))


def _refusal(path: Path, text: str, place: int, what: str) -> AssemblyError:
    line = text.count("\n", 0, place) + 1
    return AssemblyError(f"{path.name}, line {line}: {what}, which the assembler does not take.")
