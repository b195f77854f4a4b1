"""Only what was said changes: what the person decided stays until newer words replace it."""

from collections.abc import Sequence

from consultation.evidence import Evidence, Fault, words_behind
from consultation.transcript import Transcript, message_number
from consultation.turn import BriefEntry, FacilitatorTurn, Quote
from consultation.words import share, words_of


def faults_of_changes(
    turn: FacilitatorTurn, transcript: Transcript, evidence: Sequence[Evidence]
) -> list[Fault]:
    """Values of decided dimensions that became something else without newer words."""
    before = {e.dimension: e for e in transcript.brief if e.said and not e.open}
    faults = []
    for index, new in enumerate(turn.brief):
        old = before.get(new.dimension)
        # Rewording is free: what keeps a word of the old value has not changed.
        if old is None or share(words_of(old.value), words_of(new.value)):
            continue
        if not _licensed(index, old, transcript, evidence):
            advice = f'it was "{old.value}" (`{old.said[-1].quote}`) and became "{new.value}" '
            advice += (
                "without newer words. Keep it, or quote what changed it and set the old words "
            )
            where = f"brief: {old.dimension}"
            faults.append(Fault("changed", where, f"{advice}aside as `replaced`.", words=old.value))
    return faults


def settle_brief(
    turn: FacilitatorTurn,
    transcript: Transcript,
    evidence: Sequence[Evidence],
    faults: Sequence[Fault],
) -> list[BriefEntry]:
    """The brief that holds after the turn, each value with the person's own runs.

    What changed without leave stands as it was.
    """
    refused = {fault.where.removeprefix("brief: ") for fault in faults if fault.rule == "changed"}
    before = {entry.dimension: entry for entry in transcript.brief}
    brief: dict[str, BriefEntry] = {}
    for index, entry in enumerate(turn.brief):
        said = [*words_behind(evidence, "brief", index)]
        if entry == before.get(entry.dimension):
            said = entry.said  # of a record of version 0.1 no message has the words
        if entry.dimension in refused:
            brief[entry.dimension] = before[entry.dimension]
        elif same := brief.get(entry.dimension):  # two entries on one dimension are one
            brief[entry.dimension] = same.model_copy(
                update={"value": f"{same.value}; {entry.value}", "said": [*same.said, *said]}
            )
        else:
            brief[entry.dimension] = entry.model_copy(update={"said": said})
    return list(brief.values())


def carry_over(turn: FacilitatorTurn, transcript: Transcript) -> list[BriefEntry]:
    """The brief of a turn with what the model left out of the one before, unless all words of
    that were set aside as replaced or withdrawn."""
    gone = [e for e in turn.set_aside if e.why in {"replaced", "withdrawn"}]
    here = {entry.dimension for entry in turn.brief}
    before = [e for e in transcript.brief if e.dimension not in here and not _withdrawn(e, gone)]
    return [*turn.brief, *before]


def _licensed(
    index: int, old: BriefEntry, transcript: Transcript, evidence: Sequence[Evidence]
) -> bool:
    """Whether newer words of the person, or a newly picked option, are quoted for the change."""
    newest = max((message_number(quote.ref) for quote in old.said), default=0)
    known = {choice.question for choice in transcript.choices}
    return any(
        message_number(quote.ref) > newest or (quote.ref[:1] == "q" and quote.ref not in known)
        for quote in words_behind(evidence, "brief", index)
    )


def _withdrawn(entry: BriefEntry, gone: Sequence[Quote]) -> bool:
    """Whether all words that an entry rests on were replaced or withdrawn."""
    return bool(entry.said) and all(
        any(other.ref == quote.ref and other.quote in quote.quote for other in gone)
        or any(quote.quote in other.quote for other in gone)
        for quote in entry.said
    )
