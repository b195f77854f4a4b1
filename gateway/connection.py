"""One SDK client, made on the first call, and every call on it under one policy."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from gateway.api_errors import GatewayError
from gateway.api_key import find_key, in_file, way_to_give
from gateway.models import Request, fit, living_text_model, successor
from gateway.retry import Breaker, CallResult, Policy, attempt
from keyring_store import KeyringFault
from receipt import note_request
from settings import Origin, Settings, local_date

if TYPE_CHECKING:
    from openai import AsyncOpenAI

SANDBOX_KEY = "sandbox"
"""The SDK wants a key; the sandbox takes any."""

NOT_TO_BE_HAD = {"model", "model_access", "no_image_tool"}
"""Cases in which the successor of a model is asked instead."""

SANDBOX_MARKS = ("resp_sandbox_", "file-sandbox-")

T = TypeVar("T")


def is_sandbox(openai_id: str) -> bool:
    """Whether the sandbox issued this id of a response or file: it marks its ids."""
    return openai_id.startswith(SANDBOX_MARKS)


class Connection:
    """Calls OpenAI, or the sandbox in its place.

    The client is built on the first call: importing the SDK costs most of a second.
    `start_sandbox` returns the base URL of a running sandbox.
    """

    def __init__(self, settings: Settings, start_sandbox: Callable[[], str]) -> None:
        self._settings = settings
        self._start_sandbox = start_sandbox
        self._sdk: AsyncOpenAI | None = None
        self._sandbox = settings.sandbox
        self._lock = asyncio.Lock()
        self._breaker = Breaker()

    @property
    def origin(self) -> Origin:
        """Who answers, by the settings and, after the first answer, by its id."""
        return "sandbox" if self._sandbox else "openai"

    def note_origin(self, openai_id: str) -> None:
        """Take from the id of an answer who gave it: a proxy may lead to a sandbox."""
        self._sandbox = is_sandbox(openai_id)

    async def call(
        self,
        once: Callable[["AsyncOpenAI", Request], Awaitable[T]],
        request: Request,
        policy: Policy,
    ) -> CallResult[T]:
        """Call the model of a request, or its successor when it is gone. Raises `GatewayError`."""

        async def send(name: str) -> CallResult[T]:
            fitting = fit(request, name)
            return await self.attempt(lambda sdk: once(sdk, fitting), policy)

        model, note = living_text_model(request["model"], local_date())
        try:
            outcome = await send(model)
        except GatewayError as error:
            heir = successor(model)
            if error.case not in NOT_TO_BE_HAD or heir is None or error.model != model:
                raise
            try:
                outcome = await send(heir)
            except GatewayError as second:
                raise (error if second.case in NOT_TO_BE_HAD else second) from second
            note = f"{error.event} {heir} was used instead."
        outcome.notes = [note] if note else []
        return outcome

    async def attempt(
        self, once: Callable[["AsyncOpenAI"], Awaitable[T]], policy: Policy
    ) -> CallResult[T]:
        """Run a call under the retry policy, unless OpenAI is to be left alone for now."""

        async def connect_and_send() -> T:
            return await once(await self._connect())

        with self._breaker:
            note_request()
            return await attempt(connect_and_send, policy)

    async def close(self) -> None:
        """Close the connections, if any were opened."""
        if self._sdk is not None:
            await self._sdk.close()

    async def _connect(self) -> "AsyncOpenAI":
        async with self._lock:
            if self._sdk is None:
                self._sdk = await asyncio.to_thread(self._build)
            return self._sdk

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
            entry = find_key(self._settings)
        except KeyringFault as fault:
            way = f"{fault} {in_file(self._settings)}"
            raise GatewayError("no_key", words={"way": way}) from fault
        if entry is None:
            raise GatewayError("no_key", words={"way": way_to_give(self._settings)})
        return entry.key.get_secret_value()
