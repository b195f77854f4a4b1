"""What a studio serves beside MCP: its page and script, the way in, pictures and files."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, cast, get_args

from fastmcp import FastMCP
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from app import App
from studio.access import COOKIE_SECONDS, Access
from studio.assembler import FOLDER, slim_script, style_sheet
from studio.downloads import Downloads, Export
from studio.guard import SESSION, SHELL, SHELL_POLICY, command_for, way_in
from studio.problem_answers import Handler, RefusedRequest, expect, in_words

if TYPE_CHECKING:
    from storage.picture_files import Edge

PAGE = FOLDER / "studio.html"
ASSETS: dict[str, tuple[str, Callable[[], str]]] = {
    "studio.js": ("text/javascript; charset=utf-8", lambda: slim_script("studio.js")),
    "studio.css": ("text/css; charset=utf-8", lambda: style_sheet("studio.css")),
}
"""What the page loads. Types are named here: the system's table may call a script plain text."""

FRESH = "private, no-cache"
"""Kept by the browser, and asked for anew: a picture may be deleted, a script changed."""

FORM_BYTES = 10_000
"""Around the file of a form: its name, and the lines that part it from the next."""

USUAL_EDGE = "1024"
"""Pixels of a preview, as wide as a screen shows it."""

LONGEST_TOKEN = 500
"""Bytes of the message that brings a token."""

UPLOADS = "/v1/uploads"


def add_routes(server: FastMCP, app: App, access: Access, export: Export) -> None:
    """Serve the studio beside the tools. `Guard` decides who may ask for what."""
    routes, downloads = Routes(app, access), Downloads(app, export)

    def add(path: str, method: str, handler: Handler) -> None:
        server.custom_route(path, methods=[method])(in_words(handler))

    add("/", "GET", home)
    add(SHELL, "GET", routes.shell)
    add(SESSION, "POST", routes.session)
    add(UPLOADS, "POST", routes.upload)
    add("/v1/images/{image_id}/{form}", "GET", routes.picture)
    add("/v1/images.zip", "GET", downloads.pictures)
    add("/v1/styles/{name}/samples/{number:int}", "GET", routes.sample)
    add("/conversations/{conversation_id}", "GET", downloads.conversation)
    add(f"{SHELL}/{{name}}", "GET", asset)


async def home(_request: Request) -> Response:
    """Where the studio is, for who types the address without a path."""
    return RedirectResponse(SHELL)


async def asset(request: Request) -> Response:
    """The script or the style sheet."""
    name = request.path_params["name"]
    if name not in ASSETS:
        raise RefusedRequest(404, "There is no such file.")
    media_type, read = ASSETS[name]
    return _with_tag(request, (await asyncio.to_thread(read)).encode(), media_type)


class Routes:
    """The routes that need what the server stands on."""

    def __init__(self, app: App, access: Access) -> None:
        self._app, self._access = app, access

    async def shell(self, request: Request) -> Response:
        """The page, which holds nothing of anybody's, and the command that lets a browser in."""
        page = await asyncio.to_thread(PAGE.read_text, encoding="utf-8")
        page = page.replace("{command}", command_for(sandbox=self._app.settings.sandbox))
        response = _with_tag(request, page.encode(), "text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = SHELL_POLICY
        return response

    async def session(self, request: Request) -> Response:
        """Exchange the token of an address for the cookie, once."""
        expect(request, "application/json", LONGEST_TOKEN)
        try:
            token = json.loads(await request.body())["token"]
        except (ValueError, TypeError, KeyError):
            raise RefusedRequest(400, 'Send {"token": "..."}.') from None
        cookie = self._access.redeem(str(token))
        if cookie is None:
            raise RefusedRequest(401, way_in(sandbox=self._app.settings.sandbox))
        response = Response(status_code=204)
        response.set_cookie(
            self._access.cookie,
            cookie,
            max_age=COOKIE_SECONDS,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    async def picture(self, request: Request) -> Response:
        """A picture: its `content` as it was saved, or a `preview` of at most `edge` pixels."""
        from storage.picture_files import Edge, read_picture
        from storage.tables import media_type

        form = request.path_params["form"]
        edges = {str(edge): edge for edge in get_args(Edge)}
        edge = request.query_params.get("edge", USUAL_EDGE)
        if form not in {"content", "preview"}:
            raise RefusedRequest(404, "Of a picture there is /content and /preview.")
        if edge not in edges:
            raise RefusedRequest(400, f"edge is one of {', '.join(edges)}.")
        image = await self._app.records.image(request.path_params["image_id"])
        tag = f'"{image.sha256}{f"-{edge}" if form == "preview" else ""}"'
        if _knows(request, tag):
            return _unchanged(tag)
        if form == "content":
            data, kind = await asyncio.to_thread(read_picture, image), media_type(image.format)
        else:
            copies, wanted = self._app.small_copies, cast("Edge", edges[edge])
            data, kind = await asyncio.to_thread(copies.copy, image, wanted)
        return Response(data, media_type=kind, headers={"ETag": tag, "Cache-Control": FRESH})

    async def sample(self, request: Request) -> Response:
        """A sample picture of a style, counted from 1."""
        from errors import StorageError
        from prompts.source import PromptError

        store, number = self._app.style_store, request.path_params["number"]
        try:
            style = await asyncio.to_thread(store.style, request.path_params["name"])
        except PromptError as error:
            raise RefusedRequest(404, str(error)) from None
        if not 1 <= number <= len(style.samples):
            raise RefusedRequest(404, f"The style {style.name} has no sample {number}.")
        data = await asyncio.to_thread(store.sample, style.samples[number - 1])
        if data is None:
            raise StorageError(f"A sample of the style {style.name} cannot be read.")
        return _with_tag(request, data, "image/jpeg")

    async def upload(self, request: Request) -> Response:
        """Keep a picture of any size that OpenAI takes; its id stands wherever a path may."""
        from storage.input_pictures import MOST_BYTES, check_picture

        expect(request, "multipart/form-data", MOST_BYTES + FORM_BYTES)
        async with request.form(max_files=1, max_fields=1) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise RefusedRequest(400, "Send the picture as the file of the field `file`.")
            data, name = await file.read(), file.filename or "the picture"
        picture = await asyncio.to_thread(check_picture, data, name)
        upload_id = await asyncio.to_thread(self._app.input_files.uploads.keep, picture)
        return JSONResponse({"upload_id": upload_id}, 201)


def _with_tag(request: Request, data: bytes, media_type: str) -> Response:
    tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    if _knows(request, tag):
        return _unchanged(tag)
    return Response(data, media_type=media_type, headers={"ETag": tag, "Cache-Control": FRESH})


def _knows(request: Request, tag: str) -> bool:
    """Whether the browser has what a tag stands for."""
    return tag in request.headers.get("if-none-match", "")


def _unchanged(tag: str) -> Response:
    return Response(status_code=304, headers={"ETag": tag, "Cache-Control": FRESH})
