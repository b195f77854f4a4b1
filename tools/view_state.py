"""What the view is told: where a conversation stands, how far its drawing is, what there is.

All of it is read from the records, without a model and without money.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel

from app import App
from call_meaning import newest_jobs, state_of
from consultation.consultation_result import Consultation
from errors import Charged, Problem, ProblemKind
from generation.image_result import ResultImage
from generation.job_end import recorded_problem
from generation.picture_facts import style_fact
from generation.plan import plan_from
from generation.result_builder import result_image
from generation.verification import Finding, Verification, in_language, item_words
from prompts.wording import NotUsed, Wording
from settings import Origin
from storage.search import ConversationSummary
from storage.tables import UNDER_WAY, Conversation, Image
from styles.style_use import REF
from tools.progress import STAGES
from tools.view_choices import DrawingChoices, choices, next_prices
from tools.view_words import ViewWords, option_looks, view_words

Standing = Literal["asking", "ready", "working", "failed", "done", "begun"]


class ShownImage(ResultImage):
    """A picture of a conversation, what it was drawn from, and what was said of it.

    `next_quality` is that of a picture that starts from it, unless somebody chooses another, and
    `next_prices` what each should cost in USD, by quality.
    """

    next_quality: str
    next_prices: dict[str, float | None]
    prompt: str
    rating: int | None
    liked: str
    disliked: str
    findings: list[Finding]
    checklist: list[str]


class DrawingFailure(BaseModel):
    """Why the newest call for pictures brought none: its words, and of what sort it is."""

    kind: ProblemKind
    charged: Charged
    text: str


class DrawingProgress(BaseModel):
    """How far the newest call for pictures is; `partials` counts the unfinished pictures."""

    conversation_id: str
    status: Literal["working", "ended"]
    stage: str = ""
    percent: float = 0.0
    elapsed_seconds: float = 0.0
    estimated_cost_usd: float | None = None
    pictures: int = 0
    partials: int = 0
    note: str = ""


class ConversationView(BaseModel):
    """Where a conversation stands, and all that was drawn in it, oldest first.

    `gave_way` is what of a style is not in the prompt; among the dialogue's unused words are the
    person's alone.
    """

    conversation_id: str
    status: Standing
    title: str
    idea: str
    language: str
    template: str
    bookmarked: bool
    words: ViewWords | None
    dialogue: Consultation | None
    gave_way: list[NotUsed]
    looks: dict[str, list[str]]
    images: list[ShownImage]
    newest: list[str]
    progress: DrawingProgress | None
    failure: DrawingFailure | None
    choices: DrawingChoices
    spent_conversation_usd: float
    spent_today_usd: float
    daily_budget_usd: float | None
    origin: Origin


class Gallery(BaseModel):
    """A page of conversations; `thumbnails` name the pictures that come with it, in their order."""

    conversations: list[ConversationSummary]
    total: int
    cursor: str | None
    notes: list[str]
    thumbnails: list[str]
    words: ViewWords | None


class SpendingView(BaseModel):
    """USD spent today, and of how many a day may cost."""

    spent_today_usd: float
    daily_budget_usd: float | None
    origin: Origin


class Costs(SpendingView):
    """The same, and the view's words of the language that was asked for."""

    words: ViewWords | None


async def conversation_view(
    app: App, conversation: Conversation, known_words: str
) -> ConversationView:
    """Where a conversation stands, with words in its language unless the view has them."""
    standing = state_of(conversation)
    dialogue, gave_way = None, []
    if conversation.briefs:
        dialogue = app.consultant.recall(conversation)
        gave_way = [one for one in dialogue.not_used if one.ref.startswith(REF)]
        dialogue.not_used = [one for one in dialogue.not_used if one not in gave_way]
    store = app.prompt_store
    jobs = newest_jobs(conversation)
    images = await asyncio.to_thread(_shown_images, app, conversation, known_words)
    is_chosen = bool(conversation.chosen_at)
    return ConversationView(
        conversation_id=conversation.id,
        status=_standing(
            standing.dialogue, standing.drawing, is_chosen=is_chosen, has_images=bool(images)
        ),
        title=conversation.title,
        idea=next((turn.words for turn in conversation.turns if turn.words), ""),
        language=conversation.language or "en",
        template=conversation.template,
        bookmarked=conversation.bookmarked,
        words=await asyncio.to_thread(view_words, store, conversation.language, known_words),
        dialogue=dialogue,
        gave_way=gave_way,
        looks=await asyncio.to_thread(option_looks, store, conversation.image_type, dialogue)
        if dialogue
        else {},
        images=images,
        newest=[image.id for image in conversation.images_of(jobs)],
        progress=drawing_progress(app, conversation),
        failure=next((_failure(recorded_problem(job)) for job in jobs if job.error), None),
        choices=choices(app, conversation),
        spent_conversation_usd=round(conversation.cost_usd, 6),
        **(await spending(app)).model_dump(),
    )


