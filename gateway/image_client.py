"""Pictures at OpenAI: bought once, fetched by their id, handed over as files."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.api_errors import GatewayError
from gateway.connection import Connection, is_sandbox
from gateway.image_response import GeneratedImage, OnStep, Step, collect, order, receive
from gateway.models import Request
from gateway.retry import OnCharge, Policy

if TYPE_CHECKING:
    from openai import AsyncOpenAI

DRAW_SECONDS = 600.0
"""All attempts at one picture together; complex ones take up to two minutes each."""

FILE_SECONDS = 30 * 24 * 3600
"""How long OpenAI keeps an uploaded picture: as long as it keeps a response."""

FETCH_NOTE = "The connection broke while it was drawn; the finished picture was fetched by its id."


@dataclass
class ImageClient:
    """Buys and fetches pictures over a connection.

    With `background` OpenAI draws them apart from the request, and they are fetched.
    """

    connection: Connection
    background: bool

    async def draw(self, request: Request, on_step: OnStep, on_charge: OnCharge) -> GeneratedImage:
        """Buy one picture. Raises `GatewayError`.

        A picture that arrived is returned whatever happens to the stream after it. One whose
        stream broke before, or stalled past the deadline, is looked up by its id first; only
        where OpenAI says that it failed and may be asked again is it asked once more.
        """
        response_id = ""

        async def note_id(step: Step) -> None:
            nonlocal response_id
            response_id = step.response_id
            await on_step(step)

        try:
            return await self._buy(request, note_id, on_charge)
        except GatewayError as error:
            if error.case not in {"cut", "unclear", "unreadable"} or not response_id:
                raise
            cut = GatewayError("cut", response_id=response_id)
            return await self._look_up(cut, request, on_step, on_charge)

    async def collect(self, response_id: str, on_charge: OnCharge) -> GeneratedImage:
        """Fetch a picture that was bought earlier; costs nothing.

        Raises `GatewayError`: `is_final` where the response ended without a picture, `lost`
        where OpenAI does not know it, `unfinished` where it is still drawn, and `unfetched` for
        all that says nothing of it: a bad key, a broken network.
        """

        async def once(sdk: "AsyncOpenAI") -> GeneratedImage | GatewayError:
            try:
                return await collect(sdk, response_id)
            except GatewayError as error:  # OpenAI's final word: asked again it says the same
                return error

        try:
            outcome = await self.connection.attempt(once, Policy(DRAW_SECONDS))
            if isinstance(outcome.result, GatewayError):
                raise outcome.result
        except GatewayError as error:
            if error.is_final:
                await on_charge(error.charges)
            if error.is_final or error.case == "unfinished":
                raise
            gone = "sandbox_ended" if is_sandbox(response_id) else "lost"
            case = gone if error.case == "not_found" else "unfetched"
            detail = error.sentence("") if case == "unfetched" else ""  # without the money
            unfetched = GatewayError(
                case, detail=detail, response_id=response_id, retry_after=error.retry_after
            )
            unfetched.kind = error.kind
            raise unfetched from error
        self.connection.note_origin(response_id)
        return outcome.result

    async def upload(self, data: bytes, name: str, media_type: str) -> str:
        """Hand a picture to OpenAI for a month; its file id. Raises `GatewayError`."""

        async def once(sdk: "AsyncOpenAI") -> Any:  # SDK object
            return await sdk.files.create(
                file=(name, data, media_type),
                purpose="vision",
                expires_after={"anchor": "created_at", "seconds": FILE_SECONDS},
            )

        outcome = await self.connection.attempt(once, Policy(DRAW_SECONDS))
        self.connection.note_origin(outcome.result.id)
        return str(outcome.result.id)

    async def _buy(self, request: Request, on_step: OnStep, on_charge: OnCharge) -> GeneratedImage:
        async def wait(error: GatewayError, seconds: float) -> None:
            charged = bool(error.charges)
            step = Step("waiting", seconds=seconds, reason=error.event, charged=charged)
            await on_step(step)

        call = self.connection.call
        policy = Policy(DRAW_SECONDS, paid=True, on_pause=wait, on_charge=on_charge)
        if self.background:
            placed = await call(lambda sdk, body: order(sdk, body, on_step), request, policy)
            image = await self.collect(placed.result, on_charge)
            image.attempts, image.notes = placed.attempts, placed.notes
            return image
        streamed = await call(lambda sdk, body: receive(sdk, body, on_step), request, policy)
        image = streamed.result
        self.connection.note_origin(image.response_id)
        image.attempts, image.notes = streamed.attempts, streamed.notes
        return image

    async def _look_up(
        self, cut: GatewayError, request: Request, on_step: OnStep, on_charge: OnCharge
    ) -> GeneratedImage:
        """The picture of a broken stream, or, where there never was one, a new try."""
        try:
            image = await self.collect(str(cut.response_id), on_charge)
        except GatewayError as error:
            if error.case == "unfetched":
                raise cut from error
            if error.retryable:  # it failed there, and there is no picture
                return await self._buy(request, on_step, on_charge)
            raise
        image.notes.append(FETCH_NOTE)
        return image
