"""What a screen reader meets in each state of the view, committed as text."""

import re
from pathlib import Path

from tests.browser.chat import Chat

FOLDER = Path(__file__).parent / "aria"
CHANGING = [
    (r"\S*openai_image_\w+", "PATH"),
    (r"conv_\w+", "CONVERSATION"),
    (r"\$\d+\.\d+", "PRICE"),
    (r'(?<=\d\. )\w+: [^"]+|(?<=img ")\w+: [^"]+', "DIRECTION"),
    (r"\d{4}-\d\d-\d\d", "DATE"),
    (r"(?<=valuenow: )\d+", "N"),
]
"""What differs from run to run, and what stands for it."""


def snapshot_of(chat: Chat) -> str:
    """The tree of roles, names and states as text."""
    text: str = chat.view.locator("main").aria_snapshot()
    for pattern, name in CHANGING:
        text = re.sub(pattern, name, text)
    return f"{text}\n"


def file_of(state: str) -> Path:
    """Where the text of a state lies."""
    return FOLDER / f"{state.replace(' ', '-')}.yaml"


def write_snapshot(chat: Chat, state: str) -> None:
    """Keep what is met now as what shall be met."""
    FOLDER.mkdir(exist_ok=True)
    file_of(state).write_text(snapshot_of(chat), "utf-8")
