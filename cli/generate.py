"""The command `generate`: draw from a terminal, with the same tool as every client."""

from base64 import b64decode
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import anyio
from cyclopts import Parameter
from cyclopts.validators import Number

from call_meaning import newest_jobs
from cli import Interruption
from cli import terminal as show
from cli.data_folder import given_picture, id_of, is_number, load_by_beginning, with_records
from cli.session import require_key, session
from errors import Problem
from generation.image_request import Background, OutputFormat, Strategy
from prompts.store import PromptStore
from prompts.wording import Wording
from settings import Quality, load_settings
from storage.picture_files import sheet_of
from storage.shared_folder import write_file
from storage.tables import Conversation


@Parameter(name="*")
@dataclass(frozen=True)
class DrawingOptions:
    """How a picture is drawn."""

    quality: Annotated[Quality | None, Parameter(help="The higher, the dearer.")] = None
    background: Annotated[Background | None, Parameter(help="Whether it is transparent.")] = None
    output_format: Annotated[
        OutputFormat | None, Parameter(name="--format", help="The format of the file.")
    ] = None
    style: Annotated[
        str | None, Parameter(help="A name from `styles list`: what it says goes along.")
    ] = None
    style_strength: Annotated[
        int | None,
        Parameter(help="0 to 100, a touch of it to closely; 60.", validator=Number(gte=0, lte=100)),
    ] = None


def generate(
    prompt: str = "",
    *,
    conversation: str | None = None,
    from_image: str | None = None,
    inputs: Annotated[list[Path] | None, Parameter(name="--input")] = None,
    mask: Path | None = None,
    size: str | None = None,
    look: DrawingOptions | None = None,
    variations: int = 1,
    strategy: Strategy | None = None,
    verify: bool = False,
    redraw: bool = False,
    sandbox: bool = False,
) -> None:
    """Draw a prompt as it is, or change a picture, and wait until it is there.

    Args:
        prompt: What to draw, or what to change in the current picture of the conversation.
        conversation: Draw or go on within this conversation.
        from_image: Start from this picture: its id, or its number where a call drew several.
        inputs: Pictures to start from: ids, or files in Pictures, Downloads, Desktop or INPUT_DIRS.
        mask: A PNG of the first picture's size that is transparent where it may change.
        size: square, wide, tall, or WIDTHxHEIGHT in multiples of 16.
        variations: How many, 1 to 4, which differ in what was left open or assumed.
        strategy: What variations differ in: color, composition, style, or each in another.
        verify: Have a second model look at it; a look costs about a cent.
        redraw: Draw anew what the same command has brought already.
        sandbox: Use the built-in stand-in for OpenAI: no key, no cost.
    """
    _check_words(prompt)
    if not (conversation or from_image):
        require_key(sandbox=sandbox)
    begun = with_records(lambda app: load_by_beginning(app, conversation)) if conversation else None
    wishes = {
        "conversation_id": begun.id if begun else None,
        "from_image": _start(begun, from_image, is_change=bool(prompt) and variations == 1),
        "input_images": [given_picture(path) for path in inputs or []] or None,
        "mask": mask and given_picture(mask),
        "size": size,
        "variation_strategy": strategy,
        **asdict(look or DrawingOptions()),
    }
    always = {"prompt": prompt, "variations": variations, "verify": verify, "redraw": redraw}
    _wait(always | wishes, begun.language if begun else "en", sandbox=sandbox)


def _start(begun: Conversation | None, from_image: str | None, *, is_change: bool) -> str | None:
    """The picture to start from, where one was named: its number, or its whole id.

    Raises a `Problem` where nobody said which of several is to change: the last would be a guess,
    and paid for.
    """
    if from_image:
        return from_image if is_number(from_image) else id_of(from_image, "img")
    images = begun.images_of(newest_jobs(begun)) if begun else []
    if begun and is_change and len(images) > 1 and not begun.current_image_id:
        raise Problem(
            f"The last call drew {len(images)} pictures. Which of them is to change?",
            f"Pass its number: --from-image 1 to {len(images)}.",
            charged="no",
        )
    return None


def _wait(wishes: dict[str, Any], language: str, *, sandbox: bool) -> None:
    """Draw what is wished, and say what becomes of it where somebody stops waiting."""
    wording = PromptStore(load_settings().templates_dir).wording(language)
    again = wording.translate("The same command without --redraw brings the picture.")
    stated = {name: value for name, value in wishes.items() if value is not None}
    arguments = {"dialogue_mode": "skip", **stated}
    is_begun = False

    async def draw() -> show.Result:
        nonlocal is_begun
        async with session(sandbox=sandbox) as tools:
            is_begun = True
            return await tools.draw(wording, again, **arguments)

    try:
        _show(anyio.run(draw), arguments, wording, sandbox=sandbox)
    except KeyboardInterrupt:
        if is_begun:
            raise Interruption from None
        raise


def _check_words(prompt: str) -> None:
    """Refuse what an example puts where a person's words belong. Raises a `Problem`."""
    if prompt.strip() in (show.YOUR_WORDS, "..."):
        raise Problem(
            f"{show.YOUR_WORDS} stands for what you want.",
            "Put your own words in its place.",
            charged="no",
        )


def _show(
    result: show.Result, arguments: dict[str, Any], wording: Wording, *, sandbox: bool
) -> None:
    show.picture(result, wording)
    if len(result["images"]) > 1 and result["preview"]:
        _write_sheet(result, wording)
    count = len(result["images"])
    options = f" --from-image {count}" if count > 1 else ""
    for name in ("style", "style_strength"):
        options += f" --{name.replace('_', '-')} {arguments[name]}" if name in arguments else ""
    show.how_to_change(result["conversation_id"], wording, options, sandbox=sandbox)
    t, before = wording.translate, result["images"][0]["parent_image_id"]
    if count > 1:
        show.line(t("That changes the picture of this number; put in that of the one you mean."))
    elif before:
        words = t("That changes this picture; with --from-image {id} the one before it.", id=before)
        show.line(words)


def _write_sheet(result: show.Result, wording: Wording) -> None:
    """Put what the tool shows of several pictures, each under what varies, beside the first."""
    sheet = sheet_of(Path(result["images"][0]["path"]))
    try:
        write_file(sheet, [b64decode(result["preview"])])
    except OSError as error:  # the pictures are there and paid for
        show.note(f"The sheet of all cannot be written as {sheet}: {error.strerror}.")
        return
    show.line(wording.translate("All on one sheet: {sheet}", sheet=sheet))
