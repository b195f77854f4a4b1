"""What a call of the image tools means where its conversation stands: the table, row by row."""

from typing import Any

import pytest

from call_meaning import (
    Ask,
    ChangePicture,
    Collect,
    CollectThenChange,
    ConversationState,
    DrawAgain,
    DrawFrom,
    DrawPrompt,
    DrawWords,
    MakeCurrent,
    Meaning,
    ShowPicture,
    ShowQuestions,
    meaning,
)
from generation.image_request import ImageRequest

WORDS, NEW = {"prompt": "a fox"}, None
ASKING = ConversationState(dialogue="asking")
READY = ConversationState(dialogue="ready", refined_prompt="A red fox.")
UNDER_WAY = ConversationState(drawing="under_way", drawn_prompt="A red fox.")
FAILED = ConversationState(drawing="failed", drawn_prompt="A red fox.")
FAILED_PLAIN = ConversationState(mode="skip", drawing="failed", drawn_prompt="a fox")
PICTURE = ConversationState(
    drawing="kept", current="img_2", drawn_with={"size": "1024x1024", "quality": "low"}
)
FAILED_CHANGE = ConversationState(drawing="failed", drawn_prompt="bluer", current="img_2")
ASKED_SINCE = ConversationState(dialogue="asking", drawing="kept", current="img_2")
READY_SINCE = ConversationState(
    dialogue="ready", refined_prompt="A red fox.", drawing="kept", current="img_2"
)

Row = tuple[ConversationState | None, dict[str, Any], Meaning]

TABLE: list[Row] = [
    (NEW, WORDS, Ask(None)),
    (NEW, {**WORDS, "dialogue_mode": "quick"}, Ask("quick")),
    (NEW, {**WORDS, "dialogue_mode": "skip"}, DrawWords()),
    (NEW, {**WORDS, "input_images": ("a.png",)}, DrawWords()),
    (NEW, {**WORDS, "mask": "mask.png"}, DrawWords()),
    (NEW, {**WORDS, "input_images": ("a.png",), "dialogue_mode": "guided"}, Ask("guided")),
    (ASKING, WORDS, Ask(None)),
    (ASKING, {}, ShowQuestions()),
    (ASKING, {"size": "1536x1024"}, ShowQuestions()),
    (ASKING, {"dialogue_mode": "guided"}, ShowQuestions()),
    (ASKING, {"dialogue_mode": "skip"}, DrawWords()),
    (ASKING, {**WORDS, "dialogue_mode": "skip"}, DrawWords()),
    (READY, {}, DrawPrompt()),
    (READY, {"dialogue_mode": "guided"}, DrawPrompt()),
    (READY, {"prompt": " A red fox.\n"}, DrawPrompt()),
    (READY, WORDS, Ask(None)),
    (UNDER_WAY, {}, Collect()),
    (UNDER_WAY, {"dialogue_mode": "guided"}, Collect()),
    (UNDER_WAY, {"redraw": True}, Collect()),
    (UNDER_WAY, WORDS, CollectThenChange()),
    (FAILED, {}, Collect()),
    (FAILED, {"redraw": True}, DrawAgain()),
    (FAILED, {"prompt": "A red fox."}, Collect()),
    (FAILED, {"prompt": "A red fox.", "redraw": True}, DrawAgain()),
    (FAILED, WORDS, Ask(None)),
    (FAILED_PLAIN, {"prompt": "a cat"}, DrawWords(alone=True)),
    (FAILED_CHANGE, {}, Collect()),
    (FAILED_CHANGE, WORDS, ChangePicture("img_2")),
    (READY_SINCE, {}, DrawPrompt()),
    (READY_SINCE, WORDS, Ask(None)),
    (READY_SINCE, {**WORDS, "from_image": "img_1"}, ChangePicture("img_1")),
    (ASKED_SINCE, {}, ShowQuestions()),
    (PICTURE, WORDS, ChangePicture("img_2")),
    (PICTURE, {**WORDS, "dialogue_mode": "skip"}, ChangePicture("img_2")),
    (PICTURE, {**WORDS, "dialogue_mode": "explorer"}, Ask("explorer")),
    (PICTURE, {**WORDS, "from_image": "img_1"}, ChangePicture("img_1")),
    (PICTURE, {}, ShowPicture()),
    (PICTURE, {"dialogue_mode": "guided"}, ShowPicture()),
    (PICTURE, {"quality": "low"}, ShowPicture()),
    (PICTURE, {"redraw": True}, DrawAgain("img_2")),
    (PICTURE, {"from_image": "img_1"}, MakeCurrent("img_1")),
    (PICTURE, {"from_image": "img_2"}, MakeCurrent("img_2")),
    (PICTURE, {"from_image": "img_1", "quality": "low"}, MakeCurrent("img_1")),
    (PICTURE, {"from_image": "img_1", "quality": "high"}, DrawFrom("img_1")),
    (PICTURE, {"variations": 2}, DrawFrom("img_2")),
    (PICTURE, {"size": "1536x1024"}, DrawFrom("img_2")),
    (PICTURE, {"quality": "high"}, DrawFrom("img_2")),
    (PICTURE, {"mask": "mask.png"}, DrawFrom("img_2")),
    (PICTURE, {"input_images": ("a.png",)}, DrawFrom("img_2")),
    (PICTURE, {"from_image": "img_1", "variations": 2}, DrawFrom("img_1")),
    (PICTURE, {"from_image": "img_1", "redraw": True}, DrawAgain("img_1")),
]


@pytest.mark.parametrize(("state", "call", "means"), TABLE)
def test_a_call_means_what_the_table_says(
    state: ConversationState | None, call: dict[str, Any], means: Meaning
) -> None:
    assert meaning(ImageRequest(**call), state) == means


def test_the_same_call_has_one_key_whatever_its_pictures_are_named() -> None:
    first = ImageRequest(prompt="a fox", input_images=("a.png",), size="1024x1024")
    again = ImageRequest(prompt=" a fox", input_images=("copy.png",), size="1024x1024", verify=True)

    assert first.key(["sha"]) == again.key(["sha"])


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "a cat"}, {"size": "1536x1024"}, {"variations": 2}, {"strategy": "color"},
        {"conversation_id": "conv_1"}, {"from_image": "img_1"}, {"image_model": "gpt-image-1"},
        {"dialogue_mode": "skip"}, {"mask": "a.png", "input_images": ()},
    ],
)  # fmt: skip
def test_another_call_has_another_key(change: dict[str, Any]) -> None:
    call: dict[str, Any] = {"prompt": "a fox", "input_images": ("a.png",)}

    assert ImageRequest(**call).key(["sha"]) != ImageRequest(**{**call, **change}).key(["sha"])
