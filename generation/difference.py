"""How the prompt of a picture differs from that of the one before it."""

import re
from difflib import SequenceMatcher

from pydantic import BaseModel

from storage.tables import Image

WORDS = re.compile(r"\s*\S+")


class Difference(BaseModel):
    """What was added to a prompt and what was taken out, in its own words."""

    added: list[str]
    removed: list[str]


def whole_prompt(image: Image, pictures: list[Image]) -> str:
    """All that a picture was asked to be: the prompt of its first ancestor, then the changes."""
    by_id = {one.id: one for one in pictures}
    said = [image.prompt]
    while image.parent_image_id and image.parent_image_id in by_id:
        image = by_id[image.parent_image_id]
        said.append(image.prompt)
    return "\n".join(reversed(said))


def difference(image: Image, pictures: list[Image]) -> Difference | None:
    """Against the picture it was changed from, else the one drawn before it; None for the first.

    `pictures` are all of the conversation, oldest first.
    """
    before = _before(image, pictures)
    if before is None:
        return None
    old = WORDS.findall(whole_prompt(before, pictures))
    new = WORDS.findall(whole_prompt(image, pictures))
    added, removed = [], []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            removed.append("".join(old[a:b]).strip())
            added.append("".join(new[c:d]).strip())
    return Difference(added=[one for one in added if one], removed=[one for one in removed if one])


def _before(image: Image, pictures: list[Image]) -> Image | None:
    for one in pictures:
        if one.id == image.parent_image_id:
            return one
    earlier = [one for one in pictures if one.created_at < image.created_at]
    return earlier[-1] if earlier else None
