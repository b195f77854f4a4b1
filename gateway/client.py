"""The one door to OpenAI."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from gateway.fit import Request, fit, successor
from gateway.models import living_text_model
from gateway.prices import Cost, Usage, text_cost
from settings import Settings

if TYPE_CHECKING:
    from openai import AsyncOpenAI

TALK_SECONDS = 50.0
"""All attempts of one talking turn together: the answer comes before a client's time-out."""

DRAW_SECONDS = 600.0
"""All attempts at one picture together; complex ones take up to two minutes each."""

SANDBOX_KEY = "sandbox"

T = TypeVar("T")


@dataclass(frozen=True)
class Reply:
    """What a talking model said. `notes` tell the person of a change of model."""

    response_id: str
    model: str
    text: str
    usage: Usage
    cost: Cost
    attempts: int
    sandbox: bool
    notes: list[str]


@dataclass
class Drawing:
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


Origin = Literal["openai", "sandbox"]

Stage = Callable[[str, str], Awaitable[None]]
"""Told of each stage of a drawing: its name, and the response id."""


class Gateway:
    """Calls OpenAI, or the sandbox in its place.

    The client is built on the first call: importing the SDK costs most of a second.
    `start_sandbox` returns the base URL of a running sandbox.
    """

    def __init__(self, settings: Settings, start_sandbox: Callable[[], str]) -> None:
        self._settings = settings
        self._start_sandbox = start_sandbox
        self._client: AsyncOpenAI | None = None
        self._sandbox = settings.sandbox
        self._lock = asyncio.Lock()

    @property
    def origin(self) -> Origin:
        """Who answers: told by the settings, then by the answers themselves."""
        return "sandbox" if self._sandbox else "openai"

    async def talk(self, request: Request) -> Reply:
        """One turn of a talking model. Raises `GatewayError`."""
        from gateway import reading

        async def once(fitted: Request) -> Any:  # SDK object
            client = await self._connect()
            response = await client.responses.create(**fitted)
            reading.raise_for_status(response, paid=False)
            return response

        response, attempts, notes = await self._call(once, request, TALK_SECONDS, paid=False)
        self._sandbox = reading.is_sandbox(response.id)
        usage = reading.read_usage(response)
        return Reply(
            response_id=response.id,
            model=response.model,
            text=reading.answer_text(response),
            usage=usage,
            cost=text_cost(response.model, usage),
            attempts=attempts,
            sandbox=self._sandbox,
            notes=notes,
        )

    async def draw(self, request: Request, stage: Stage) -> Drawing:
        """Buy one picture, streamed. Raises `GatewayError`.

        A picture that arrived is kept whatever happens to the stream after it.
        """
        from gateway.stream import receive

        async def once(fitted: Request) -> Drawing:
            client = await self._connect()
            return await receive(client, {**fitted, "stream": True}, stage)

        drawing, attempts, notes = await self._call(once, request, DRAW_SECONDS, paid=True)
        drawing.attempts, drawing.notes = attempts, notes
        self._sandbox = drawing.sandbox
        return drawing

    async def collect(self, response_id: str) -> Drawing:
        """Fetch a picture that was bought earlier; costs nothing. Raises `GatewayError`."""
        from gateway.stream import collect

        async def once(_request: Request) -> Drawing:
            return await collect(await self._connect(), response_id)

        drawing, _ = await self._attempt(once, {}, DRAW_SECONDS, paid=False)
        self._sandbox = drawing.sandbox
        return drawing

    async def close(self) -> None:
        """Close the connections, if any were opened."""
        if self._client is not None:
            await self._client.close()

    async def _connect(self) -> "AsyncOpenAI":
        async with self._lock:
            if self._client is None:
                self._client = await asyncio.to_thread(self._build)
            return self._client

    def _build(self) -> "AsyncOpenAI":
        from gateway.errors import failure

        settings = self._settings
        base_url: str | None
        if settings.sandbox:
            key, base_url = SANDBOX_KEY, self._start_sandbox()
        elif settings.openai_api_key is None:
            raise failure("no_key")
        else:
            key, base_url = settings.openai_api_key.get_secret_value(), settings.openai_base_url
        from openai import AsyncOpenAI

        return AsyncOpenAI(
            api_key=key,
            base_url=base_url,
            organization=settings.openai_org_id,
            project=settings.openai_project_id,
            max_retries=0,  # the policy in gateway/retry.py is the only one
        )

    async def _call(
        self,
        once: Callable[[Request], Awaitable[T]],
        request: Request,
        deadline: float,
        *,
        paid: bool,
    ) -> tuple[T, int, list[str]]:
        """Call the model asked for, or its successor when it is gone.

        The result, how many attempts it took, and what to tell the person.
        """
        from gateway.errors import GatewayError

        asked = request["model"]
        model, note = living_text_model(asked, datetime.now().astimezone().date())
        try:
            result, attempts = await self._attempt(once, fit(request, model), deadline, paid=paid)
        except GatewayError as error:
            heir = successor(model)
            if error.kind != "model" or heir is None or model not in str(error):
                raise
            note = f"OpenAI no longer offers {model}; {heir} was used instead."
            result, attempts = await self._attempt(once, fit(request, heir), deadline, paid=paid)
        return result, attempts, [note] if note else []

    async def _attempt(
        self,
        once: Callable[[Request], Awaitable[T]],
        request: Request,
        deadline: float,
        *,
        paid: bool,
    ) -> tuple[T, int]:
        """Run a call under the retry policy; the result and how many attempts it took."""
        import httpx2
        import openai

        from gateway.mapper import explain_exception
        from gateway.retry import retrying

        attempts = 0

        async def mapped() -> T:
            nonlocal attempts
            attempts += 1
            try:
                return await once(request)
            except (openai.OpenAIError, httpx2.HTTPError) as error:
                raise explain_exception(error, paid=paid) from error

        try:
            async with asyncio.timeout(deadline):
                return await retrying(deadline)(mapped), attempts
        except TimeoutError as error:
            raise explain_exception(error, paid=paid) from error
