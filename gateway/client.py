"""The one door to OpenAI: texts, vectors and the list of models; pictures stand behind `images`."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.api_errors import GatewayError
from gateway.connection import Connection
from gateway.image_client import ImageClient
from gateway.models import Request
from gateway.prices import Charge, Usage, charge, text_cost
from gateway.response_items import (
    answer_text,
    raise_for_status,
    read_usage,
    require_response,
    text_of,
)
from gateway.retry import OnCharge, Policy
from settings import Origin, Settings

if TYPE_CHECKING:
    from openai import AsyncOpenAI

TEXT_SECONDS = 50.0
"""All attempts of one turn together: the answer comes before a client's time-out of 60 s."""

LIST_SECONDS = 8.0
"""All attempts at the list of models, for which a person sits and waits."""

DIMENSIONS = 512
"""Floats of a vector; shortened by the model itself, which costs little of its meaning."""


@dataclass(frozen=True, kw_only=True)
class PaidAnswer:
    """What every answer has that costs something: how much, and whether it is play money."""

    charge: Charge
    sandbox: bool

    @property
    def as_booking(self) -> dict[str, Any]:
        """The fields of a row of spending."""
        return {**self.charge.as_booking, "sandbox": self.sandbox}


@dataclass(frozen=True, kw_only=True)
class Reply(PaidAnswer):
    """The answer of a text model. `notes` tell the person of a change of model."""

    response_id: str
    text: str
    notes: list[str]

    @property
    def model(self) -> str:
        """The model that answered."""
        return self.charge.model


@dataclass(frozen=True, kw_only=True)
class Embeddings(PaidAnswer):
    """Vectors of texts, in their order."""

    vectors: list[list[float]]


class Gateway:
    """Calls OpenAI, or the sandbox in its place; see `Connection` for when and how often."""

    def __init__(self, settings: Settings, start_sandbox: Callable[[], str]) -> None:
        self._connection = Connection(settings, start_sandbox)
        self.images = ImageClient(self._connection, background=settings.background_mode)

    @property
    def origin(self) -> Origin:
        """Who answers."""
        return self._connection.origin

    async def talk(self, request: Request, on_charge: OnCharge | None = None) -> Reply:
        """One turn of a text model. Raises `GatewayError`."""

        async def once(sdk: "AsyncOpenAI", fitting: Request) -> tuple[Any, str]:
            response = await sdk.responses.create(**fitting)
            require_response(response)
            # Gateways leave out both, and the turn is paid for all the same.
            response.id = text_of(response, "id")
            response.model = text_of(response, "model") or fitting["model"]
            self._connection.note_origin(response.id)
            try:
                raise_for_status(response, paid=False)
                return response, answer_text(response)
            except GatewayError as error:
                error.note_charges(charge(response.model, read_usage(response)))
                raise

        policy = Policy(TEXT_SECONDS, on_charge=on_charge)
        outcome = await self._connection.call(once, request, policy)
        response, text = outcome.result
        usage = read_usage(response)
        return Reply(
            response_id=response.id,
            text=text,
            notes=outcome.notes,
            charge=Charge(response.model, usage, text_cost(response.model, usage)),
            sandbox=self.origin == "sandbox",
        )

    async def embed(self, model: str, texts: list[str]) -> Embeddings:
        """The meanings of texts as vectors of `DIMENSIONS` floats. Raises `GatewayError`."""

        async def once(sdk: "AsyncOpenAI") -> Any:  # SDK object
            try:
                answer = await sdk.embeddings.create(
                    model=model, input=texts, dimensions=DIMENSIONS
                )
                return [row.embedding for row in answer.data], answer.usage.total_tokens
            except (ValueError, AttributeError, TypeError) as error:  # an answer without vectors
                raise GatewayError("no_api") from error

        vectors, tokens = (await self._connection.attempt(once, Policy(TEXT_SECONDS))).result
        usage = Usage(input_tokens=tokens)
        return Embeddings(
            vectors=vectors,
            charge=Charge(model, usage, text_cost(model, usage)),
            sandbox=self.origin == "sandbox",
        )

    async def list_models(self) -> set[str]:
        """Names of the models that OpenAI lists for the key; costs nothing.

        Raises `GatewayError`, of case `no_api` where the address holds no such list.
        """

        async def once(sdk: "AsyncOpenAI") -> set[str]:
            answer = await sdk.models.with_raw_response.list()
            try:  # the SDK stumbles over anything else than a list
                return {str(model["id"]) for model in json.loads(answer.text)["data"]}
            except (ValueError, KeyError, TypeError) as error:
                raise GatewayError("no_api") from error

        return (await self._connection.attempt(once, Policy(LIST_SECONDS))).result

    async def close(self) -> None:
        """Close the connections, if any were opened."""
        await self._connection.close()
