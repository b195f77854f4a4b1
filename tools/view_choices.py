"""What the next picture of a conversation can be drawn with, and what it would cost."""

from dataclasses import replace
from itertools import product

from pydantic import BaseModel

from app import App
from gateway.capabilities import SHAPES, fault_of_size, unfinished_pictures
from gateway.models import load_models
from generation.image_request import ImageRequest, OrderError
from generation.plan import Plan, plan_new
from storage.tables import Conversation


class DrawingChoices(BaseModel):
    """What the model can be told, and what it is told of a prompt where nobody chooses.

    `prices` are USD for each of so many `pictures`, by `size quality output_format`.
    """

    model: str = ""
    sizes: dict[str, str] = {}
    qualities: list[str] = []
    backgrounds: list[str] = []
    formats: list[str] = []
    settings: dict[str, str] = {}
    pictures: int = 1
    prices: dict[str, float] = {}


def choices(app: App, conversation: Conversation) -> DrawingChoices:
    """What the prompt of a conversation can be drawn with, and what a picture costs with each."""
    request = ImageRequest().with_order(conversation.order)
    plan, models = plan_new(conversation, ""), load_models()
    model = models.find_image(request.image_model or app.settings.image_model)
    if model is None:
        return DrawingChoices()
    try:
        options = app.image_generator.orders.options(conversation, plan, request)
    except OrderError:
        return DrawingChoices()
    rule = models.sizes[model.sizes]
    sizes = {word: size for word, size in SHAPES.items() if fault_of_size(rule, size) is None}
    prices = {}
    for size, quality, file in product(
        {*sizes.values(), options.size}, model.qualities, model.formats
    ):
        # Of the price a file decides no more than the unfinished pictures on the way to it.
        partials = unfinished_pictures(file, app.settings)
        wish = replace(options, size=size, quality=quality, partial_images=partials)
        if usd := app.image_generator.orders.estimated_usd(wish, plan, request):
            prices[f"{size} {quality} {file}"] = usd
    return DrawingChoices(
        model=options.image_model,
        sizes=sizes,
        qualities=model.qualities,
        backgrounds=["auto", "opaque", *(["transparent"] if model.transparent else [])],
        formats=model.formats,
        settings={
            name: getattr(options, name)
            for name in ("size", "quality", "background", "output_format")
        },
        pictures=request.count,
        prices=prices,
    )


def next_prices(
    app: App, conversation: Conversation, plan: Plan
) -> tuple[str, dict[str, float | None]]:
    """The quality that a plan is drawn in where nobody chooses, and USD for each picture in each.

    USD are None where they are not known, all is empty where the drawing would be refused.
    """
    orders, request = app.image_generator.orders, ImageRequest()
    try:
        options = orders.options(conversation, plan, request)
    except OrderError:
        return "", {}
    model = load_models().find_image(options.image_model)
    prices = {
        quality: orders.estimated_usd(replace(options, quality=quality), plan, request)
        for quality in (*(model.qualities if model else ()), options.quality)
    }
    return options.quality, prices
