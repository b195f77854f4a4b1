"""Not turned round: what the person refused is not quoted as wanted, nor drawn although refused."""

from collections.abc import Sequence

from consultation.coverage import Coverage
from consultation.evidence import Evidence, Fault
from consultation.quotes import Run
from consultation.transcript import Transcript
from consultation.turn import FacilitatorTurn
from consultation.words import CLAUSE_END, Word, content, fold, near, refusing, words_of

REACH = 3
"""Words before a quote in which its refusal may stand: "no big red balloon"."""

REACH_AFTER = 6
"""Signs after a quote in which a refusal may stand in scripts without spaces: は要らない."""

FAR = 8
"""Words after a refusing one that it may still refuse."""


def faults_of_refusals(
    turn: FacilitatorTurn,
    transcript: Transcript,
    evidence: Sequence[Evidence],
    coverage: Coverage,
) -> list[Fault]:
    """Quotes that leave out their refusing word, and stretches that want what was refused."""
    return [
        *_cut_off(transcript, evidence, coverage, turn),
        *_wanted(turn, evidence),
    ]


def _cut_off(
    transcript: Transcript,
    evidence: Sequence[Evidence],
    coverage: Coverage,
    turn: FacilitatorTurn,
) -> list[Fault]:
    accounted = {ref: coverage.placed[ref] | coverage.aside[ref] for ref in transcript.messages}
    part = "sources" if turn.prompt else "brief"
    faults = []
    for one in (one for one in evidence if one.part == part and one.match):
        missing = [word for run in one.runs if (word := _refusal_of(run, transcript, accounted))]
        # The same words may stand again where nothing refuses them; then they are wanted there.
        if one.match and one.match.repeats and len(missing) < len(one.runs):
            missing = []
        leaps = [word for word in (one.match.leaps if one.match else ()) if word.refuses]
        if not missing and not leaps:
            continue
        word, run = [*leaps, *missing][0], one.runs[0]
        text = transcript.messages[run.ref]
        whole = text[min(word.start, run.start) : max(word.end, run.end)]
        faults.append(
            Fault(
                "turned round",
                one.where,
                f'"{one.given.quote}": the person wrote `{whole}`. Quote the refusal too, and '
                "make the prompt say it.",
                words=whole,
            )
        )
    return faults


def _refusal_of(run: Run, transcript: Transcript, accounted: dict[str, set[int]]) -> Word | None:
    """The refusing word that belongs to a run and is in no quote, if there is one."""
    text, words = transcript.messages[run.ref], words_of(transcript.messages[run.ref])
    first, last = min(run.words), max(run.words)
    if words[first].script == "spaced":
        around = range(max(0, first - REACH), first)
    else:
        around = range(last + 1, min(len(words), last + 1 + REACH_AFTER))
        if words[first].script == "unspaced":
            around = [*range(max(0, first - 2), first), *around]  # type: ignore[assignment]
    for number in around:
        between = (words[number].end, words[first].start)
        if number > last:
            between = (words[last].end, words[number].start)
        if (
            words[number].refuses
            and number not in accounted[run.ref]
            and not CLAUSE_END.search(text, *between)
        ):
            return words[number]
    return None


def _wanted(turn: FacilitatorTurn, evidence: Sequence[Evidence]) -> list[Fault]:
    """Stretches with one quote that refuses, whose words they want."""
    faults = []
    for index, source in enumerate(turn.sources):
        said = [one for one in evidence if one.part == "sources" and one.index == index]
        if len(said) != 1 or not said[0].accepted:
            continue
        refused = refused_words(said[0].text)
        stretch = words_of(source.prompt)
        wants = [w for w in content(stretch) if any(near(w, other) for other in refused)]
        if wants and not refuses(source.prompt):
            faults.append(
                Fault(
                    "turned round",
                    f"sources[{index}]",
                    f'"{source.prompt}" wants what the person refused: `{said[0].text}`. '
                    "Make the prompt refuse it, and quote the stretch that does.",
                    words=said[0].text,
                )
            )
    return faults


def refused_words(text: str) -> list[Word]:
    """What stands behind a refusing word, or before one where the script refuses after.

    A refusal ends with its clause: "you don't see her, only the hands" refuses no hands.
    """
    words, refused = words_of(text), list[Word]()
    for number, word in enumerate(words):
        if not word.refuses:
            continue
        beside = words[number + 1 : number + 1 + FAR]
        if word.script != "spaced":
            beside = words[max(0, number - FAR) : number]
        for other in beside:
            first, last = sorted((word, other), key=lambda one: one.start)
            if not other.refuses and not CLAUSE_END.search(text, first.end, last.start):
                refused.append(other)
    return refused


def refuses(text: str) -> bool:
    """Whether a stretch of a prompt says that something is not to be."""
    words = words_of(text)
    contrasting = refusing().contrasting
    return any(word.refuses or fold(word.text) in contrasting for word in words)
