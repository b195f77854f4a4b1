"""What a call of the image tools means, before anything is looked up, asked or paid."""

from typing import Any

import pytest

from workflow import DialogueFirst, DrawNow, ImageRequest, Meaning, meaning

NEW, OLD = {"prompt": "a fox"}, {"conversation_id": "conv_1", "prompt": "bluer"}

MEANINGS: list[tuple[dict[str, Any], Meaning]] = [
    (NEW, DialogueFirst(None)),
    ({**NEW, "dialogue_mode": "quick"}, DialogueFirst("quick")),
    ({**NEW, "dialogue_mode": "skip"}, DialogueFirst("skip")),
    ({**NEW, "input_images": ("a.png",)}, DialogueFirst("skip")),
    ({**NEW, "mask": "mask.png"}, DialogueFirst("skip")),
    ({**NEW, "mask": "mask.png", "dialogue_mode": "guided"}, DialogueFirst("guided")),
    (OLD, DrawNow()),
    ({**OLD, "dialogue_mode": "skip"}, DrawNow()),
    ({**OLD, "dialogue_mode": "explorer"}, DialogueFirst("explorer")),
    ({**OLD, "input_images": ("a.png",)}, DrawNow()),
]


@pytest.mark.parametrize(("fields", "means"), MEANINGS)
def test_a_call_is_asked_about_first_or_drawn_as_it_stands(
    fields: dict[str, Any], means: Meaning
) -> None:
    assert meaning(ImageRequest(**fields)) == means
