"""What a reviewed turn means for the person: ready, or one more question in their own words."""

from dataclasses import dataclass

from consultation.consultation_result import Assumption, NotUsed
from consultation.review import Review
from consultation.transcript import Transcript
from consultation.turn import FacilitatorTurn, QuestionDraft, Reason
from prompts.wording import Wording

LEAST_SUSPICIOUS: tuple[Reason, ...] = (
    "left_to_us",
    "replaced",
    "withdrawn",
    "not_visible",
    "talk",
)
"""What was set aside, in the order in which it is worth a look; chat comes last."""


@dataclass(frozen=True)
class Settlement:
    """How a turn stands: its reply, what is asked, and whether its prompt may be drawn."""

    ready: bool
    reply: str
    questions: list[QuestionDraft]


def settle(held: Review, transcript: Transcript, wording: Wording) -> Settlement:
    """Ready with a prompt and nothing to ask; what may be turned round is asked first.

    Where nothing may be asked any more, it is ready, and the reply begins with a warning.
    """
    turn = held.turn
    doubts = held.unresolved if turn.prompt.strip() else []
    if doubts and transcript.finish:
        warning = wording.warning.format(words=doubts[0])
        return Settlement(True, f"{warning} {turn.reply}".strip(), [])
    if doubts:
        letters = {one.text for one in held.letters}
        return Settlement(False, turn.reply, [_ask(doubts[0], wording, letters)])
    ready = bool(turn.prompt.strip()) and not held.questions
    return Settlement(ready, turn.reply, held.questions)


def not_used(held: Review) -> list[NotUsed]:
    """The person's words that are in no stretch of the prompt, the most suspicious first."""
    lost = sorted(held.leftovers, key=lambda left: (not left.hot, -left.size))
    unplaced = [NotUsed(ref=left.ref, quote=left.text, why="unplaced") for left in lost]
    doubtful = [e for index, e in enumerate(held.set_aside) if index in held.doubtful]
    others = [e for index, e in enumerate(held.set_aside) if index not in held.doubtful]
    others.sort(key=lambda entry: LEAST_SUSPICIOUS.index(entry.why))
    hot = sum(bool(left.hot) for left in lost)
    aside = [NotUsed(ref=e.ref, quote=e.quote, why=e.why) for e in doubtful]
    rest = [NotUsed(ref=e.ref, quote=e.quote, why=e.why) for e in others]
    return [*unplaced[:hot], *aside, *unplaced[hot:], *rest]


def assumptions(held: Review) -> list[Assumption]:
    """What we decided: values that rest on nothing, texts that nobody gave."""
    composed = [
        Assumption(dimension="text", value=one.text)
        for one in held.letters
        if one.standing == "composed"
    ]
    decided = [
        Assumption(dimension=entry.dimension, value=entry.value)
        for entry in held.brief
        if entry.value and (entry.open or not entry.said)
    ]
    return [*composed, *decided]


def _ask(words: str, wording: Wording, letters: set[str]) -> QuestionDraft:
    text = wording.letters if words in letters else wording.holds
    return QuestionDraft(
        dimension="text" if words in letters else "avoid",
        text=text.format(words=words),
        options=[wording.holds_yes, wording.holds_no],
        default=wording.holds_yes,
    )


def settled_turn(held: Review, image_type: str, standing: Settlement) -> FacilitatorTurn:
    """The turn as it stands: the model's prompt untouched, the rest as it was checked."""
    return held.turn.model_copy(
        update={
            "image_type": image_type,
            "reply": standing.reply,
            "brief": held.brief,
            "chosen": held.choices,
            "questions": standing.questions,
            "lettering": [one.text for one in held.letters],
        }
    )
