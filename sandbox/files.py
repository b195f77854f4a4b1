"""The /v1/files routes: upload, describe, delete."""

import secrets
import time

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.errors import ApiError, Json, file_not_found
from sandbox.state import Call, File, State

_PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")


async def upload(request: Request, state: State, _call: Call) -> Response:
    """POST /v1/files, as multipart form data."""
    async with request.form() as form:
        sent, purpose = form.get("file"), form.get("purpose")
        if not isinstance(sent, UploadFile):
            raise ApiError("'file' is a required property", param="file")
        if purpose not in _PURPOSES:
            raise ApiError(f"'{purpose}' is not one of {list(_PURPOSES)} - 'purpose'")
        content = await sent.read()
        name = sent.filename or "upload"
    body: Json = {
        "object": "file",
        "id": f"file-sandbox-{secrets.token_hex(12)}",
        "purpose": purpose,
        "filename": name,
        "bytes": len(content),
        "created_at": int(time.time()),
        "expires_at": None,
        "status": "processed",
        "status_details": None,
    }
    state.files[body["id"]] = File(body, content)
    return JSONResponse(body)


async def retrieve(request: Request, state: State, _call: Call) -> Response:
    """GET /v1/files/{id}."""
    return JSONResponse(_find(request, state).body)


async def delete(request: Request, state: State, _call: Call) -> Response:
    """DELETE /v1/files/{id}."""
    file_id = _find(request, state).body["id"]
    del state.files[file_id]
    return JSONResponse({"id": file_id, "object": "file", "deleted": True})


def _find(request: Request, state: State) -> File:
    file_id = request.path_params["id"]
    if file_id not in state.files:
        raise file_not_found(file_id)
    return state.files[file_id]
