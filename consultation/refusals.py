"""Not turned round: what the person refused is not quoted as wanted, nor drawn although refused."""

from collections.abc import Mapping, Sequence

from consultation.quotes import Evidence, Fault, Run
from consultation.transcript import Transcript
from consultation.turn import FacilitatorTurn
from consultation.words import (
    CLAUSE_END,
    SHORTEST_TO_SHARE,
    Word,
    content,
    refusing,
    share,
    words_of,
)

REACH = 3
"""Words beside a quote in which its refusal may stand: "no big red balloon"; of a script
without spaces twice as many signs: は要らない."""

FAR = 8
"""Words after a refusing one that it may still refuse."""


def faults_of_refusals(
    turn: FacilitatorTurn,
    transcript: Transcript,
    evidence: Sequence[Evidence],
    accounted: Mapping[str, set[int]],
) -> list[Fault]:
    """Quotes that leave out their refusing word, and stretches that want what was refused.

    `accounted` are the words of each message that lie in a quote or are set aside.
    """
    part = "sources" if turn.prompt else "brief"
    faults = []
    for one in (one for one in evidence if one.part == part):
        for run in one.runs:
            text = transcript.messages[run.quote.ref]
            if word := _refusal_of(run, text, accounted[run.quote.ref]):
                whole = text[min(word.start, run.start) : max(word.end, run.end)]
                advice = f'"{one.given.quote}": the person wrote `{whole}`. Quote the refusal '
                advice += "too, and make the prompt say it."
                faults.append(Fault("turned round", one.where, advice, words=whole))
    for index, source in enumerate(turn.sources):
        texts = [e.text for e in evidence if (e.part, e.index) == ("sources", index)]
        for text in (text for text in texts if _is_wanted(source.prompt, text, texts)):
            advice = f'"{source.prompt}" wants what the person refused: `{text}`. Make the prompt '
            advice += "refuse it, and quote the stretch that does."
            faults.append(Fault("turned round", f"sources[{index}]", advice, words=text))
    return faults


def _is_wanted(stretch: str, text: str, texts: Sequence[str]) -> bool:
    """Whether a stretch wants what one of its quotes refuses and none of them wants.

    "No open wings, closed ones" is heard by "closed wings", though the wings stand in both.
    """
    refused = content(refused_words(text), SHORTEST_TO_SHARE)
    others = [w for other in texts for w in {*words_of(other)} - {*refused_words(other)}]
    wanted = share(refused, words_of(stretch))
    if refuses(stretch) or not any(not share([word], others) for word in wanted):
        return False
    last = max(word.start for word in refused)
    after = (word for word in words_of(text) if word.start > last and not word.refuses)
    instead = content(after, SHORTEST_TO_SHARE)
    if len(texts) > 1 and not instead:
        return False  # "no wait purple spots" corrects what another quote said
    return len(wanted) == len(refused) or not share(instead, words_of(stretch))


def _refusal_of(run: Run, text: str, accounted: set[int]) -> Word | None:
    """The refusing word that belongs to a run and is in no quote, if there is one."""
    words = words_of(text)
    first, last = min(run.words), max(run.words)
    reach = REACH * 2 if words[first].signed else REACH
    beside = [*range(max(0, first - REACH), first), *range(last + 1, last + 1 + reach)]
    free = {n: word for n, word in enumerate(words) if word.refuses and n not in accounted}
    for word in (free[number] for number in beside if number in free):
        between = text[word.end : run.start] or text[run.end : word.start]
        if not CLAUSE_END.search(between):
            return word
    return None


def refused_words(text: str) -> list[Word]:
    """What stands behind a refusing word, or before one where the language refuses after.

    A refusal ends with its clause: "you don't see her, only the hands" refuses no hands.
    """
    words, forward = words_of(text), refusing().words
    found: list[Word] = []
    for number, word in enumerate(words):
        if word.refuses:
            ahead = _in_clause(words[number + 1 :][:FAR], word, text)
            before = _in_clause(words[:number][-FAR:], word, text)
            # Signs of Chinese refuse what comes, those of Japanese what was: 不要 does both.
            found += ahead if word.text in forward or not before else before
    return found


def _in_clause(others: Sequence[Word], word: Word, text: str) -> list[Word]:
    """Those of other words that stand in the clause of a word and do not refuse themselves."""
    return [
        other
        for other in others
        if not other.refuses
        and not CLAUSE_END.search(text[word.end : other.start] or text[other.end : word.start])
    ]


def refuses(text: str) -> bool:
    """Whether a stretch of a prompt says that something is not to be."""
    contrasting = refusing().contrasting
    return any(word.refuses or word.text in contrasting for word in words_of(text))
