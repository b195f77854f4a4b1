"""What pictures look like, said of the numbers that came with them: no model looks at anything."""

import json

from sandbox import request_content
from sandbox.openai_errors import Json


def describe(body: Json) -> str:
    """Each aspect that was measured in words, as JSON."""
    try:
        measured = json.loads(request_content.prompt(body))["measured"]
        aspects = [{"aspect": one, "words": _WORDS[one](measured[one])} for one in measured]
    except (ValueError, KeyError, TypeError):
        aspects = []
    note = "a look of which the sandbox has seen numbers alone"
    return json.dumps({"subjects": [], "names": [], "aspects": aspects, "note": note, "avoid": []})


def _step(value: float, low: float, high: float, *words: str) -> str:
    """The word for a value below, between or above two numbers."""
    return words[(value >= low) + (value > high)]


def _palette(facts: Json) -> str:
    warmth = _step(facts["temperature"], -5, 5, "cool", "neutral", "warm")
    strength = _step(facts["colourfulness"], 8, 30, "very muted", "muted", "strong")
    return f"{warmth} and {strength} colours"


def _light(facts: Json) -> str:
    key = _step(facts["key"], 30, 70, "dark", "of middle brightness", "bright")
    return f"{key}, with {_step(facts['contrast'], 30, 70, 'low', 'clear', 'strong')} contrast"


def _composition(facts: Json) -> str:
    side = _step(facts["centre"][0], 0.4, 0.6, "to the left", "in the middle", "to the right")
    border = _step(facts["empty_border"], 0.5, 0.9, "a full", "an open", "an empty")
    return f"the weight {side}, with {border} border"


def _texture(facts: Json) -> str:
    areas = _step(facts["flatness"], 0.5, 0.8, "few even areas", "some even areas", "even areas")
    return f"{areas}, {_step(facts['grain'], 0.3, 2, 'no grain', 'fine grain', 'coarse grain')}"


def _line(facts: Json) -> str:
    return _step(facts["edges"], 0.005, 0.2, "soft transitions", "clear edges", "dense lines")


_WORDS = {
    "palette": _palette, "light": _light, "composition": _composition, "texture": _texture,
    "line": _line,
}  # fmt: skip
