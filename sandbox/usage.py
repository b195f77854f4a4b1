"""What a request costs in tokens: the text, the prompt cache, the picture."""

import math

from sandbox.errors import Json
from sandbox.models import PAINTERS

CACHE_MINIMUM = 1024
CACHE_STEP = 128
TOKENS_PER_IMAGE = 765
TOKENS_PER_SOURCE = 1024
TOOL_OVERHEAD = 1300
REASONING_TOKENS = 128
PARTIAL_TOKENS = 100
_REMEMBERED = 50
_MEGAPIXEL = 1024 * 1024


def text_tokens(text: str) -> int:
    """Return roughly how many tokens a text is: a quarter of its characters."""
    return math.ceil(len(text) / 4)


class PromptCache:
    """Remembers prompts by cache key, as OpenAI's prompt cache does."""

    def __init__(self) -> None:
        self._seen: dict[object, list[str]] = {}

    def cached_tokens(self, key: object, text: str) -> int:
        """Return how many leading tokens an earlier prompt shares, then remember this one."""
        earlier = self._seen.setdefault(key, [])
        shared = max((common_length(text, other) for other in earlier), default=0)
        earlier.append(text)
        del earlier[:-_REMEMBERED]
        if text_tokens(text) < CACHE_MINIMUM or shared // 4 < CACHE_MINIMUM:
            return 0
        return shared // 4 // CACHE_STEP * CACHE_STEP


def common_length(one: str, other: str) -> int:
    """Return the length of the beginning that two texts share."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def usage(text_in: int, cached: int, text_out: int, reasoning: int) -> Json:
    """Return the usage of the mainline model."""
    return {
        "input_tokens": text_in,
        "input_tokens_details": {"cache_write_tokens": 0, "cached_tokens": cached},
        "output_tokens": text_out + reasoning,
        "output_tokens_details": {"reasoning_tokens": reasoning},
        "total_tokens": text_in + text_out + reasoning,
    }


def tool_usage(text: int = 0, images: int = 0, out: int = 0) -> Json:
    """Return the usage of the tools: all zero unless a picture was made."""
    return {
        "image_gen": {
            "input_tokens": text + images,
            "input_tokens_details": {"image_tokens": images, "text_tokens": text},
            "output_tokens": out,
            "output_tokens_details": {"image_tokens": out, "text_tokens": 0},
            "total_tokens": text + images + out,
        },
        "web_search": {"num_requests": 0},
    }


def picture_tokens(model: str, quality: str, width: int, height: int, partials: int) -> int:
    """Return the output tokens of a picture.

    The formula fits what was recorded on gpt-image-2: wide is cheaper than square (196 at
    1024x1024, 106 at 1280x720, 120 at 1536x864, each at low).
    """
    square = PAINTERS[model].tokens[quality]
    slimness = min(width, height) / max(width, height)
    scale = math.sqrt(width * height / _MEGAPIXEL) * slimness**0.95
    return int(square * scale + 0.5) + PARTIAL_TOKENS * partials
