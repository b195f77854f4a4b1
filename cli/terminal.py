"""Show a dialogue and its pictures in a terminal, or in a pipe."""

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

from cyclopts import Parameter
from rich.cells import cell_len
from rich.console import Console, ConsoleDimensions, ConsoleOptions, RenderableType
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from consultation.consultation_result import Consultation
from consultation.consultation_text import notes_for_person as notes_of_turn
from consultation.consultation_text import text_for_person
from generation.image_result import ImageResult, money_words, notes_for_person
from generation.verification import finding_lines
from prompts.wording import Wording
from storage.stamps import without_controls
from styles.comparison import FROM_STYLE

if TYPE_CHECKING:
    from fastmcp.client.progress import ProgressHandler

AsJson = Annotated[bool, Parameter(name="--json", help="Print JSON.")]

Result = dict[str, Any]
"""The fields of a tool's result, or of one question in it."""

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Signs that a terminal would obey or that turn the order of letters round, but for line breaks
and tabs: what comes from outside (an idea, a file name, an answer of OpenAI) may hold any."""

IN_COMMANDS = (
    (r"\bThe same call\b", "The same command"),
    (r"\bMake the same call again\b", "Run the same command again"),
    (r"\bmake the same call again\b", "run the same command again"),
    (r"\((?:dialogue_)?mode: skip\)", "(`generate` in place of `consult`)"),
    (r", or pass it as (?:image|assistant)_model\b", ""),
    (r" A picture that was pasted or attached in the chat reaches only the assistant\.", ""),
    (r"(There is no file '.*?') in\b", r"\1, neither here nor in"),
    (r"\bCall again\b", "Run this command again"),
    (r"\bcall again\b", "run this command again"),
    (
        r"\bopenai_list_conversations\(conversation_id='(\w+)'\)",
        r"`image-consultant conversations show \1`",
    ),
    (r"\b[Oo]penai_list_conversations\b", "`image-consultant conversations list`"),
    (r"\bredraw=true\b", "--redraw"),
    (r"\btemplate='(\w+)'", r"--template \1"),
    (r"\bsize=(?=\d)", "--size "),
    (r"\bfrom_image\b", "--from-image"),
    (r"\bonly (?:this |the |its )?conversation_id\b", "only --conversation"),
    (r"\b(?:this |the |its )?conversation_id\b", "--conversation"),
    (r"\binput_images\b", "--input"),
    (r"\boutput_format\b", "--format"),
    (r" \(Input folders in the form of Claude Desktop\)", ""),
)
"""What the tools call a thing, and what it is called here."""

CLOSE_NEAR_FAR = (
    "Close is what two pictures of one look are apart, far what pictures of different looks are; "
    "it is measured, and no score."
)
"""Stands below the distance from a style, whose numbers alone say little."""

YOUR_WORDS = "…"
"""Stands in printed commands for words of the person, and is refused where it was left."""

UNBROKEN = 10_000
"""Letters in a line of a pipe: paths must stay whole there."""

CLOSED_PIPE = 141
"""The exit code of a program whose reader went away: 128 and the number of SIGPIPE."""


class Terminal(Console):
    """A console that breaks no line by itself, obeys nobody else's signs, and ends quietly."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, **{"soft_wrap": True, **options})

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """What is printed, without the signs that a terminal would obey and rich did not add."""
        for part in super().render(renderable, options):
            yield part if part.control else part._replace(text=plain(part.text))

    @property  # type: ignore[misc]  # nothing sets it
    def size(self) -> ConsoleDimensions:
        """That of the terminal; in a pipe no line is broken."""
        return super().size if self.is_terminal else ConsoleDimensions(UNBROKEN, UNBROKEN)

    def on_broken_pipe(self) -> NoReturn:
        """End like every program whose reader went away."""
        end_quietly()


console = Terminal()
errors = Terminal(stderr=True)


def end_quietly() -> NoReturn:
    """Exit with nothing more to say: whoever read what we print is gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(CLOSED_PIPE)


def plain(text: str) -> str:
    """The text without what a terminal would obey."""
    return CONTROL.sub("", without_controls(text))


def in_commands(text: str) -> str:
    """What a tool says, with the names that things have on the command line."""
    for name, here in IN_COMMANDS:
        text = re.sub(name, here, text)
    return text


def heading(text: str) -> None:
    """A line that opens a part."""
    _print(console, f"\n{text}", "bold", indent="")


def line(text: str, style: str = "") -> None:
    """Plain text within a part, mostly one line."""
    _print(console, text, style)


def whole(text: str, style: str = "") -> None:
    """A line that stays one however narrow the terminal is: a command to copy, an id."""
    console.print(Text(f"  {plain(text)}", style))


def entry(head: str, text: str) -> None:
    """A head that stays whole and what it is about, below it where one line is too short."""
    both = f"{head}  {text}"
    if cell_len(both) + 2 > console.width:
        whole(head, "bold")
        line(f"    {text}", "bold")
    else:
        whole(both, "bold")


def _print(to: Console, text: str, style: str, indent: str = "  ") -> None:
    """Break lines between words in a terminal, and nowhere in a pipe; what is one word, nowhere."""
    for one in plain(text).splitlines():
        margin = indent + " " * (len(one) - len(one.lstrip()))
        words = fill(
            one.strip(), to.width, initial_indent=margin, subsequent_indent=margin,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
        to.print(Text(words, style))


def block(text: str) -> None:
    """Text as it is, such as a record or a file."""
    sys.stdout.write(plain(text))


def table(rows: Iterable[Sequence[str]], *columns: str) -> None:
    """Rows below their headings."""
    grid = Table(*columns, box=None)
    for row in rows:
        grid.add_row(*map(Text, row))
    console.print(grid)


def data(value: Any) -> None:
    """Data for other programs, as JSON."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    sys.stdout.write(CONTROL.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text) + "\n")


