"""The /v1/responses routes: create, retrieve, cancel, delete."""

import asyncio
import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox import checks, reading, sources, wire
from sandbox.answer import answer, input_tokens
from sandbox.errors import ApiError
from sandbox.sources import Sources
from sandbox.state import Call, Record, State
from sandbox.stream import events
from sandbox.transport import Dropped, EventStream

_CUTS = {
    "stream_cut_before_image": "response.in_progress",
    "stream_cut_after_image": "response.output_item.done",
}


async def create(_request: Request, state: State, call: Call) -> Response:
    """POST /v1/responses."""
    checks.check_request(call.body, state)
    sources.check_items(call.body, state)
    tool = reading.image_tool(call.body)
    found = sources.gather(call.body, tool, state) if tool else Sources()
    tokens = input_tokens(call, state)
    start = wire.begun(call.body)
    record = await asyncio.to_thread(answer, call, state.answers, start, found, tokens)
    record.ready_at = time.monotonic() + call.delay
    if start["store"]:
        state.keep(record)
    return await _deliver(call, record)


async def _deliver(call: Call, record: Record) -> Response:
    cut = _CUTS.get(call.fault.name) if call.fault else None
    if call.stream:
        told = events(record, azure=call.meets("no_completed_event"))
        stream = EventStream(told, call.delay, cut)
        if not record.final["background"]:
            record.partials = []
        return stream
    if record.final["background"]:
        return JSONResponse(record.begun)
    await asyncio.sleep(call.delay)
    return Dropped() if cut else JSONResponse(record.final)


async def retrieve(request: Request, state: State, _call: Call) -> Response:
    """GET /v1/responses/{id}, also as the rest of a stream: ?stream=true&starting_after=N."""
    record = state.record(request.path_params["id"])
    if request.query_params.get("stream") != "true":
        return JSONResponse(record.poll())
    after = int(request.query_params.get("starting_after", -1))
    return EventStream(e for e in events(record) if e["sequence_number"] > after)


async def cancel(request: Request, state: State, _call: Call) -> Response:
    """POST /v1/responses/{id}/cancel."""
    record = state.record(request.path_params["id"])
    if not record.final["background"]:
        raise ApiError("Cannot cancel a synchronous response.")
    return JSONResponse(record.cancel())


async def delete(request: Request, state: State, _call: Call) -> Response:
    """DELETE /v1/responses/{id}."""
    record = state.record(request.path_params["id"])
    del state.records[record.id]
    return JSONResponse({"id": record.id, "object": "response.deleted", "deleted": True})
