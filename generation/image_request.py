"""One call for pictures as data, the same for every face: what was said, and with what."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from errors import Problem
from settings import Mode, Quality
from styles.strength import DEFAULT_STRENGTH

Background = Literal["auto", "opaque", "transparent"]
OutputFormat = Literal["png", "jpeg", "webp", "gif", "svg"]
Strategy = Literal["color", "composition", "style", "mixed"]
"""What variations differ in; mixed takes one thing after the other."""

MOST_PICTURES = 10
"""Of one call: as many as OpenAI's own `n` allowed, and all that one looks at side by side."""

OPTIONS = (
    "size",
    "quality",
    "background",
    "output_format",
    "compression",
    "image_model",
    "assistant_model",
)
"""What the models are set to, by the names that `Options` has for it."""

ORDER_FIELDS = (
    *OPTIONS,
    "input_images",
    "mask",
    "variations",
    "strategy",
    "samples",
    "prompts",
    "verify",
)
"""What a call that ends in a question leaves for the drawing."""


VARIATION_FIELDS, SAMPLE_FIELDS = {"variations", "strategy"}, {"samples", "prompts"}
"""What makes a call one for several pictures: one of the two, never both."""


class OrderError(Problem):
    """A picture cannot be drawn as ordered, which is known before it is paid for."""

    charged = "no"


@dataclass(frozen=True, kw_only=True)
class ImageRequest:
    """One call for pictures; None, "" or an empty tuple where the caller left something open.

    `input_images` and `mask` are paths, image ids or OpenAI file ids, `size` is WIDTHxHEIGHT in
    pixels or one of `square`, `wide` and `tall`, `compression` percent. Of `samples` each differs
    by chance alone; `prompts` are drawn one by one, where `prompt` says all of them. `style` is the
    name of one, `style_strength` 0 to 100.
    """

    prompt: str = ""
    conversation_id: str | None = None
    dialogue_mode: Mode | None = None
    from_image: str | None = None
    input_images: tuple[str, ...] = ()
    mask: str | None = None
    size: str | None = None
    quality: Quality | None = None
    background: Background | None = None
    output_format: OutputFormat | None = None
    compression: int | None = None
    image_model: str | None = None
    assistant_model: str | None = None
    variations: int = 1
    strategy: Strategy = "mixed"
    samples: int = 1
    prompts: tuple[str, ...] = ()
    style: str = ""
    style_strength: int = DEFAULT_STRENGTH
    verify: bool = False
    redraw: bool = False

    @property
    def words(self) -> str:
        """The prompt without the space around it."""
        return self.prompt.strip()

    @property
    def count(self) -> int:
        """How many pictures are to be drawn."""
        return self.variations * self.samples * max(1, len(self.prompts))

    @property
    def pictures(self) -> tuple[str, ...]:
        """Every picture that came along, the mask among them."""
        return (*self.input_images, *([self.mask] if self.mask else []))

    @property
    def options(self) -> Mapping[str, Any]:
        """What the models are set to, without what the caller left open."""
        values = {name: getattr(self, name) for name in OPTIONS}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def order(self) -> dict[str, Any]:
        """What a question in between must not lose, without what the caller left open."""
        values = {name: getattr(self, name) for name in ORDER_FIELDS}
        return {name: value for name, value in values.items() if value != DEFAULTS[name]}

    def with_order(self, order: Mapping[str, Any] | None) -> "ImageRequest":
        """The request with what an earlier call brought, where this one leaves it open."""
        ours = self.order
        names = {*ORDER_FIELDS}
        if VARIATION_FIELDS & ours.keys():
            names -= SAMPLE_FIELDS
        if SAMPLE_FIELDS & ours.keys():
            names -= VARIATION_FIELDS
        earlier = {name: value for name, value in (order or {}).items() if name in names}
        for name in {"input_images", "prompts"} & earlier.keys():  # JSON has no tuples
            earlier[name] = tuple(earlier[name])
        return replace(self, **{**earlier, **ours})

    def key(self, contents: Sequence[str]) -> str:
        """Names what was asked for: the same call has the same key, whoever makes it.

        `contents` name the bytes of `pictures`, in their order, and what goes along of a style: one
        picture under two paths is the same. A look at the result (`verify`) and `redraw` change
        nothing of what is drawn.
        """
        wishes = {**asdict(self), "prompt": self.words, "contents": list(contents)}
        for name in ("input_images", "mask", "verify", "redraw"):
            del wishes[name]
        if not self.style:  # of a call without one the key is what it was before there were some
            del wishes["style"], wishes["style_strength"]
        wishes["masked"] = self.mask is not None
        return hashlib.sha256(json.dumps(wishes, sort_keys=True).encode()).hexdigest()


def numbered(prompts: Iterable[str]) -> str:
    """Several prompts as one text, a line or more each; a single one as it is."""
    different = list(dict.fromkeys(prompts))
    if len(different) == 1:
        return different[0]
    return "\n".join(f"{number}. {prompt}" for number, prompt in enumerate(different, start=1))


DEFAULTS = {field.name: field.default for field in fields(ImageRequest)}
"""What a request says where its caller left something open."""
