"""The drawing of one call: checked while that is free, bought, collected, told, shown."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from app import App
from call_meaning import newest_jobs
from errors import StorageError
from generation.image_request import OPTIONS, ImageRequest

if TYPE_CHECKING:
    from generation.drawing import DrawingResult
    from generation.input_images import InputImages
    from generation.jobs import ReportProgress, TellProgress
    from generation.plan import Plan
    from storage.tables import Conversation, Image, Job
    from styles.style_use import StyleUse

LEAST_SECONDS = 1.0
"""A picture is waited for at least so long, however much of the call's time the dialogue took."""

IS_CURRENT = "Changes start from this picture now."
SHOWN_AGAIN = (
    "The same call brought this on {day}, so it is shown again; redraw=true draws all of it anew."
)


@dataclass
class Drawing:
    """What one call does about pictures; once it was checked `key` names the call, and `styles`
    are what goes along of the style that it names.

    `ends` is when its time is over, by the monotonic clock.
    """

    app: App
    request: ImageRequest
    progress: "TellProgress"
    ends: float
    key: str = ""
    styles: "tuple[StyleUse, ...]" = ()
    _inputs: "tuple[tuple[Any, ...], InputImages] | None" = None
    _contents: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """What is left of the call's time for a picture."""
        return max(LEAST_SECONDS, self.ends - time.monotonic())

    async def check(self, request: ImageRequest, parent: "Image | None" = None) -> "InputImages":
        """Refuse what cannot be drawn, a broken style among it, and name the call by what it asks
        for.

        What came along is read once.
        """
        place = (request.options, request.pictures, request.variations, parent and parent.id)
        if self._inputs is None or self._inputs[0] != place:
            inputs = await self.app.image_generator.orders.check(request, parent)
            self._inputs = (place, inputs)
        if not self.key:
            self.styles = await asyncio.to_thread(self._style_uses)
            words = [use.model_dump_json() for use in self.styles]
            self._contents = [*self._inputs[1].keys, *words]
            self.key = self.request.key(self._contents)
        return self._inputs[1]

    def _style_uses(self) -> "tuple[StyleUse, ...]":
        """What goes along of the style that the call names. Raises a `Problem`."""
        if not self.request.style:
            return ()
        from styles.style_mix import MixPart, mix

        style = self.app.style_store.style(self.request.style)
        return tuple(mix([MixPart(style)], self.request.style_strength))

    async def buy(
        self, conversation: "Conversation", plan: "Plan", request: ImageRequest, *, key: str = ""
    ) -> "DrawingResult":
        """Draw what is planned, as the call of a key, else as this one.

        A style that the call names goes along, unless the prompt was written after it. What came
        with an asking call is used up by it.
        """
        inputs = await self.check(request, plan.parent)
        written = plan.styled and conversation.style_uses == [u.model_dump() for u in self.styles]
        if self.styles and not written:
            plan = replace(plan, styles=self.styles, styled=False)
        outcome = await self.app.image_generator.buy(
            conversation,
            plan,
            request=request,
            inputs=inputs,
            key=key or self.key,
            report=self.report(conversation),
            seconds=self.seconds,
        )
        if conversation.order:
            await self.app.records.keep_order(conversation.id, {})
        return outcome

    async def draw_prompt(
        self, conversation: "Conversation", request: ImageRequest
    ) -> "DrawingResult":
        """The refined prompt of the dialogue."""
        from generation.plan import plan_new, refined_prompt

        request = request.with_order(conversation.order)
        prompt = refined_prompt(conversation)
        await self.check(request)
        # The same empty call means another picture once the prompt is another.
        key = replace(self.request, prompt=prompt).key(self._contents)
        return await self.buy(conversation, plan_new(conversation, prompt), request, key=key)

    async def draw_again(
        self, conversation: "Conversation", request: ImageRequest, image_id: str | None
    ) -> "DrawingResult":
        """What an earlier call drew, anew from where that started: the call that brought a picture,
        without one the newest."""
        from generation.plan import picture_of, plan_again

        if image_id is None:
            jobs = newest_jobs(conversation)
        else:
            first = conversation.job_of(picture_of(conversation, image_id))
            jobs = conversation.jobs_beside(first)
        key = ""
        if not request.order.keys() - {"verify"}:  # the call that it repeats, found by its key
            key = next((job.request_key for job in jobs if job.request_key != job.id), "")
        request = request.with_order(_order_of(jobs))
        return await self.buy(conversation, plan_again(conversation, jobs[0]), request, key=key)

    def report(self, conversation: "Conversation") -> "ReportProgress":
        """What is called at each step of a drawing; it tells it in the person's language."""
        return self.progress(conversation.language)

    async def collect(self, conversation: "Conversation", jobs: "Sequence[Job]") -> "DrawingResult":
        """What jobs bring within the time of the call."""
        report = self.report(conversation)
        return await self.app.image_generator.collect(jobs, report, seconds=self.seconds)

    async def make_current(self, conversation: "Conversation", image_id: str) -> "DrawingResult":
        """Undo, redo, branching: changes start from this picture from now on."""
        from generation.plan import picture_of

        image = picture_of(conversation, image_id)
        await self.app.records.make_current(conversation.id, image.id)
        conversation = await self.app.records.load(conversation.id)
        outcome = await self.show(conversation, [image])
        outcome.result.notes.insert(0, IS_CURRENT)
        return outcome

    async def show_again(
        self, conversation: "Conversation", jobs: "Sequence[Job]"
    ) -> "DrawingResult":
        """What the same call brought today, free; it tells of those that failed, too."""
        images = conversation.images_of(jobs)
        if len(images) < len(jobs):
            outcome = await self.collect(conversation, jobs)
        else:
            outcome = await self.show(conversation, images)
        outcome.result.notes.insert(0, SHOWN_AGAIN.format(day=images[0].created_at[:10]))
        ledger = self.app.records.ledger
        saved = sum(conversation.cost_of(image) or 0.0 for image in images)
        with suppress(StorageError):  # a full disk is no reason to hide the picture
            await ledger.note_reuse("shown", origin=self.app.gateway.origin, usd=saved)
        return outcome

    async def show_current(self, conversation: "Conversation") -> "DrawingResult":
        """The picture that was chosen, else what the newest call for pictures brought.

        A look is paid for each picture, so it is at the current one alone.
        """
        current = conversation.current_image
        if current and (conversation.current_image_id or self.request.verify):
            return await self.show(conversation, [current])
        return await self.show(conversation, conversation.sheets[-1])

    async def show(
        self, conversation: "Conversation", images: "Sequence[Image]"
    ) -> "DrawingResult":
        """Pictures that are there, looked at where the call asks for that."""
        verify = self.request.verify
        return await self.app.image_generator.show(conversation, images, verify=verify)


def _order_of(jobs: "Sequence[Job]") -> dict[str, Any]:
    """What an earlier call for pictures was made with."""
    from generation.variations import variations_in

    first = jobs[0]
    prompts = [job.prompt for job in jobs]
    things = [*variations_in(jobs)]
    several: dict[str, Any] = {"samples": len(jobs)}
    if len(set(prompts)) > 1:
        several = {"prompts": prompts}
    elif things:
        strategy = things[0] if len(things) == 1 else "mixed"
        several = {"variations": len(jobs), "strategy": strategy}
    return {
        **{name: first.options[name] for name in OPTIONS if first.options.get(name) is not None},
        "input_images": [one["given"] for one in first.inputs if one["use"] == "picture"],
        "mask": next((one["given"] for one in first.inputs if one["use"] == "mask"), None),
        **several,
    }
