"""Not turned round: what the person refused is not quoted as wanted, nor drawn although refused."""

from bisect import bisect
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby

from consultation.quotes import Fault, Run, Statements
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

FAR = 8
"""Words beside a refusing one, in its clause, that it may refuse."""


def refusals(text: str) -> Iterator[tuple[Word, list[Word]]]:
    """Each refusing word of a text with what it refuses.

    That stands behind it in its clause, or before it where the language refuses after: "you
    don't see her, only the hands" refuses no hands.
    """
    ends = [match.start() for match in CLAUSE_END.finditer(text)]
    for _, clause in groupby(words_of(text), key=lambda word: bisect(ends, word.start)):
        words = [*clause]
        for number, word in enumerate(words):
            if word.refuses:
                before = [w for w in words[:number][-FAR:] if not w.refuses]
                ahead = [w for w in words[number + 1 :][:FAR] if not w.refuses]
                # Signs of Chinese refuse what comes, those of Japanese what was: 不要 does both.
                forward = word.text in refusing().words or not before
                yield word, ahead if forward else before


def refused_words(text: str) -> list[Word]:
    """What the refusing words of a text refuse."""
    return [word for _, refused in refusals(text) for word in refused]


def refuses(text: str) -> bool:
    """Whether a stretch of a prompt says that something is not to be."""
    contrasting = refusing().contrasting
    return any(word.refuses or word.text in contrasting for word in words_of(text))


def faults_of_refusals(
    turn: FacilitatorTurn,
    transcript: Transcript,
    statements: Statements,
    accounted: Mapping[str, set[int]],
) -> list[Fault]:
    """Quotes that leave out their refusing word, and stretches that want what was refused.

    `accounted` are the words of each message that lie in a quote or are set aside.
    """
    faults = []
    for statement in statements["sources" if turn.prompt else "brief"]:
        for run in statement.runs:
            text = transcript.messages[run.quote.ref]
            if whole := _refusal_of(run, text, accounted[run.quote.ref]):
                advice = f'"{run.quote.quote}": the person wrote `{whole}`. Quote the refusal '
                advice += "too, and make the prompt say it."
                faults.append(Fault("turned round", statement.where, advice, words=whole))
        texts = [quote.quote for quote in statement.said] if turn.prompt else []
        for text in (text for text in texts if _is_wanted(statement.text, text, texts)):
            advice = f'"{statement.text}" wants what the person refused: `{text}`. Make the prompt '
            advice += "refuse it, and quote the stretch that does."
            faults.append(Fault("turned round", statement.where, advice, words=text))
    return faults


def _refusal_of(run: Run, text: str, accounted: Collection[int]) -> str:
    """A run with the word that refuses it and is in no quote, empty where there is none."""
    places = {word: number for number, word in enumerate(words_of(text))}
    for word, refused in refusals(text):
        if places[word] not in accounted and any(places[other] in run.words for other in refused):
            return text[min(word.start, run.start) : max(word.end, run.end)]
    return ""


def _is_wanted(stretch: str, text: str, texts: Sequence[str]) -> bool:
    """Whether a stretch wants what one of its quotes refuses and none of them wants.

    "No open wings, closed ones" is heard by "closed wings", though the wings stand in both;
    "no wait purple spots" only corrects what another quote said.
    """
    refused = content(refused_words(text), SHORTEST_TO_SHARE)
    others = [w for other in texts for w in {*words_of(other)} - {*refused_words(other)}]
    wanted = [w for w in share(refused, words_of(stretch)) if not share([w], others)]
    if not wanted or refuses(stretch):
        return False
    own = (word for word in words_of(text) if word not in refused and not word.refuses)
    instead = content(own, SHORTEST_TO_SHARE)
    heard = share(instead, words_of(stretch)) if instead else len(texts) > 1
    return len(wanted) == len(refused) or not heard
