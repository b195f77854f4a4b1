"""The aspects of a look, alone, so that listing the tools imports nothing of what measures them."""

from typing import Literal, get_args

Aspect = Literal["palette", "light", "composition", "texture", "line", "mood", "medium"]
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)
