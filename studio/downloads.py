"""What a person takes along from the studio: a conversation, or several pictures in one archive."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from app import App
from errors import StorageError
from studio.problem_answers import RefusedRequest

if TYPE_CHECKING:
    from prompts.store import PromptStore
    from storage.tables import Conversation, Image

FORMS = ("html", "json", "markdown")
"""What a conversation is exported as."""

MOST_PICTURES = 100
"""Of one archive: their ids are an address of 2 kB, which every proxy takes."""

LIST = "pictures.json"
FACTS = (
    "id", "conversation_id", "prompt", "width", "height", "model", "quality", "rating",
    "created_at",
)  # fmt: skip
"""What the list in an archive says of each picture, beside its file."""

Export = Callable[["Conversation", Path, Any, "PromptStore"], list[Path]]
"""Writes a conversation into a folder in one of `FORMS`; the files, the one to open last."""


class Downloads:
    """The routes whose answer the browser saves as a file."""

    def __init__(self, app: App, export: Export) -> None:
        self._app, self._export = app, export

    async def conversation(self, request: Request) -> Response:
        """A conversation to take along: one file, or several in an archive."""
        form = request.query_params.get("as", "html")
        if form not in FORMS:
            raise RefusedRequest(400, f"as is one of {', '.join(FORMS)}.")
        record = await self._app.records.load(request.path_params["conversation_id"])

        def write(folder: Path) -> Path:
            paths = self._export(record, folder, form, self._app.prompt_store)
            return _archive(paths) if len(paths) > 1 else paths[0]

        return await _download(write)

    async def pictures(self, request: Request) -> Response:
        """The pictures of some ids as they were saved, and what is known of each."""
        ids = list(dict.fromkeys(request.query_params.get("ids", "").split(",")))
        if not ids[0] or len(ids) > MOST_PICTURES:
            raise RefusedRequest(400, f"ids names up to {MOST_PICTURES} pictures, with commas.")
        images = [await self._app.records.image(one) for one in ids]
        return await _download(lambda folder: _pack(images, folder / "pictures.zip"))


async def _download(write: Callable[[Path], Path]) -> Response:
    """The file that is written into a folder, which goes once the file was sent."""
    folder = TemporaryDirectory()
    try:
        path = await asyncio.to_thread(write, Path(folder.name))
    except BaseException:
        folder.cleanup()
        raise
    headers = {"Cache-Control": "no-store"}
    clean = BackgroundTask(folder.cleanup)
    return FileResponse(path, headers=headers, filename=path.name, background=clean)


def _archive(paths: list[Path]) -> Path:
    """Files as one, beside the last of them; pictures are no smaller when they are packed."""
    last = paths[-1]
    target = last.with_suffix(".zip")
    with ZipFile(target, "w") as archive:
        for path in paths:
            archive.write(path, path.relative_to(last.parent))
    return target


def _pack(images: "list[Image]", target: Path) -> Path:
    """Pictures in an archive, with a list that says which of them are gone."""
    from storage.picture_files import read_picture

    facts = []
    with ZipFile(target, "w") as archive:
        for place, image in enumerate(images, start=1):
            name: str | None = f"{place:03}-{image.id}{Path(image.path).suffix}"
            try:
                archive.writestr(str(name), read_picture(image))
            except StorageError:
                name = None
            facts.append({"file": name, **{key: getattr(image, key) for key in FACTS}})
        archive.writestr(LIST, json.dumps(facts, ensure_ascii=False, indent=2))
    return target
