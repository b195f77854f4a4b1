"""The one door to OpenAI."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from gateway.api_errors import GatewayError, failure
from gateway.api_key import find
from gateway.breaker import Breaker
from gateway.model_fit import Request, fit, successor
from gateway.models import living_text_model
from gateway.prices import Charge, Cost, Usage, charge, text_cost
from gateway.progress import Drawing, Stage
from keyring_store import KeyringFault
from settings import Settings

if TYPE_CHECKING:
    from openai import AsyncOpenAI

TALK_SECONDS = 50.0
"""All attempts of one talking turn together: the answer comes before a client's time-out."""

DRAW_SECONDS = 600.0
"""All attempts at one picture together; complex ones take up to two minutes each."""

LIST_SECONDS = 8.0
"""All attempts at the list of models, for which a person sits and waits."""

FILE_SECONDS = 30 * 24 * 3600
"""How long OpenAI keeps an uploaded picture: as long as it keeps a response."""

VECTOR = 512
"""Floats of a vector of meaning; shortened by the model itself, which costs little of it."""

SANDBOX_KEY = "sandbox"

FETCHED = "The connection broke while it was drawn; the finished picture was fetched by its id."

T = TypeVar("T")


@dataclass(frozen=True)
class Reply:
    """What a talking model said. `notes` tell the person of a change of model.

    `charges` are of attempts that failed and were charged all the same.
    """

    response_id: str
    model: str
    text: str
    usage: Usage
    cost: Cost
    attempts: int
    sandbox: bool
    notes: list[str]
    charges: list[Charge]

    @property
    def as_booking(self) -> dict[str, Any]:
        """The fields of a row of spending."""
        return {**Charge(self.model, self.usage, self.cost).as_booking, "sandbox": self.sandbox}


@dataclass(frozen=True)
class Embedded:
    """Vectors of texts, in their order, and what they cost."""

    vectors: list[list[float]]
    charge: Charge
    sandbox: bool

    @property
    def as_booking(self) -> dict[str, Any]:
        """The fields of a row of spending."""
        return {**self.charge.as_booking, "sandbox": self.sandbox}


@dataclass
class _Outcome(Generic[T]):
    """The result of a call, and what it took to get it."""

    result: T
    attempts: int
    charges: list[Charge]
    notes: list[str] = field(default_factory=list)


