"""Whatever a model answers: the prompt stays its own, and no word of the person is lost."""

import json
import re
from typing import Any, get_args

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from consultation.review import not_used, review
from consultation.transcript import Transcript
from consultation.turn import OpenQuestion, parse_turn
from prompts.wording import Reason
from tests.turns import Json, aside, entry, question, source, turn

WORDS = [
    "lighthouse", "stormy", "no", "people", "without", "red", "boat", "keine", "Menschen", "24",
    "“Ahoy”", "not a photo", "灯台", "文字はいらない", "sin texto", "warm", "colours,", "please.",
    "Gus's", "12\"", "really", "maybe", "blue?", "…", "and", "the",
]  # fmt: skip
PHRASES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=7).map(" ".join)
REFS = st.sampled_from(["m1", "m2", "m3", "q1", "r1", "m9", "template:x", ""])
QUOTES = st.tuples(REFS, PHRASES | st.text(max_size=12))
DIMENSIONS = st.sampled_from(["subject", "style", "palette", "text", "avoid"])
QUESTIONS = st.builds(
    lambda dimension, text, options: question(dimension, text, *options),
    DIMENSIONS, PHRASES, st.lists(PHRASES, min_size=1, max_size=6),
)  # fmt: skip
PUT = OpenQuestion(id="q1", dimension="style", text="Which style?", options=["oil", "warm colours"])


@st.composite
def turns(draw: Any) -> Json:
    """A turn of the right shape, with quotes and stretches that may or may not be true."""
    prompt = draw(PHRASES | st.just("") | st.text(max_size=40))
    stretches = [prompt, *prompt.split(), draw(PHRASES)]
    return turn(
        reply=draw(PHRASES),
        brief=[
            entry(draw(DIMENSIONS), draw(PHRASES), *draw(st.lists(QUOTES, max_size=2)))
            for _ in range(draw(st.integers(0, 3)))
        ],
        chosen=draw(
            st.lists(
                st.fixed_dictionaries(
                    {"question": st.sampled_from(["q1", "q7"]), "option": st.integers(-1, 4),
                     "ref": REFS, "quote": PHRASES}
                ),
                max_size=2,
            )
        ),
        questions=draw(st.lists(QUESTIONS, max_size=7)),
        prompt=prompt,
        sources=[
            source(draw(st.sampled_from(stretches)), *draw(st.lists(QUOTES, max_size=3)))
            for _ in range(draw(st.integers(0, 4)))
        ],
        lettering=draw(st.lists(PHRASES, max_size=2)),
        set_aside=[
            aside(ref, quote, draw(st.sampled_from(get_args(Reason))))
            for ref, quote in draw(st.lists(QUOTES, max_size=3))
        ],
    )  # fmt: skip


MESSAGES = st.lists(PHRASES, min_size=1, max_size=3)


def long_words(text: str) -> list[str]:
    """Every word of four letters or more, as a reader of the message counts them."""
    return re.findall(r"[^\W\d_]{4,}", text)


@settings(max_examples=40, deadline=None, phases=[Phase.generate], derandomize=True)
@given(answer=turns(), messages=MESSAGES, left=st.integers(0, 5), finish=st.booleans())
def test_the_prompt_is_the_models_and_every_word_has_its_place(
    answer: Json, messages: list[str], left: int, finish: bool
) -> None:
    spoken = {f"m{number}": text for number, text in enumerate(messages, start=1)}
    transcript = Transcript(spoken, (PUT,), left=left, finish=finish)
    if not (answer["reply"] or answer["questions"] or answer["prompt"].strip()):
        return
    held = review(parse_turn(json.dumps(answer)), transcript)

    assert held.turn.prompt == answer["prompt"]
    if answer["prompt"].strip():
        assert "".join(span.text for span in held.spans) == answer["prompt"]
    for span in held.spans:
        for one in span.said:
            assert one.quote in spoken.get(one.ref, one.quote)
    texts = [PUT.text, *(one.text for one in held.turn.questions)]
    assert len(set(texts)) == len(texts)
    assert len(held.turn.questions) <= (0 if finish else left)

    asking = not answer["prompt"].strip()
    resting = [one.said for one in held.turn.brief] if asking else [one.said for one in held.spans]
    quotes = [quote.quote for said in resting for quote in said]
    quotes += [one.quote for one in held.turn.chosen]
    quotes += [one.quote for one in held.set_aside]
    quotes += [one.quote for one in not_used(held)]
    known = {word.casefold() for word in long_words(" ".join(quotes))}
    for text in messages:
        for word in long_words(text):
            assert word.casefold() in known
