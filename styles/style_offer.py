"""Offer a style once, where pictures that a person likes look alike: measured, no model asked."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from errors import StorageError
from gateway.client import Gateway
from prompts.wording import Wording
from settings import Settings
from storage.picture_files import Edge, SmallCopies
from storage.pixels import UNDECODABLE
from storage.preference_history import LIKED, LikedPicture, PreferenceHistory
from storage.tables import Image
from styles.comparison import agreement, are_alike
from styles.measurement import Measurement, measure
from styles.style_file import Style
from styles.style_store import StyleStore

WANTED = 3
"""Liked pictures from which on a look is no chance: of two one may be a change of the other."""

EDGE: Edge = 512
"""Pixels of the copies that are measured: the smallest that have all of what is looked at."""

OFFER = (
    "Three pictures that you rated 4 or 5 look alike ({aspects}): {titles}. If you like, their "
    "look is kept as a style for further pictures; without your word none is made."
)


class StyleOffer(NamedTuple):
    """Pictures that look alike, in which aspects, and the titles of their conversations."""

    images: list[str]
    aspects: list[str]
    titles: list[str]
    language: str

    def sentence(self, wording: Wording) -> str:
        """What the person is asked."""
        titles = ", ".join(dict.fromkeys(self.titles))
        aspects = ", ".join(map(wording.name_of, self.aspects))
        return wording.translate(OFFER, aspects=aspects, titles=titles)

    @property
    def next_step(self) -> str:
        """What follows where they say yes."""
        images = json.dumps(self.images)
        return f"Only if the person wants it: openai_extract_style with images={images} and a name."


class _Look(NamedTuple):
    picture: LikedPicture
    measured: Measurement


@dataclass(frozen=True)
class StyleOffers:
    """Looks at what a person likes whenever they say that they like something."""

    settings: Settings
    gateway: Gateway
    history: PreferenceHistory
    small_copies: SmallCopies
    style_store: StyleStore

    async def after_rating(self, image: Image) -> StyleOffer | None:
        """The offer that a rating gives reason for; none for a look that was offered or kept,
        none where nothing may be learnt of the person, and none that nobody could take."""
        can_take = self.settings.has_toolset("explore")
        if not can_take or not self.settings.learn or (image.rating or 0) < LIKED:
            return None
        liked = await self.history.liked(self.gateway.origin)
        looks = await asyncio.to_thread(self._looks, liked)
        rated = next((one for one in looks if one.picture.image.id == image.id), None)
        if rated is None:
            return None  # its file is gone, or it was changed into another one that is liked
        alike = [one for one in looks if one is rated or are_alike([one.measured, rated.measured])]
        group = _group(alike, rated)
        if not group or await asyncio.to_thread(self._is_kept, alike):
            return None
        images = _ids(group)
        if not await self.history.note_offer(images, _ids(alike)):
            return None
        return StyleOffer(
            images=images,
            aspects=agreement([one.measured for one in group]),
            titles=[one.picture.title for one in group],
            language=rated.picture.language,
        )

    def _looks(self, liked: Sequence[LikedPicture]) -> list[_Look]:
        """What was measured of each; a picture whose file is gone has no look."""
        looks = []
        for one in liked:
            try:
                copy = self.small_copies.copy(one.image, EDGE)
                looks.append(_Look(one, measure(copy.data)))
            except (StorageError, *UNDECODABLE):
                continue
        return looks

    def _is_kept(self, looks: Sequence[_Look]) -> bool:
        """Whether a style was made of one of them already."""
        styles = [one for _, one in self.style_store.styles() if isinstance(one, Style)]
        return bool({source.id for one in styles for source in one.sources} & {*_ids(looks)})


def _group(looks: Sequence[_Look], rated: _Look) -> list[_Look]:
    """The rated picture and the first two others that look alike all three; else nothing."""
    others = [one for one in looks if one is not rated]
    for pair in combinations(others, WANTED - 1):
        group = [rated, *pair]
        if are_alike([one.measured for one in group]):
            return group
    return []


def _ids(looks: Sequence[_Look]) -> list[str]:
    return [one.picture.image.id for one in looks]