Origin = Literal["openai", "sandbox"]


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
        self._breaker = Breaker()

    @property
    def origin(self) -> Origin:
        """Who answers: told by the settings, then by the answers themselves."""
        return "sandbox" if self._sandbox else "openai"

    async def talk(self, request: Request) -> Reply:
        """One turn of a talking model. Raises `GatewayError`."""
        from gateway import response_items as reading

        async def once(fitted: Request) -> tuple[Any, str]:  # SDK object, its text
            client = await self._connect()
            response = await client.responses.create(**fitted)
            self._sandbox = reading.is_sandbox(response.id)
            try:
                reading.raise_for_status(response, paid=False)
                return response, reading.answer_text(response)
            except GatewayError as error:
                error.charges = charge(response.model, reading.read_usage(response))
                raise

        outcome = await self._call(once, request, TALK_SECONDS, paid=False)
        response, text = outcome.result
        usage = reading.read_usage(response)
        return Reply(
            response_id=response.id,
            model=response.model,
            text=text,
            usage=usage,
            cost=text_cost(response.model, usage),
            attempts=outcome.attempts,
            sandbox=self._sandbox,
            notes=outcome.notes,
            charges=outcome.charges,
        )

    async def draw(self, request: Request, stage: Stage) -> Drawing:
        """Buy one picture. Raises `GatewayError`.

        A picture that arrived is kept whatever happens to the stream after it. One whose
        stream broke before is looked up by its id first; only where OpenAI says that it
        failed and may be asked again is it asked once more.
        """
        try:
            return await self._buy(request, stage)
        except GatewayError as cut:
            if cut.kind != "cut" or cut.response_id is None:
                raise
            return await self._look_up(cut, request, stage)

    async def collect(self, response_id: str) -> Drawing:
        """Fetch a picture that was bought earlier; costs nothing. Raises `GatewayError`."""
        from gateway.image_stream import collect

        async def once(_request: Request) -> Drawing:
            return await collect(await self._connect(), response_id)

        try:
            outcome = await self._attempt(once, {}, DRAW_SECONDS, paid=False)
        except GatewayError as error:
            if error.kind == "not_found":
                raise failure("lost", response_id=response_id) from error
            raise
        self._sandbox = outcome.result.sandbox
        return outcome.result

    async def embed(self, model: str, texts: list[str]) -> Embedded:
        """The meanings of texts as vectors of `VECTOR` floats. Raises `GatewayError`."""

        async def once(_request: Request) -> Any:  # SDK object
            client = await self._connect()
            return await client.embeddings.create(model=model, input=texts, dimensions=VECTOR)

        outcome = await self._attempt(once, {}, TALK_SECONDS, paid=False)
        usage = Usage(input_tokens=outcome.result.usage.total_tokens)
        return Embedded(
            vectors=[row.embedding for row in outcome.result.data],
            charge=Charge(model, usage, text_cost(model, usage)),
            sandbox=self._sandbox,
        )

    async def upload(self, data: bytes, name: str, media_type: str) -> str:
        """Hand a picture to OpenAI for a month; its file id. Raises `GatewayError`."""

        async def once(_request: Request) -> Any:  # SDK object
            client = await self._connect()
            return await client.files.create(
                file=(name, data, media_type),
                purpose="vision",
                expires_after={"anchor": "created_at", "seconds": FILE_SECONDS},
            )

        from gateway import response_items as reading

        outcome = await self._attempt(once, {}, DRAW_SECONDS, paid=False)
        self._sandbox = reading.is_sandbox(outcome.result.id)
        return str(outcome.result.id)

    async def offered(self) -> set[str]:
        """Names of the models that OpenAI lists for the key; costs nothing.

        Raises `GatewayError`, of kind `not_found` where the address holds no such list.
        """

        async def once(_request: Request) -> set[str]:
            client = await self._connect()
            answer = await client.models.with_raw_response.list()
            try:  # the SDK stumbles over anything else than a list
                return {str(model["id"]) for model in json.loads(answer.text)["data"]}
            except (ValueError, KeyError, TypeError) as error:
                raise failure("not_found") from error

        return (await self._attempt(once, {}, LIST_SECONDS, paid=False)).result

    async def close(self) -> None:
        """Close the connections, if any were opened."""
        if self._client is not None:
            await self._client.close()

    async def _buy(self, request: Request, stage: Stage) -> Drawing:
        from gateway.image_stream import order, receive

        async def streamed(fitted: Request) -> Drawing:
            return await receive(await self._connect(), fitted, stage)

        async def ordered(fitted: Request) -> str:
            return await order(await self._connect(), fitted, stage)

        if self._settings.background_mode:
            placed = await self._call(ordered, request, DRAW_SECONDS, paid=True)
            drawing = await self.collect(placed.result)
            drawing.attempts, drawing.charges = placed.attempts, placed.charges
            drawing.notes = placed.notes
            return drawing
        outcome = await self._call(streamed, request, DRAW_SECONDS, paid=True)
        drawing = outcome.result
        drawing.attempts, drawing.charges = outcome.attempts, outcome.charges
        drawing.notes = outcome.notes
        self._sandbox = drawing.sandbox
        return drawing

    async def _look_up(self, cut: GatewayError, request: Request, stage: Stage) -> Drawing:
        """The picture of a broken stream, or, where there never was one, a new try."""
        try:
            drawing = await self.collect(str(cut.response_id))
        except GatewayError as error:
            if error.unavailable and error.response_id is None:  # it could not be asked
                raise cut from error
            if error.retryable:  # it failed there, and nothing was made
                return await self._buy(request, stage)
            raise
        drawing.notes.append(FETCHED)
        return drawing

    async def _connect(self) -> "AsyncOpenAI":
        async with self._lock:
            if self._client is None:
                self._client = await asyncio.to_thread(self._build)
            return self._client

    def _build(self) -> "AsyncOpenAI":
        settings = self._settings
        base_url: str | None
        if settings.sandbox:
            key, base_url = SANDBOX_KEY, self._start_sandbox()
        else:
            key, base_url = self._key(), settings.openai_base_url
        from openai import AsyncOpenAI

        return AsyncOpenAI(
            api_key=key,
            base_url=base_url,
            organization=settings.openai_org_id,
            project=settings.openai_project_id,
            max_retries=0,  # the policy in gateway/retry.py is the only one
        )

    def _key(self) -> str:
        try:
            found = find(self._settings)
        except KeyringFault as fault:
            raise failure("no_key", detail=str(fault)) from fault
        if found is None:
            raise failure("no_key")
        return found.key.get_secret_value()

    async def _call(
        self,
        once: Callable[[Request], Awaitable[T]],
        request: Request,
        deadline: float,
        *,
        paid: bool,
    ) -> _Outcome[T]:
        """Call the model asked for, or its successor when it is gone."""
        asked = request["model"]
        model, note = living_text_model(asked, datetime.now().astimezone().date())
        try:
            outcome = await self._attempt(once, fit(request, model), deadline, paid=paid)
        except GatewayError as error:
            heir = successor(model)
            if error.kind != "model" or heir is None or model not in str(error):
                raise
            note = f"OpenAI no longer offers {model}; {heir} was used instead."
            outcome = await self._attempt(once, fit(request, heir), deadline, paid=paid)
        outcome.notes = [note] if note else []
        return outcome

    async def _attempt(
        self,
        once: Callable[[Request], Awaitable[T]],
        request: Request,
        deadline: float,
        *,
        paid: bool,
    ) -> _Outcome[T]:
        """Run a call under the retry policy, unless OpenAI is to be left alone for now."""
        self._breaker.enter()
        try:
            outcome = await self._retried(once, request, deadline, paid=paid)
        except BaseException as error:
            self._breaker.leave(error)
            raise
        self._breaker.leave(None)
        return outcome

    async def _retried(
        self,
        once: Callable[[Request], Awaitable[T]],
        request: Request,
        deadline: float,
        *,
        paid: bool,
    ) -> _Outcome[T]:
        import httpx2
        import openai

        from gateway.error_mapper import explain_exception
        from gateway.retry import retrying

        attempts = 0
        charges: list[Charge] = []

        async def mapped() -> T:
            nonlocal attempts
            attempts += 1
            try:
                return await once(request)
            except (openai.OpenAIError, httpx2.HTTPError) as error:
                raise explain_exception(error, paid=paid) from error
            except GatewayError as error:
                charges.extend(error.charges)
                raise

        try:
            async with asyncio.timeout(deadline):
                return _Outcome(await retrying(deadline)(mapped), attempts, charges)
        except TimeoutError as error:
            raise explain_exception(error, paid=paid) from error
        except GatewayError as error:
            error.charges = charges
            raise
