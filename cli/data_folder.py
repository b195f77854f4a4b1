"""The records of the data folder, and their ids as people type them: in part."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import anyio
from cyclopts import Parameter

from app import App
from errors import Problem
from generation.image_request import MOST_PICTURES
from settings import load_settings
from storage.stamps import IdKind, printable
from storage.tables import Conversation, Image

T = TypeVar("T")

Sandbox = Annotated[
    bool,
    Parameter(
        name="--sandbox",
        help="Accepted and without effect: what the sandbox made is found without it, too.",
    ),
]
"""Taken by all that read records, since it stands in the commands that wrote them."""

SandboxCounts = Annotated[
    bool, Parameter(name="--sandbox", help="Count those of the sandbox, which are kept apart.")
]
"""Taken by what counts: choices and reuses on the sandbox are kept apart from real ones."""

SHOWN = 5
"""Ids that are named where the beginning of one fits several."""

KINDS: dict[IdKind, str] = {"conv": "conversation", "img": "picture"}
WHERE_IDS_ARE = (
    "`image-consultant conversations list` shows the conversations, `image-consultant "
    "conversations show ID` the pictures of one."
)


def with_records(work: Callable[[App], Awaitable[T]], *, sandbox: bool = False) -> T:
    """Do something with the records of this data folder, then close them."""

    async def run() -> T:
        app = App(load_settings(sandbox=sandbox))
        try:
            return await work(app)
        finally:
            await app.close()

    return anyio.run(run)


def id_of(beginning: str, kind: IdKind = "conv") -> str:
    """The id of the one conversation or picture whose id begins so. Raises a `Problem`."""
    return with_records(lambda app: whole_id(app, beginning, kind))


def given_picture(path: Path) -> str:
    """A picture for a tool: the path of a file that is there, an id by its beginning, or a name
    that the tool looks for in its own folders. Raises a `Problem`."""
    path = path.expanduser()  # where the shell left it for its quotes
    if path.exists():
        return str(path.absolute())
    if path.name != str(path):
        raise Problem(f"There is no file {path}.", "Correct its path.", charged="no")
    return id_of(path.name, "img") if path.name.startswith("img_") else path.name


def file_name(words: str) -> str:
    """The name that a template or style typed as "Mein Stil" is kept under."""
    return "_".join(words.lower().split())


async def whole_id(app: App, beginning: str, kind: IdKind = "conv") -> str:
    """The one id that begins so, with or without its `conv_`. Raises a `Problem`."""
    fitting = await app.search.ids_beginning(kind, beginning, limit=SHOWN + 1)
    if beginning in fitting:
        return beginning
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise Problem(f"There is no {KINDS[kind]} {printable(beginning)}.", WHERE_IDS_ARE)
    ids = ", ".join(fitting[:SHOWN]) + (" and others" if len(fitting) > SHOWN else "")
    raise Problem(f"{printable(beginning)} fits several: {ids}.", "Type more of it.")


async def load_by_beginning(app: App, beginning: str) -> Conversation:
    """The conversation whose id begins so, or that of a picture, in full. Raises a `Problem`."""
    if beginning.startswith("img_"):
        image = await app.records.image(await whole_id(app, beginning, "img"))
        return await app.records.load(image.conversation_id)
    return await app.records.load(await whole_id(app, beginning))


def is_number(words: str) -> bool:
    """Whether this is the number of a picture among those of a call: no id is so short."""
    return words.isdecimal() and len(words) <= len(str(MOST_PICTURES))


async def load_picture(app: App, beginning: str) -> Image:
    """A picture by its id, or the current one of a conversation. Raises a `Problem`."""
    if is_number(beginning):
        # On its sheet it has that number, while some id of another picture may begin so.
        raise Problem(f"{beginning} is a number, and no id.", WHERE_IDS_ARE)
    if await app.search.ids_beginning("img", beginning, limit=1):
        return await app.records.image(await whole_id(app, beginning, "img"))
    if beginning.startswith("img_"):
        await whole_id(app, beginning, "img")  # refuses it as a picture
    if not await app.search.ids_beginning("conv", beginning, limit=1):
        raise Problem(
            f"There is no picture {printable(beginning)}, and no conversation.", WHERE_IDS_ARE
        )
    conversation = await load_by_beginning(app, beginning)
    if conversation.current_image is None:
        raise Problem(f"Conversation {conversation.id} has no picture yet.")
    return conversation.current_image
