"""What one call for pictures orders, checked whole while that is free."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from errors import DAILY_BUDGET
from gateway.capabilities import MOST_INPUTS, fault_of_image_model, size_note
from gateway.client import Gateway
from gateway.prices import has_price
from generation.image_request import MOST_PICTURES, ImageRequest, OrderError
from generation.input_images import InputImages, InputResolver
from generation.options import Options, choose, clear_note
from generation.plan import Plan, changes_of, lineage, styles_drawn, suggestion
from generation.request_body import PurchaseOrder, with_instructions
from generation.variations import LONGEST_LABEL, Variation, set_apart
from prompts.store import PromptStore
from settings import Settings, local_date
from storage.picture_files import PictureFiles
from storage.records import Records
from storage.stamps import new_id, now, title_of
from storage.tables import Conversation, Image, Job
from styles.style_use import samples_of, text_of

BESIDE = (
    "Beside the prompt went along, of the style {names} at strength {strength}: {text}. Where it "
    "says otherwise than your own words, those count; the request says so."
)
OF_SEVERAL = (
    "Of the {count} pictures before, this changes number {number}, {image_id} ({variation}). To "
    "change another, pass its number as from_image."
)
UNSTYLED = (
    "The picture before is in the style {names}, at strength {strength}; this change was drawn "
    "without it, since a change has the style that it names itself."
)
SAMPLES = "{sent} of {wanted} sample pictures of the style {names} went along."
FEWER = f"Ask for at most {MOST_PICTURES} in all: n for each of the prompts."


@dataclass(frozen=True)
class CallOrder:
    """What a call orders: of each picture the job as it is recorded before it is sent, and the
    order. `notes` are to be told once they are drawn."""

    jobs: list[Job]
    orders: list[PurchaseOrder]
    notes: list[str]


@dataclass
class Orders:
    """Settles what calls of one server order."""

    settings: Settings
    gateway: Gateway
    records: Records
    prompt_store: PromptStore
    pictures: PictureFiles
    inputs: InputResolver

    async def check(self, request: ImageRequest, parent: Image | None = None) -> InputImages:
        """Refuse what cannot be drawn before anything is paid for, a dialogue included.

        What comes along is returned as it was read. Raises a `Problem`.
        """
        if request.count > MOST_PICTURES:
            raise OrderError(f"{request.count} pictures are more than one call draws.", FEWER)
        inputs = await self.inputs.read(request.input_images, request.mask, parent=parent)
        choose(self._wishes(request, parent), {}, self.settings, local_date())
        await asyncio.to_thread(self.pictures.check)
        return inputs

    async def check_budget(self, request: ImageRequest, plan: Plan) -> None:
        """Refuse a drawing that the day has no money for before a dialogue is paid. Raises
        `OrderError`."""
        budget = self.settings.daily_budget_usd
        if budget is None:
            return
        options = choose(request.options, {}, self.settings, local_date())
        estimate = request.count * self._usd(options, plan, request)
        due = await self.records.ledger.due_today(self.gateway.origin)
        if due + estimate > budget:
            raise self.over_budget(options, request.count, estimate, due=due)

    def over_budget(
        self, options: Options, count: int, estimate: float, *, due: float
    ) -> OrderError:
        """The refusal of so many pictures that would pass the day's budget; all in USD.

        `estimate` is what they should cost together, `due` what the day has cost and will.
        """
        budget = self.settings.daily_budget_usd or 0.0
        about = "This picture" if count == 1 else f"These {count} pictures"
        play = " of the sandbox's play money" if self.gateway.origin == "sandbox" else ""
        draft = replace(options, quality="low")
        low = estimate - count * (options.estimated_usd() - draft.estimated_usd())
        ways = {
            f"ask for quality low (about ${low:.3f})": low < estimate and due + low <= budget,
            "go on tomorrow": estimate <= budget,
            "raise IMAGE_CONSULTANT_DAILY_BUDGET_USD": True,
        }
        step = ", or ".join(way for way, is_open in ways.items() if is_open)
        return OrderError(
            f"{about} (about ${estimate:.3f}) would pass the daily budget of ${budget:.2f}; "
            f"${due:.3f}{play} are spent today or being drawn for.",
            f"{step[0].upper()}{step[1:]}.",
            kind="budget",
            code=DAILY_BUDGET,
        )

    async def prepare(
        self,
        conversation: Conversation,
        plan: Plan,
        *,
        request: ImageRequest,
        inputs: InputImages,
        key: str,
    ) -> CallOrder:
        """All that a call of this key orders. Raises a `Problem`."""
        options = self.options(conversation, plan, request, inputs)
        inputs = await self.inputs.with_references(inputs, plan.references)
        inputs = await self.inputs.with_samples(inputs, plan.styles)
        variations, note = self._variations(conversation, plan, request)
        base = PurchaseOrder(conversation, plan, options, inputs, bool(self._verifier(request)))
        orders = [
            await asyncio.to_thread(with_instructions, base, one, self.prompt_store)
            for one in variations
        ]
        labels = [one.label for one in variations]
        usd = self._usd(options, plan, request)
        jobs = _job_rows(orders, labels, key=key, usd=usd)
        suggested = suggestion(conversation, plan, options.image_model)
        notes = (
            _unsized(conversation, plan, request, options),
            clear_note(suggested, request.options, options),
            _start_note(conversation, plan, request),
            note,
            _lost_style_note(conversation, plan),
            *_style_notes(base),
        )
        return CallOrder(jobs, orders, [one for one in notes if one])

    def estimated_usd(self, options: Options, plan: Plan, request: ImageRequest) -> float | None:
        """What each picture of a call should cost, None where its model has no known price."""
        usd = self._usd(options, plan, request)
        return round(usd, 6) if has_price(options.image_model) else None

    def options(
        self,
        conversation: Conversation,
        plan: Plan,
        request: ImageRequest,
        inputs: InputImages | None = None,
    ) -> Options:
        """What to draw with: the call's options, else what the dialogue or the picture before
        suggests, else the shape of what comes along, else settings."""
        suggested = suggestion(conversation, plan, request.image_model)
        if inputs and not suggested:
            suggested = inputs.suggestion(request.image_model or self.settings.image_model)
        wishes = self._wishes(request, plan.parent)
        return choose(wishes, suggested, self.settings, local_date())

    def _wishes(self, request: ImageRequest, parent: Image | None) -> Mapping[str, Any]:
        """The call's options; a picture that starts from another is drawn by its model, unless
        another one is named or that has ended."""
        if (
            parent is None
            or request.image_model
            or fault_of_image_model(parent.model, local_date())
        ):
            return request.options
        return {**request.options, "image_model": parent.model}

    def _usd(self, options: Options, plan: Plan, request: ImageRequest) -> float:
        return options.estimated_usd(_input_count(plan, request), verifier=self._verifier(request))

    def _verifier(self, request: ImageRequest) -> str:
        """The model that will look at the pictures of a call, empty where none will."""
        verify = request.verify or self.settings.verify
        return self.settings.facilitator_model if verify else ""

    def _variations(
        self, conversation: Conversation, plan: Plan, request: ImageRequest
    ) -> tuple[list[Variation], str]:
        """How the pictures of a call differ, and a note on what could not be varied."""
        before = lineage(plan.parent, conversation.images) if plan.parent else []
        beyond = plan.is_change or any(changes_of(one, conversation.images) for one in before)
        return set_apart(
            request,
            conversation.entries,
            before,
            self.prompt_store.ways(),
            beyond=beyond,
            styles=plan.styles,
        )


def _job_rows(
    orders: Sequence[PurchaseOrder], labels: Sequence[str], *, key: str, usd: float
) -> list[Job]:
    """The requests of one call for pictures, before any is sent.

    `labels` say how each differs, `key` names the call, `usd` is what each should cost.
    """
    batch, moment = new_id("call"), now()
    return [
        Job(
            id=new_id("job"),
            conversation_id=one.conversation.id,
            state="requested",
            prompt=one.plan.prompt,
            options=asdict(one.options),
            templates=one.templates,
            parent_image_id=one.plan.parent.id if one.plan.parent else None,
            batch=batch,
            variation=label,
            inputs=[*one.inputs.as_data, *_styles_as_data(one.plan)],
            estimated_usd=usd,
            response_id="",
            error="",
            request_key=key,
            turn_number=max((turn.number for turn in one.conversation.turns), default=0),
            beat_at=moment,
            created_at=moment,
            changed_at=moment,
        )
        for one, label in zip(orders, labels, strict=True)
    ]


def _styles_as_data(plan: Plan) -> list[dict[str, Any]]:
    """The styles of a drawing for the record, and whether the prompt itself has their words."""
    return [
        {"given": use.name, "use": "style", "style": use.model_dump(), "styled": plan.styled}
        for use in plan.styles
    ]


def _start_note(conversation: Conversation, plan: Plan, request: ImageRequest) -> str:
    """Which of several pictures a change or variation is of that names none: "the third" is no
    parameter."""
    if plan.parent is None or request.from_image:
        return ""
    if not plan.is_change and request.variations == 1:
        return ""
    if plan.parent is not conversation.newest_image or plan.parent.id not in conversation.numbers:
        return ""
    number, count = conversation.numbers[plan.parent.id]
    words = plan.parent.variation or plan.parent.prompt
    label = title_of(words, LONGEST_LABEL)
    return OF_SEVERAL.format(count=count, number=number, image_id=plan.parent.id, variation=label)


def _lost_style_note(conversation: Conversation, plan: Plan) -> str:
    """What of the picture before does not go along with a change that does not name it."""
    before = (
        styles_drawn([plan.parent], conversation.jobs) if plan.parent and not plan.styles else []
    )
    names = " and ".join(use.name for use in before)
    return UNSTYLED.format(names=names, strength=before[0].strength) if before else ""


def _style_notes(order: PurchaseOrder) -> list[str]:
    """What went along of styles that the prompt does not say: their words, and their samples."""
    styles, notes = order.plan.styles, []
    names = " and ".join(use.name for use in styles)
    if order.has_words_beside:
        _, *lines = text_of(styles).splitlines()
        strength, text = styles[0].strength, "; ".join(lines)
        notes.append(BESIDE.format(names=names, strength=strength, text=text))
    if wanted := len(samples_of(styles)):
        sent = len(order.inputs.purposes("sample"))
        notes.append(SAMPLES.format(sent=sent, wanted=wanted, names=names))
    return notes


def _input_count(plan: Plan, request: ImageRequest) -> int:
    """How many pictures each of a call is charged for starting from."""
    along = len(request.input_images) + len(plan.references) + len(samples_of(plan.styles))
    along = min(MOST_INPUTS, along)
    if request.mask:  # the picture under it is one of those, and else the earlier one, sent again
        return max(1, along)
    return along + (1 if plan.parent else 0)


def _unsized(
    conversation: Conversation, plan: Plan, request: ImageRequest, options: Options
) -> str:
    """A note on words that ask for a shape which nothing set: a refined prompt has its size from
    the brief, other words are drawn as they are."""
    verbatim = plan.message or (plan.prompt if conversation.mode == "skip" else "")
    return "" if request.size else size_note(verbatim, options.image_model, options.size)
