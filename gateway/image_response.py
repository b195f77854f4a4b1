"""Receive one picture, streamed or fetched later: its bytes and facts or an error come out."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.api_errors import UNREADABLE, GatewayError, explain, explain_exception, quote
from gateway.api_fault import ApiFault
from gateway.connection import is_sandbox
from gateway.image_stream import ImageStream, StreamedImage
from gateway.prices import Usage, charge
from gateway.response_items import (
    UNFINISHED,
    decode_picture,
    image_model_of,
    missing_picture,
    partial_picture,
    picture_item,
    raise_for_status,
    read_usage,
    require_response,
    response_of,
    rows_of,
    text_of,
)

if TYPE_CHECKING:
    from openai import AsyncOpenAI

STEPS = {
    "response.created": "submitted",
    "response.image_generation_call.in_progress": "planning",
    "response.image_generation_call.generating": "drawing",
    "response.image_generation_call.partial_image": "partial",
    "response.image_generation_call.completed": "drawn",
}

POLL_SECONDS = 2.0
"""A picture takes a minute or two: asking more often would tell nobody anything sooner."""

MOST_POLLS = 150
"""Five minutes, twice what the slowest picture takes; the next call goes on from there."""

PICTURE_EVENTS = {
    "response.image_generation_call.partial_image",
    "response.image_generation_call.completed",
}
"""Events after which some of a picture exists, and may have been charged."""


@dataclass(frozen=True)
class Step:
    """A step on the way to a picture: sending, submitted, planning, drawing, partial, drawn.

    From `submitted` on there is a response id; `partial` brings an unfinished picture.
    `waiting` is a pause of so many `seconds` after a refusal, which may have been `charged`:
    nothing is with OpenAI then.
    """

    name: str
    response_id: str = ""
    seconds: float = 0.0
    reason: str = ""
    charged: bool = False
    partial: bytes | None = field(default=None, repr=False)


OnStep = Callable[[Step], Awaitable[None]]
"""Called at each step."""


@dataclass
class GeneratedImage:
    """A picture as it came, with what the API says about it.

    `usage` stays empty where the stream broke off after the picture.
    """

    response_id: str
    data: bytes = field(repr=False)
    model: str
    image_model: str | None
    size: str | None
    quality: str | None
    revised_prompt: str | None
    usage: Usage
    sandbox: bool
    attempts: int = 1
    notes: list[str] = field(default_factory=list)


class _Reception:
    """What a stream has brought so far: the response as at `created`, then as at its end.

    `progress` says that a picture was begun: some of it came.
    """

    def __init__(self, model: str = "") -> None:
        self.model = model
        self.response: Any = None
        self.is_complete = False
        self.progress = False
        self.item: Any = None
        self.images: dict[str, StreamedImage] = {}

    @property
    def response_id(self) -> str | None:
        return text_of(self.response, "id") or None

    @property
    def has_picture(self) -> bool:
        return bool(self.item is not None and self.item.result)

    def add(self, event: Any) -> None:  # SDK event, unvalidated
        """Note what an event brings that the picture needs."""
        kind, response = text_of(event, "type"), response_of(event)
        if kind == "response.created":
            self.response = response
        elif kind == "response.output_item.done":
            self.item = picture_item([self.item, event.item])
        elif response and text_of(response, "status") not in UNFINISHED:
            self.complete(response)  # completed, incomplete, failed, cancelled
        elif kind in PICTURE_EVENTS:
            self.progress = True
        elif kind == "error" and not self.has_picture:
            # The flat form of the SDK's types; on the nested one of the wire the SDK raises.
            fault = ApiFault.read(event, response_id=self.response_id, progress=self.progress)
            raise explain(fault, paid=True)

    def read_plain(self, body: bytes) -> None:
        """Take an answer that is no stream though one was asked for: the response, or an error.

        Raises `GatewayError` for an error, and for what is no answer of OpenAI.
        """
        from openai.types.responses import Response

        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            fault = ApiFault.read(body.decode(errors="replace"))
            raise GatewayError("no_api", detail=quote(fault.message))
        if not answer.get("output") and answer.get("status") is None:
            raise explain(ApiFault.read(answer), paid=True)
        self.response = Response.construct(**{"status": "completed", **answer})
        if text_of(self.response, "status") not in UNFINISHED:
            self.complete(self.response)

    def complete(self, response: Any) -> None:
        """Note the finished response; it repeats the picture, which is held once."""
        self.response, self.is_complete = response, True
        copy = picture_item(rows_of(response, "output"))
        if not self.has_picture:
            self.item = copy or self.item
        elif copy is not None:
            copy.result = None


async def receive(
    client: "AsyncOpenAI", request: dict[str, Any], on_step: OnStep
) -> GeneratedImage:
    """Send the request and read its stream to the end.

    Raises `GatewayError`, with the response id where there is one. Once the picture is
    here, a later fault no longer matters.
    """
    import httpx2
    import openai

    reception = _Reception(request["model"])
    await on_step(Step("sending"))
    stream = await client.responses.create(**request, stream=True)
    body = stream.response.stream = ImageStream(stream.response.stream)
    reception.images = body.images
    try:
        async for event in stream:
            reception.add(event)
            if name := STEPS.get(text_of(event, "type")):
                step = Step(name, reception.response_id or "", partial=partial_picture(event))
                await on_step(step)
    except (openai.APIError, httpx2.HTTPError, *UNREADABLE) as error:
        if not reception.has_picture:
            raise explain_exception(
                error, paid=True, response_id=reception.response_id, progress=reception.progress
            ) from error
    finally:
        await stream.close()
    if body.plain:
        reception.read_plain(bytes(body.plain))
    return _read(reception)


async def order(client: "AsyncOpenAI", request: dict[str, Any], on_step: OnStep) -> str:
    """Have a picture drawn in the background; the response id to collect it by."""
    await on_step(Step("sending"))
    response = await client.responses.create(**request, background=True)
    require_response(response)
    response_id = text_of(response, "id")
    await on_step(Step("submitted", response_id))
    return response_id


async def collect(client: "AsyncOpenAI", response_id: str) -> GeneratedImage:
    """Fetch a picture that was paid for earlier, once it is finished. Raises `GatewayError`."""
    reception = _Reception()
    for _ in range(MOST_POLLS):
        response = await client.responses.retrieve(response_id)
        require_response(response)
        if text_of(response, "status") not in UNFINISHED:
            reception.complete(response)
            return _read(reception)
        await asyncio.sleep(POLL_SECONDS)
    raise GatewayError("unfinished", response_id=response_id)


def _read(reception: _Reception) -> GeneratedImage:
    """The picture of a reception; an error knows what the call cost all the same."""
    try:
        return _image(reception)
    except GatewayError as error:
        if reception.is_complete:
            error.job_state = "failed"  # OpenAI says so, whatever it gives as its reason
            response = reception.response
            usage, image_model = read_usage(response), image_model_of(response)
            model = text_of(response, "model") or reception.model
            error.note_charges(charge(model, usage, image_model=image_model))
        raise


def _image(reception: _Reception) -> GeneratedImage:
    item, response = reception.item, reception.response
    if not reception.has_picture:
        if not reception.is_complete:
            cut = ConnectionError("the stream ended before the response did")
            raise explain_exception(cut, paid=True, response_id=reception.response_id)
        raise_for_status(response, paid=True)
        raise missing_picture(response, item)
    response_id = reception.response_id or ""
    return GeneratedImage(
        response_id=response_id,
        data=decode_picture(item, reception.images),
        model=text_of(response, "model") or reception.model,
        image_model=image_model_of(response),
        size=text_of(item, "size") or None,
        quality=text_of(item, "quality") or None,
        revised_prompt=text_of(item, "revised_prompt") or None,
        usage=read_usage(response) if reception.is_complete else Usage(),
        sandbox=is_sandbox(response_id),
    )
