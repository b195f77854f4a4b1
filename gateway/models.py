"""What models can do, cost, and until when they live: `models.toml` and what follows from it."""

import json
import re
import tomllib
from collections.abc import Collection
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from errors import Severity
from settings import Settings, variable_of

WARNING_DAYS = 90
"""A quarter: OpenAI announces an end half a year ahead, and people do not update every week."""

SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")
NEWEST_TEXT = "gpt-6-luna"
"""What OpenAI names as the successor of every model that it ends (November 2026)."""

IMAGE_NAMES = ("gpt-image", "chatgpt-image", "dall-e")
REPLACED = "{model} was shut down on {day}; {other} was used instead."
SAMPLING = {"temperature", "top_p"}

Request = dict[str, Any]
"""The body of a call."""


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TextPrice(_Row):
    """USD per million tokens of a text model."""

    input: float
    cached: float
    output: float


class ImagePrice(_Row):
    """USD per million tokens of an image model: text in, pictures in, pictures out."""

    text: float
    image: float
    output: float


class SizeRule(_Row):
    """Which sizes a model draws: a list, or bounds on edges (pixels) and area."""

    allowed: list[str] = []
    multiple: int = 1
    max_ratio: float = 1.0
    min_pixels: int = 0
    max_pixels: int = 0
    max_edge: int = 0


class _Model(_Row):
    """`estimated` says that OpenAI has not published the price."""

    shutdown: date | None = None
    successor: str | None = None
    estimated: bool = False


class TextModel(_Model):
    """A model of texts: whether it talks, takes sampling parameters, and how hard it reasons."""

    talks: bool = True
    sampling: bool = False
    reasoning: str | None = None
    price: TextPrice | None = None


class ImageModel(_Model):
    """A model that draws: what it accepts, and per quality what its pictures' tokens follow.

    That is `patches` along the longer edge or, where they are not known, `tokens` at 1024x1024.
    """

    sizes: str = "standard"
    qualities: list[str] = []
    transparent: bool = False
    complexity: bool = False
    formats: list[str] = []
    price: ImagePrice | None = None
    patches: dict[str, int] = {}
    tokens: dict[str, int] = {}


class Models(_Row):
    """The whole table."""

    text: dict[str, TextModel]
    image: dict[str, ImageModel]
    sizes: dict[str, SizeRule]

    def find_text(self, name: str) -> TextModel | None:
        """A text model by its name or the name of one of its dated snapshots."""
        return self.text.get(_undated(name, self.text))

    def find_image(self, name: str) -> ImageModel | None:
        """An image model by its name or the name of one of its dated snapshots."""
        return self.image.get(_undated(name, self.image))

    def living_image_models(self, today: date) -> list[str]:
        """Names of the image models that still draw on this day, the newest first."""
        return [name for name, model in self.image.items() if not is_shut_down(model, today)]


@cache
def load_models() -> Models:
    """Read `models.toml` once."""
    return Models.model_validate(
        tomllib.loads(Path(__file__).with_name("models.toml").read_text(encoding="utf-8"))
    )


def _undated(name: str, table: Collection[str]) -> str:
    """The table's name for a snapshot: gpt-4o for gpt-4o-2024-08-06."""
    stem = SNAPSHOT.sub("", name)
    return stem if stem in table else name


def is_shut_down(model: TextModel | ImageModel, today: date) -> bool:
    """From its shutdown date on a model no longer answers."""
    return model.shutdown is not None and model.shutdown <= today


def living_text_model(name: str, today: date) -> tuple[str, str | None]:
    """The model to call for a configured one, and what to tell the person, if anything.

    A model that the table does not know is called as it is: OpenAI decides.
    """
    model = load_models().find_text(name)
    if model is None or not is_shut_down(model, today):
        return name, None
    if model.successor is None:
        return name, f"{name} was shut down on {model.shutdown}."
    return model.successor, REPLACED.format(model=name, day=model.shutdown, other=model.successor)


def successor(name: str) -> str | None:
    """The model that takes over when this one is gone."""
    model = load_models().find_text(name)
    return model.successor if model else None