def note(text: str) -> None:
    """A line beside the result, such as what is going on: it goes to stderr."""
    _print(errors, text, "dim")


def failure(text: str) -> None:
    """What went wrong, on stderr: one line, which a terminal breaks between words."""
    lines = text.splitlines() if errors.is_terminal else [text]
    for one in lines:
        _print(errors, " ".join(in_commands(one).split()), "", indent="")


@contextmanager
def progress() -> Iterator["ProgressHandler"]:
    """Show how far a call is: as a bar in a terminal, which only moves while nothing is known, and
    as a line for each new step elsewhere."""
    columns = TextColumn("  {task.description:24}"), BarColumn(), TaskProgressColumn()
    moves = errors.is_terminal and not errors.is_dumb_terminal
    bar = Progress(*columns, console=errors, transient=True)
    task = bar.add_task("", total=None)
    step = ""

    async def report(progress: float, total: float | None, message: str | None) -> None:
        nonlocal step
        words = message or ""
        bar.update(task, completed=progress, total=total, description=words)
        news = words.rpartition(",")[0]  # without its seconds
        if not moves and news != step:
            step = news
            note(step)

    if moves:
        bar.start()
    try:
        yield report
    finally:
        if moves:  # one that never began prints an empty line
            bar.stop()


def forget_typing() -> None:
    """Take what was typed while nothing was asked for no answer."""
    if not sys.stdin.isatty():
        return
    if sys.platform == "win32":
        import msvcrt

        while msvcrt.kbhit():
            msvcrt.getwch()
    else:
        import termios

        termios.tcflush(sys.stdin, termios.TCIFLUSH)


def consultation(result: Consultation, wording: Wording) -> None:
    """Where a dialogue stands, part by part."""
    rest = result.model_copy(update={"notes": []})
    for part in [*text_for_person(rest, wording), *remarks(result, wording)]:
        line(f"\n{part}")


def remarks(result: Consultation, wording: Wording) -> list[str]:
    """The notes of a turn, in the person's language and with the names of the command line."""
    return [in_commands(note) for note in notes_of_turn(result, wording)]


def picture(result: Result, wording: Wording) -> None:
    """What was drawn: where it lies, what it is, what was found in it, what it cost."""
    images = result["images"]
    for number, image in enumerate(images, start=1):
        if len(images) > 1:
            line(f"{number} {image['variation'] or ''}".strip())
        facts = f"{image['width']}x{image['height']} {image['format']}"
        if Path(image["path"]).is_file():  # else a note says where it was
            line(image["path"])
            facts += f", {image['bytes'] / 1000:.0f} kB"
        is_marked = len(images) > 1 and image["current"]
        current = f" ({wording.translate('current')})" if is_marked else ""
        line(f"{facts}, {image['image_id']}{current}")
    drawing = ImageResult.model_validate(result)
    findings = finding_lines(drawing.verification, wording) if drawing.verification else []
    distances = [item for item in drawing.checklist if wording.says(FROM_STYLE, item)]
    if distances:
        findings += [*([] if findings else distances), wording.translate(CLOSE_NEAR_FAR)]
    notes = [in_commands(wording.note(note)) for note in notes_for_person(drawing)]
    for words in filter(None, [*findings, money_words(drawing, wording), *notes]):
        line(words)


def how_to_change(conversation: str, wording: Wording, options: str = "", *, sandbox: bool) -> None:
    """The command that changes the picture of a conversation, with the options that it has."""
    lead = wording.translate("Go on with, your own words in place of …:")
    how_to_go_on(lead, f'generate "{YOUR_WORDS}"{options}', conversation, sandbox=sandbox)


def how_to_go_on(lead: str, command: str, conversation: str, *, sandbox: bool) -> None:
    """A command that goes on with a conversation, below what it does."""
    heading(lead)
    option = " --sandbox" if sandbox else ""
    whole(f"image-consultant {command} --conversation {conversation}{option}")


def interruption(wording: Wording, *, sandbox: bool) -> str:
    """What Ctrl-C does to a drawing, and to what it costs."""
    t = wording.translate
    if sandbox:
        return t(
            "Stopped. What the sandbox had begun is drawn first, free; Ctrl-C once more ends that."
        )
    return t("Stopped. A request that had reached OpenAI is drawn and paid for all the same, once.")
