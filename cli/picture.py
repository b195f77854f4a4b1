"""The commands `conversations save`, `rate`, `likings`: pictures, and how they are liked."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App as Commands
from cyclopts import Parameter

from app import App
from cli import UsageProblem
from cli import terminal as show
from cli.data_folder import Sandbox, SandboxCounts, load_picture, with_records
from consultation.conversation_page import rating_words
from errors import Problem, StorageError
from gateway.capabilities import size_in_pixels
from tools.parameters import STARS, Rating

if TYPE_CHECKING:
    from storage.tables import Image

SIZE = re.compile(r"([1-9]\d{0,4})(?:x([1-9]\d{0,4}))?")
LONGEST_EDGE = 8000
"""Of a copy: square it takes half a gigabyte while it is made, and prints 70 cm at 300 dpi."""

likings = Commands(name="likings", help="What was learnt of your choices.")


def save(
    picture: str,
    file: Path,
    /,
    *,
    size: Annotated[str, Parameter(name="--size")] = "",
    sandbox: Sandbox = False,
) -> None:
    """Save a picture that is there in another format or size: nothing is drawn or paid for.

    The picture itself stays as it came. Nothing is overwritten.

    Args:
        picture: Its id, or that of a conversation for its current picture; the beginning is enough.
        file: Where to; its ending names the format: png, jpg, webp, gif, tif or bmp.
        size: What it is to fit into, in pixels: WIDTHxHEIGHT, or one number for both edges; up to
            8000.
    """
    from storage.picture_files import FORMATS

    form = FORMATS.get(file.suffix.lower())
    if form is None:
        raise UsageProblem(f"{file} has to end in one of {', '.join(FORMATS)}.")
    if file.exists():
        raise Problem(f"{file} is there already; it stays as it is. Name another file.")
    box = _box(size) if size else None
    image = with_records(lambda app: load_picture(app, picture), sandbox=sandbox)
    data, (width, height) = _convert(image, form, box)
    _write(file, data)
    show.line(str(file.absolute()))
    show.line(f"{width}x{height}, made of {image.id}, which stays as it is: {image.path}")
    if box and box[0] > image.width and box[1] > image.height:
        show.line(f"Enlarged: it shows no more than the {image.width}x{image.height} that it has.")


def rate(
    picture: str,
    rating: Rating,
    /,
    *,
    liked: str = "",
    disliked: str = "",
    sandbox: Sandbox = False,
) -> None:
    """Keep what you think of a picture; ratings become defaults in later questions, said openly.

    Args:
        picture: Its id, or that of a conversation for its current picture; the beginning is enough.
        rating: 1 to 5, 5 is best; thumbs_up is 5, thumbs_down 1.
        liked: What worked.
        disliked: What did not.
    """
    stars = STARS.get(rating) or int(rating)

    async def work(app: App) -> list[str]:
        image = await load_picture(app, picture)
        image = await app.maintenance.rate(image.id, stars, liked=liked, disliked=disliked)
        lines = [f"{image.id} is {rating_words(image)}."]
        if offer := await app.style_offers.after_rating(image):
            pictures = " ".join(offer.images)
            lines.append(offer.sentence(app.prompt_store.wording(offer.language)))
            lines.append(f"image-consultant styles extract {pictures} --name NAME")
        return lines

    for words in with_records(work, sandbox=sandbox):
        show.whole(words)


@likings.default
def show_preferences(*, sandbox: SandboxCounts = False) -> None:
    """Show what you usually choose, as it is offered in questions."""
    from consultation.preferences import ENOUGH, learn

    async def work(app: App) -> Any:
        history = app.records.preference_history
        origin = app.gateway.origin
        return origin, learn(await history.conversations(origin))

    origin, habits = with_records(work, sandbox=sandbox)
    for one in habits:
        show.line(f"{one.dimension}: {one.value} (chosen {one.times} times)")
    if not habits:
        show.line(
            f"Nothing was learnt, or holds no more: a preference is what you chose in {ENOUGH} "
            "conversations, and more often than all else together."
            f"{'' if origin == 'sandbox' else ' Those of the sandbox are shown with --sandbox.'}"
        )


@likings.command
def forget(*, sandbox: Sandbox = False) -> None:
    """Forget them: only later choices count from now on."""
    with_records(lambda app: app.records.preference_history.forget(), sandbox=sandbox)
    show.line("Forgotten. Later choices count anew; IMAGE_CONSULTANT_LEARN=false ends it for good.")


def _box(size: str) -> tuple[int, int]:
    edges = SIZE.fullmatch(size_in_pixels(size))
    if not edges:
        raise UsageProblem(f"--size takes pixels such as 1200 or 1200x800, not {size!r}.")
    width, height = int(edges[1]), int(edges[2] or edges[1])
    if max(width, height) > LONGEST_EDGE:
        raise UsageProblem(f"--size takes edges of up to {LONGEST_EDGE} pixels, not {size!r}.")
    return width, height


def _convert(
    image: "Image", form: str, box: tuple[int, int] | None
) -> tuple[bytes, tuple[int, int]]:
    from storage.picture_files import convert, read_picture
    from storage.pixels import UNDECODABLE

    if image.format == "svg":
        raise Problem(
            f"{image.id} is an SVG, which is drawn at any size by what shows it.",
            f"Open {image.path} in a browser or an editor and export it there.",
        )
    try:
        return convert(read_picture(image), form, box)
    except UNDECODABLE as error:
        raise Problem(f"{image.id} cannot be converted: {error}") from error


def _write(file: Path, data: bytes) -> None:
    from storage.shared_folder import write_file

    try:
        write_file(file, [data])
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror}.") from error
