"""Image types as data: what decides a picture of each kind, and what it is drawn with."""

from functools import lru_cache
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from prompts.errors import PromptError
from prompts.template import faults, yaml_fault


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Dimension(_Entry):
    """One thing that decides the picture; `weight` is its share in completeness."""

    weight: int = Field(ge=1, le=100)
    asks: str = Field(description="What to find out, as a seed for the question.")
    options: list[str] = Field(default=[], description="Choices worth offering.")


class Suggested(_Entry):
    """Settings that suit this type, each overridable in the call."""

    size: str = "1024x1024"
    quality: Literal["low", "medium", "high", "xhigh", "max"] = "medium"
    background: Literal["opaque", "transparent", "auto"] = "auto"
    output_format: Literal["png", "jpeg", "webp"] = "png"
    why: str = ""


class ImageType(_Entry):
    """A kind of picture. The file's name is the type's name."""

    name: str
    recognise: str = Field(description="How the facilitator tells that a request is of this type.")
    dimensions: dict[str, Dimension] = Field(min_length=1)
    suggested: Suggested = Suggested()
    checklist: list[str] = Field(description="What to look at in the finished picture.")


@lru_cache(maxsize=64)
def parse_image_type(name: str, source: str) -> ImageType:
    """Read one image type file, the same text once. Raises `PromptError`."""
    try:
        return ImageType.model_validate({**(yaml.safe_load(source) or {}), "name": name})
    except ValidationError as error:
        raise PromptError(f"image type {name}: {faults(error)}.") from error
    except TypeError as error:
        raise PromptError(f"image type {name}: it must be a mapping.") from error
    except (yaml.YAMLError, ValueError) as error:
        line, problem = yaml_fault(error)
        raise PromptError(f"image type {name}, line {line}: no YAML: {problem}.") from error