def is_image_model(name: str) -> bool:
    """Whether this is the name of a model that draws, of the table or like those."""
    return load_models().find_image(name) is not None or name.startswith(IMAGE_NAMES)


def replacements(name: str, *, image: bool) -> list[str]:
    """Models to set where this one is not to be had: its successor, else two others."""
    models = load_models()
    if not image:
        heir = successor(name) or NEWEST_TEXT
        return [heir] if heir != name else []
    model = models.find_image(name)
    if model is not None and model.successor is not None:
        return [model.successor]
    lasting = [one for one, row in models.image.items() if row.shutdown is None and one != name]
    return lasting[::-1][:2]  # the oldest first: most accounts have it


def fit(request: Request, name: str) -> Request:
    """The request for this model: no sampling where it is refused, the reasoning it needs.

    A model that the table does not know gets neither.
    """
    model = load_models().find_text(name)
    fitting = {**request, "model": name}
    if model is None or not model.sampling:
        fitting = {key: value for key, value in fitting.items() if key not in SAMPLING}
    if model is not None and model.reasoning:
        fitting["reasoning"] = {"effort": model.reasoning}
    return fitting


def closed(properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object with these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def answer_form(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The `text` field of a request whose answer is to follow a schema."""
    return {"format": {"type": "json_schema", "name": name, "schema": schema, "strict": True}}


def sent_back(request: Request, answer: str, broken: str | list[str]) -> Request:
    """The same request, with the answer and what is wrong with it at its end."""
    items = [
        {"role": "assistant", "content": answer},
        {"role": "developer", "content": json.dumps({"broken": broken}, ensure_ascii=False)},
    ]
    return {**request, "input": [*request["input"], *items]}


class KnownModel(_Row):
    """A model that can be set: what it is for, and until when; its name may have a date behind it.

    From `shutdown` on it no longer answers, and `successor` takes over.
    """

    name: str
    purpose: Literal["dialogue", "image"]
    qualities: list[str]
    shutdown: date | None
    successor: str | None


def known_models(today: date) -> list[KnownModel]:
    """Every model of the table that still answers on a day."""
    models = load_models()
    rows: list[tuple[Literal["dialogue", "image"], str, TextModel | ImageModel]] = [
        *(("image", *one) for one in models.image.items()),
        *(("dialogue", *one) for one in models.text.items() if one[1].price and one[1].talks),
    ]
    return [
        KnownModel(
            name=name,
            purpose=purpose,
            qualities=model.qualities if isinstance(model, ImageModel) else [],
            shutdown=model.shutdown,
            successor=model.successor,
        )
        for purpose, name, model in rows
        if not is_shut_down(model, today)
    ]


def outlook(settings: Settings, today: date) -> list[tuple[str, Severity, str]]:
    """Each configured model with its state and one sentence on its future."""
    models = load_models()
    tables = {
        "facilitator_model": models.find_text,
        "assistant_model": models.find_text,
        "image_model": models.find_image,
    }
    names = {field: str(getattr(settings, field)) for field in tables}
    return [
        (name, *_prospect(field, name, tables[field](name), today)) for field, name in names.items()
    ]


def _prospect(
    field: str, name: str, model: TextModel | ImageModel | None, today: date
) -> tuple[Severity, str]:
    variable = variable_of(field)
    if model is None:
        return "warning", f"{variable} names {name}, which models.toml does not know."
    if model.shutdown is None:
        return "ok", f"{name}: no shutdown announced."
    advice = f"Set {variable} to {model.successor}." if model.successor else ""
    if is_shut_down(model, today):
        return "problem", f"{name} was shut down on {model.shutdown}. {advice}".strip()
    days = (model.shutdown - today).days
    left = "1 day" if days == 1 else f"{days} days"
    if model.shutdown - today > timedelta(days=WARNING_DAYS):
        return "ok", f"{name} is shut down on {model.shutdown}."
    return "warning", (
        f"{name} is shut down on {model.shutdown}, in {left}; from then on "
        f"{model.successor or 'no successor'} is used. {advice}".strip()
    )
