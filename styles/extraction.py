"""Make a style of pictures: measured here, described by a model in one turn, kept where named."""

import asyncio
import base64
import datetime
import hashlib
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from errors import Problem
from gateway.api_errors import GatewayError
from gateway.client import Gateway, Reply
from gateway.models import sent_back
from gateway.prices import Charge
from prompts.source import FileModel, fingerprint
from prompts.store import PromptStore
from prompts.template import Rendering
from settings import Settings
from storage.input_files import InputFiles
from storage.records import Records
from storage.spending import booking, charge_rows
from storage.stamps import is_image_id
from styles.comparison import difference, disagreement, shared_measure
from styles.description import (
    TEMPLATE,
    Description,
    complaints,
    description_request,
    omissions_of,
    one_line,
    parse_description,
    without,
    words_of_aspects,
)
from styles.extraction_result import ExtractedAspect, Omission, PictureChoice, StyleExtraction
from styles.measurement import Measurement, measure
from styles.strength import ASPECTS, Aspect
from styles.style_file import MOST_SAMPLES, Style
from styles.style_store import StyleStore

MOST_PICTURES = 8
"""More say nothing new of a look, and each costs its tokens."""

PURPOSE = "style"
UNNAMED = "unnamed"
"""What a style is called that is not kept: its file's form wants a name."""

KEPT = (
    "openai_conversational_image with style={name} draws in it; openai_apply_style writes a prompt "
    "in it first."
)
NOT_KEPT = "Nothing is kept yet. Call again with a name to keep it; that asks the model again."
COUNTED_ONCE = "The same picture was given more than once; it counts once."
PLAY_MONEY = "The cost is play money: the sandbox stood in for OpenAI, and nothing was paid."
SECONDS = 50.0
"""For both answers: clients give a call up after 60 s."""


class _Picture(NamedTuple):
    """A picture as it was given, its copy for the model, and what was measured of it."""

    given: str
    copy: bytes
    measured: Measurement


@dataclass(frozen=True)
class StyleExtractor:
    """Looks at pictures, and says what makes their look."""

    settings: Settings
    gateway: Gateway
    records: Records
    prompt_store: PromptStore
    input_files: InputFiles
    style_store: StyleStore

    async def extract(
        self, images: Sequence[str], aspects: Sequence[Aspect], name: str
    ) -> StyleExtraction:
        """The style of pictures, named by path, image id or upload; kept where it has a name.

        Where they disagree nothing is asked of a model. Raises a `Problem`.
        """
        if name:
            self.style_store.refuse_name(name)
        wanted = [aspect for aspect in ASPECTS if aspect in aspects]
        pictures = await self._pictures(images)
        if question := _question(pictures, wanted):
            return question
        shared = {
            aspect: measured
            for aspect in wanted
            if (measured := shared_measure([one.measured for one in pictures], aspect))
        }
        rendering = self.prompt_store.render(TEMPLATE, aspects=wanted, count=len(pictures))
        replies, description, omissions = await self._describe(pictures, shared, rendering)
        words = words_of_aspects(description, wanted)
        if not words:
            raise Problem(
                "Nothing is left of the description without subjects and names.",
                "Call again, or with other pictures.",
            )
        making = {
            "model": replies[-1].model,
            "origin": self.gateway.origin,
            "date": datetime.datetime.now().astimezone().date(),
            "template": f"{rendering.name}@{rendering.fingerprint}",
            "words": {aspect: fingerprint(line) for aspect, line in words.items()},
        }
        content = _content(words, shared)
        style = _style(name or UNNAMED, content, description, pictures, making)
        if name:
            copies = [one.copy for one in pictures[:MOST_SAMPLES]]
            await asyncio.to_thread(self.style_store.save, style, copies)
        result = _result(style, wanted, omissions, replies)
        if len(pictures) < len(images):
            result.notes.append(COUNTED_ONCE)
        if self.gateway.origin == "sandbox":
            result.notes.append(PLAY_MONEY)
        result.notes += self.prompt_store.faults("styles/")
        if not name:
            result.next_step = NOT_KEPT
            return result
        kept = {"name": name, "uri": f"style://{name}", "next_step": KEPT.format(name=name)}
        return result.model_copy(update={"status": "saved", **kept})

    async def _pictures(self, images: Sequence[str]) -> list[_Picture]:
        """Each picture once, however often it was given. Raises a `Problem`."""
        if not images or len(images) > MOST_PICTURES:
            raise Problem(f"images takes 1 to {MOST_PICTURES} pictures.", charged="no")
        looked_at = [await self._picture(given) for given in images]
        return [*{one.copy: one for one in looked_at}.values()]

    async def _picture(self, given: str) -> _Picture:
        file = await self.input_files.copy(given, self.records)
        copy = await asyncio.to_thread(self.input_files.read_copy, file) or b""
        return _Picture(given, copy, await asyncio.to_thread(measure, copy))

    async def _describe(
        self, pictures: Sequence[_Picture], shared: dict[Aspect, FileModel], rendering: Rendering
    ) -> tuple[list[Reply], Description, list[Omission]]:
        """The answers, the description without what may not be in it, and what that was.

        An answer that names subjects or anybody's work is sent back once.
        """
        await self.records.ledger.refuse_spent(
            self.settings.daily_budget_usd,
            self.gateway.origin,
            "Go on tomorrow, or raise IMAGE_CONSULTANT_DAILY_BUDGET_USD.",
        )
        urls = [f"data:image/jpeg;base64,{base64.b64encode(one.copy).decode()}" for one in pictures]
        facts = {aspect: measured.model_dump() for aspect, measured in shared.items()}
        model = self.settings.facilitator_model
        request = description_request(urls, facts, model=model, rendering=rendering)
        ends = time.monotonic() + SECONDS
        replies = [await self._ask(request)]
        description = parse_description(replies[0].text)
        omissions = omissions_of(description) if description else []
        if description is None or omissions:
            faults = complaints(omissions)
            again = sent_back(request, replies[0].text, faults) if description else request
            with suppress(GatewayError, TimeoutError):  # the first answer stands then
                async with asyncio.timeout(ends - time.monotonic()):
                    replies.append(await self._ask(again))
                    description = parse_description(replies[1].text) or description
        if description is None:
            raise Problem("The model's description could not be used.", "Call again.")
        omissions = omissions_of(description)
        return replies, without(description, omissions), omissions

    async def _ask(self, request: dict[str, Any]) -> Reply:
        """One answer, with what it cost booked. Raises a `Problem`."""

        async def bill(charges: list[Charge]) -> None:
            rows = charge_rows(None, charges, sandbox=self.gateway.origin == "sandbox")
            await self.records.ledger.book(*rows)

        reply = await self.gateway.talk(request, bill)
        await self.records.ledger.book(booking(None, PURPOSE, **reply.as_booking))
        return reply


