"""Receive one picture, streamed or fetched later: a drawing or an error comes out."""

import asyncio
import base64
import binascii
from typing import TYPE_CHECKING, Any

from gateway.api_errors import GatewayError, failure
from gateway.error_mapper import Fault, explain, explain_exception
from gateway.image_sieve import Lifted, Sieve
from gateway.prices import Usage, charge
from gateway.progress import Drawing, Stage, Step
from gateway.response_items import (
    decode_picture,
    is_sandbox,
    missing_picture,
    picture_item,
    raise_for_status,
    read_usage,
)

if TYPE_CHECKING:
    from openai import AsyncOpenAI

STAGES = {
    "response.created": "submitted",
    "response.image_generation_call.in_progress": "planning",
    "response.image_generation_call.generating": "drawing",
    "response.image_generation_call.partial_image": "partial",
    "response.image_generation_call.completed": "drawn",
}

POLL_SECONDS = 2.0
MOST_POLLS = 150

TERMINAL = {"response.completed", "response.incomplete", "response.failed"}


class _Received:
    """What a stream has brought so far."""

    def __init__(self) -> None:
        self.response: Any = None  # as at `created`, then as at the end
        self.finished = False
        self.item: Any = None
        self.lifted: dict[str, Lifted] = {}

    @property
    def response_id(self) -> str | None:
        return self.response.id if self.response else None

    @property
    def has_picture(self) -> bool:
        return bool(self.item is not None and self.item.result)

    def take(self, event: Any) -> None:  # SDK event, unvalidated
        """Keep what an event brings that the drawing needs."""
        if event.type == "response.created":
            self.response = event.response
        elif event.type == "response.output_item.done":
            self.item = picture_item([event.item]) or self.item
        elif event.type in TERMINAL:
            self.finish(event.response)
        elif event.type == "error":  # the flat form; the SDK raises on the nested one
            raise explain(Fault.read(event, response_id=self.response_id), paid=True)

    def finish(self, response: Any) -> None:
        """Take the finished response; it repeats the picture, which is held once."""
        self.response, self.finished = response, True
        repeated = picture_item(response.output)
        if not self.has_picture:
            self.item = repeated or self.item
        elif repeated is not None:
            repeated.result = None


async def receive(client: "AsyncOpenAI", request: dict[str, Any], stage: Stage) -> Drawing:
    """Send the request and read its stream to the end.

    Tells `stage` of each step. Raises `GatewayError`, with the response id where one
    was given. Once the picture is here, a later fault no longer matters.
    """
    import httpx2
    import openai

    got = _Received()
    await stage(Step("sending"))
    stream = await client.responses.create(**request, stream=True)
    sieve = stream.response.stream = Sieve(stream.response.stream)
    got.lifted = sieve.lifted
    try:
        async for event in stream:
            got.take(event)
            if name := STAGES.get(event.type):
                await stage(Step(name, got.response_id or "", _partial(event)))
    except (openai.APIError, httpx2.HTTPError) as error:
        if not got.has_picture:
            raise explain_exception(error, paid=True, response_id=got.response_id) from error
    finally:
        await stream.close()
    return _drawing(got)


async def order(client: "AsyncOpenAI", request: dict[str, Any], stage: Stage) -> str:
    """Have a picture drawn in the background; the response id to collect it by."""
    await stage(Step("sending"))
    response = await client.responses.create(**request, background=True)
    await stage(Step("submitted", response.id))
    return str(response.id)


async def collect(client: "AsyncOpenAI", response_id: str) -> Drawing:
    """Fetch a picture that was paid for earlier, once it is finished. Raises `GatewayError`."""
    got = _Received()
    for _ in range(MOST_POLLS):
        response = await client.responses.retrieve(response_id)
        if response.status not in {"queued", "in_progress"}:
            got.finish(response)
            return _drawing(got)
        await asyncio.sleep(POLL_SECONDS)
    raise failure("unfinished", response_id=response_id)


def _partial(event: Any) -> bytes | None:
    """An unfinished picture, if the event brings one that can be read."""
    try:
        return base64.b64decode(getattr(event, "partial_image_b64", ""), validate=True) or None
    except binascii.Error:
        return None


def _drawing(got: _Received) -> Drawing:
    """What was received as a drawing; an error knows what the call cost all the same."""
    try:
        return _read(got)
    except GatewayError as error:
        if got.finished:
            usage, image_model = read_usage(got.response), _image_model(got.response)
            error.charges = charge(got.response.model, usage, image_model=image_model)
        raise


def _read(got: _Received) -> Drawing:
    if got.item is None:
        if not got.finished:
            cut = ConnectionError("the stream ended before the response did")
            raise explain_exception(cut, paid=True, response_id=got.response_id)
        raise_for_status(got.response, paid=True)
        raise missing_picture(got.response)
    response_id = got.response_id or ""
    return Drawing(
        response_id=response_id,
        data=decode_picture(got.item, response_id, got.lifted),
        model=got.response.model,
        image_model=_image_model(got.response),
        size=got.item.size,
        quality=got.item.quality,
        revised_prompt=got.item.revised_prompt,
        usage=read_usage(got.response) if got.finished else Usage(),
        sandbox=is_sandbox(response_id),
    )


def _image_model(response: Any) -> str | None:
    """The model that drew, as the server echoes it in the tool's settings."""
    for tool in response.tools:
        if tool.type == "image_generation":
            return getattr(tool, "model", None)
    return None
