"""What a request is answered that is not as its route takes it: the problem as JSON, in words."""

from collections.abc import Awaitable, Callable
from functools import wraps

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from errors import Problem

Handler = Callable[[Request], Awaitable[Response]]


class RefusedRequest(Problem):
    """A request that is not as its route takes it; `status` is HTTP's."""

    def __init__(self, status: int, words: str) -> None:
        self.status = status
        super().__init__(words)


def in_words(handler: Handler) -> Handler:
    """The handler, its problems told as JSON."""

    @wraps(handler)
    async def wrapper(request: Request) -> Response:
        from storage.stamps import UnknownId

        try:
            return await handler(request)
        except RefusedRequest as refusal:
            status, words = refusal.status, str(refusal)
        except HTTPException as fault:  # Starlette's, of a body that is no form
            status, words = fault.status_code, fault.detail
        except UnknownId as problem:
            status, words = 404, problem.text()
        except Problem as problem:
            by_kind = {"input": 400, "too_large": 413}
            status, words = by_kind.get(problem.kind, 500), problem.text()
        return JSONResponse({"error": words}, status)

    return wrapper


def expect(request: Request, media_type: str, most: int) -> None:
    """Refuse a body of another type or length before it is read."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != media_type:
        raise RefusedRequest(415, f"Send {media_type}.")
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        raise RefusedRequest(411, "Send the length of the body.")
    if int(length) > most:
        raise RefusedRequest(413, f"At most {most:,} bytes are taken.")
