"""Command lines that we advise are such as the parser takes."""

import ast
import re
import shlex
from collections.abc import Iterator

from cyclopts import CycloptsError

from cli import command_line
from cli.terminal import in_commands
from errors import NEXT_STEPS
from gateway.api_fault import cases
from prompts.store import PromptStore
from tests.conftest import ROOT

SHOWN = re.compile(
    r"`image-consultant ([a-z][^`]*)`"
    r"|^ {4}(?:.*? )?image-consultant ([a-z-]+(?: .*?)?)(?: {2,}#.*)?$",
    re.MULTILINE,
)
"""In backticks, or a line of an indented block with what a number sign says of it."""

FILLED = {"{client}": "claude-desktop", "markdown|json|html": "html"}
"""What stands in a place where not any word will do."""


def texts() -> Iterator[tuple[str, str]]:
    """Every page, and every text of the code with a {name} where something is filled in.

    Folders of tests begin with a t, as does `tools`.
    """
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("gateway/*.toml")]:
        yield page.name, page.read_text(encoding="utf-8")
    for path in [*ROOT.glob("*.py"), *ROOT.glob("[a-su-z]*/**/*.py"), *ROOT.glob("tools/*.py")]:
        source = path.read_text(encoding="utf-8")
        if "image-consultant " in source:  # to unparse each text of all others takes seconds
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.JoinedStr | ast.Constant):
                    yield path.name, ast.unparse(node)


def test_each_command_line_that_is_advised_is_one_that_the_parser_takes() -> None:
    app, advised, wrong = command_line(), set(), []
    for name, text in texts():
        for match in SHOWN.finditer(text):
            line = " ".join((match[1] or match[2]).split())
            for place, word in FILLED.items():
                line = line.replace(place, word)
            if line in advised:
                continue
            advised.add(line)
            try:
                app.parse_args(shlex.split(line), exit_on_error=False, print_error=False)
            except (CycloptsError, ValueError) as error:
                wrong.append(f"{name}: {line}: {error}")

    assert wrong == []
    assert len(advised) > 30


def test_in_a_terminal_no_parameter_of_a_tool_is_advised() -> None:
    frames = [PromptStore().wording(file.stem) for file in ROOT.glob("prompts/wording/*.yaml")]
    advice = [*NEXT_STEPS.values(), *(case.next_step for case in cases().values())]
    advice += [text for frame in frames for text in (frame.nobody, frame.unusable)]
    advice.append("Set IMAGE_CONSULTANT_IMAGE_MODEL to another, or pass it as image_model.")

    said = [in_commands(text) for text in advice]

    parameter = r"mode: |\b[a-z]+_(?:id|images?|model|mode|format)\b|=true|[Cc]all again|same run"
    assert [text for text in said if re.search(parameter, text)] == []
    assert len(frames) >= 5