def _question(pictures: Sequence[_Picture], wanted: list[Aspect]) -> StyleExtraction | None:
    """What is asked where pictures disagree."""
    dispute = disagreement([one.measured for one in pictures], wanted)
    if dispute is None:
        return None
    given = [one.given for one in pictures]
    names = [
        f"picture {number}" if is_image_id(one) else Path(one).name
        for number, one in enumerate(given, 1)
    ]
    names = names if len({*names}) == len(given) else given
    if dispute.outlier is None:
        question = f"The pictures do not share their {dispute.aspect}. Which of them is meant?"
        ways = [(f"{name} alone", [one], wanted) for name, one in zip(names, given, strict=True)]
    else:
        name, odd = names[dispute.outlier], given[dispute.outlier]
        how = difference([one.measured for one in pictures], dispute.outlier, dispute.aspect)
        about = ": ".join(filter(None, [dispute.aspect, how]))
        question = f"{name} differs from the others in {about}. Leave it out?"
        ways = [(f"leave out {name}", [one for one in given if one != odd], wanted)]
    if rest := [aspect for aspect in wanted if aspect != dispute.aspect]:
        ways.append((f"take everything but {dispute.aspect}", given, rest))
    answers = [
        PictureChoice(option=option, images=images, aspects=aspects)
        for option, images, aspects in ways
    ]
    return StyleExtraction(
        status="asking",
        question=question,
        options=[one.option for one in answers],
        answers=answers,
        next_step="Put the question to the person, then call again with the pictures or the "
        "aspects that they chose. Nothing was charged.",
    )


def _content(
    words: Mapping[Aspect, str], shared: Mapping[Aspect, FileModel]
) -> dict[Aspect, dict[str, Any]]:
    """Each aspect in words, with what was measured of it where pictures share that."""
    return {
        aspect: {"words": line}
        | ({"measured": shared[aspect].model_dump()} if aspect in shared else {})
        for aspect, line in words.items()
    }


def _style(
    name: str,
    content: Mapping[Aspect, dict[str, Any]],
    description: Description,
    pictures: Sequence[_Picture],
    making: dict[str, Any],
) -> Style:
    samples = range(1, min(len(pictures), MOST_SAMPLES) + 1)
    return Style.model_validate({
        "name": name,
        "note": one_line(description.note) or f"Taken from {len(pictures)} pictures.",
        "aspects": content,
        "avoid": [*dict.fromkeys(filter(None, map(one_line, description.avoid)))],
        "samples": [f"{name}-{number}.jpg" for number in samples],
        "from": [{"id": one.given, "sha256": hashlib.sha256(one.copy).hexdigest()}
                 for one in pictures],
        "made": making,
    })  # fmt: skip


def _result(
    style: Style, wanted: Sequence[Aspect], omissions: Sequence[Omission], replies: Sequence[Reply]
) -> StyleExtraction:
    prices = [reply.charge.cost.booked for reply in replies]
    known = [usd for usd in prices if usd is not None]
    measured = style.measured
    notes = dict.fromkeys(note for reply in replies for note in reply.notes)
    if silent := [aspect for aspect in wanted if aspect not in style.words]:
        notes[f"The model said nothing of: {', '.join(silent)}."] = None
    return StyleExtraction(
        status="described",
        note=style.note,
        aspects=[
            ExtractedAspect(
                aspect=aspect,
                words=words,
                measured=measured[aspect].model_dump() if aspect in measured else None,
            )
            for aspect, words in style.words.items()
        ],
        colours=style.colours,
        avoid=style.avoid,
        left_out=[*omissions],
        cost_usd=sum(known) if len(known) == len(prices) else None,
        notes=[*notes],
    )