def drawing_progress(app: App, conversation: Conversation) -> DrawingProgress | None:
    """How far the newest call for pictures is; None where there was none."""
    jobs = newest_jobs(conversation)
    if not jobs:
        return None
    looks = [app.image_generator.jobs.look(job) for job in jobs]
    running = [
        look for job, look in zip(jobs, looks, strict=True) if job.state in UNDER_WAY
    ] or looks
    stages = [STAGES[look.step] for look in running]
    under_way = [job for job in jobs if job.state in UNDER_WAY]
    begun = min(datetime.fromisoformat(job.created_at) for job in under_way or jobs)
    return DrawingProgress(
        conversation_id=conversation.id,
        status="working" if under_way else "ended",
        stage=min(stages)[1] if under_way else "",
        percent=sum(percent for percent, _ in stages) / len(stages) if under_way else 100.0,
        elapsed_seconds=round((datetime.now(UTC) - begun).total_seconds(), 1),
        estimated_cost_usd=round(sum(job.estimated_usd for job in jobs), 6) or None,
        pictures=len(jobs),
        partials=sum(look.partials for look in looks),
        note=next((look.pause for look in looks if look.pause), ""),
    )


def partial_pictures(app: App, conversation: Conversation) -> list[bytes]:
    """The newest unfinished version of each picture under way that has one."""
    jobs = app.image_generator.jobs
    looks = [jobs.look(job) for job in newest_jobs(conversation)]
    return [look.partial for look in looks if look.partial]


def _failure(problem: Problem) -> DrawingFailure:
    return DrawingFailure(
        kind=problem.kind,
        charged=problem.charged or "unknown",
        text=str(problem),
    )


async def costs(app: App, language: str, known_words: str) -> Costs:
    """What the day has cost, and the view's words of a language unless it has them."""
    words = await asyncio.to_thread(view_words, app.prompt_store, language, known_words)
    return Costs(words=words, **(await spending(app)).model_dump())


async def spending(app: App) -> SpendingView:
    """What the day has cost, of what it may cost."""
    origin = app.gateway.origin
    return SpendingView(
        spent_today_usd=round(await app.records.ledger.today(origin), 6),
        daily_budget_usd=app.settings.daily_budget_usd,
        origin=origin,
    )


def _standing(dialogue: str, drawing: str, *, is_chosen: bool, has_images: bool) -> Standing:
    """The one word for where a conversation stands, of the two that decide what a call means.

    `is_chosen` says that the person chose a picture after the newest drawing began.
    """
    if drawing == "under_way":
        return "working"
    if dialogue == "asking":
        return "asking"
    if dialogue == "ready":
        return "ready"
    if drawing == "failed" and not is_chosen:
        return "failed"
    return "done" if has_images else "begun"


def _shown_images(app: App, conversation: Conversation, known_words: str) -> list[ShownImage]:
    wording = app.prompt_store.wording(conversation.language or known_words or "en")
    return [_shown(app, image, conversation, wording) for image in conversation.images]


def _shown(app: App, image: Image, conversation: Conversation, wording: Wording) -> ShownImage:
    facts: dict[str, Any] = result_image(image, conversation, wording).model_dump()
    plan = plan_from(conversation, image.id)
    look = Verification.model_validate(image.verification) if image.verification else None
    jobs = [job for job in conversation.jobs if job.id == image.job_id]  # an import may lack it
    styled = [fact for job in jobs if (fact := style_fact(image, job, wording))]
    findings = [*look.findings, *styled] if look else []
    items = [
        *app.image_generator.verifier.items(image, conversation),
        *(one.item for one in styled),
    ]
    quality, prices = next_prices(app, conversation, plan)
    return ShownImage(
        **facts,
        next_quality=quality,
        next_prices=prices,
        prompt=image.prompt,
        rating=image.rating,
        liked=image.liked,
        disliked=image.disliked,
        findings=[in_language(one, wording) for one in findings],
        checklist=[item_words(item, wording) for item in items],
    )
