"""The sandbox's vectors: OpenAI's wire format, and near where words are shared."""

import math
from collections.abc import Iterator

import openai
import pytest

from sandbox.loopback import Sandbox

MODEL = "text-embedding-3-small"


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key="any", base_url=sandbox.base_url, max_retries=0) as connected:
        yield connected


def cosine(one: list[float], two: list[float]) -> float:
    return sum(a * b for a, b in zip(one, two, strict=True)) / math.hypot(*one) / math.hypot(*two)


@pytest.mark.parametrize("dimensions", [512, 1536])
def test_each_text_gets_a_vector_of_the_size_asked_for(
    client: openai.OpenAI, dimensions: int
) -> None:
    made = client.embeddings.create(model=MODEL, input=["a fox", "a hen"], dimensions=dimensions)

    assert [row.index for row in made.data] == [0, 1]
    assert {len(row.embedding) for row in made.data} == {dimensions}
    assert made.usage.total_tokens > 0


def test_texts_that_share_words_lie_closer(client: openai.OpenAI) -> None:
    texts = ["a lighthouse in a storm", "lighthouses at night", "bowls of fruit"]
    one, two, three = (
        row.embedding for row in client.embeddings.create(model=MODEL, input=texts).data
    )

    assert cosine(one, two) > cosine(one, three)


@pytest.mark.parametrize("given", [[], [""]])
def test_nothing_is_refused(client: openai.OpenAI, given: list[str]) -> None:
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model=MODEL, input=given)
