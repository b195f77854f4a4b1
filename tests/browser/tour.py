"""A walk through every state of the view, for what has to hold or be shown in each of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox.loopback import Sandbox
from tests.browser.chat import Chat
from tests.calls import CONSULT

IDEA = "A lighthouse in a storm for my website, no ships"
ANSWERS = json.loads((Path(__file__).parent / "answers.json").read_text("utf-8"))
"""What the facilitator asks about it, and what it writes once "cool" was chosen."""


def press(view: Any, name: str) -> None:
    """Click a button by what it says first."""
    view.get_by_role("button", name=name).first.click()


def see(view: Any, heading: str) -> None:
    """Wait for a heading."""
    view.get_by_role("heading", name=heading, exact=True).wait_for()


def tour(one: Chat, sandbox: Sandbox) -> Iterator[str]:
    """Go from state to state; the name of each, once it stands."""
    sandbox.answer("facilitator_turn", *ANSWERS)
    sandbox.fail("delay=4", kind="text")
    view = one.show(CONSULT, {"message": IDEA})
    yield from _from_idea_to_prompt(view)
    yield from _from_prompt_to_picture(view, sandbox)
    yield from _with_a_picture(view)
    view = one.show(CONSULT, {"message": IDEA}, cancel=True)
    see(view, "This was stopped")
    yield "stopped"


def _from_idea_to_prompt(view: Any) -> Iterator[str]:
    see(view, "One moment")
    yield "waiting"
    see(view, "What is still open")
    yield "questions"
    press(view, "Say more, add a picture")
    view.get_by_text("In my own words").first.click()
    yield "own words"
    view.get_by_text("cool", exact=True).click()
    press(view, "Decide the rest for me")
    see(view, "The prompt")
    yield "prompt"
    for summary in view.locator("summary").all():
        summary.click()
    press(view, "Change composition")
    yield "prompt in full"


def _from_prompt_to_picture(view: Any, sandbox: Sandbox) -> Iterator[str]:
    sandbox.fail("moderation_http", kind="image")
    press(view, "Draw it, about")
    view.get_by_role("alert").wait_for()
    yield "refused"
    sandbox.fail("delay=6", kind="image")
    press(view, "Draw it anew")
    view.get_by_alt_text("An unfinished version").wait_for()
    yield "drawing"
    view.get_by_text("How do you like it?").wait_for()
    yield "picture"


def _with_a_picture(view: Any) -> Iterator[str]:
    press(view, "Paint a part")
    press(view, "Left")
    press(view, "Invert")
    view.get_by_text("A rectangle by numbers").click()
    yield "painting"
    press(view, "Use this part")
    view.get_by_label("Change this").fill("a moon behind torn clouds")
    yield "painted"
    press(view, "Change the painted part")
    view.get_by_text("Versions").wait_for()
    press(view, "Compare")
    view.get_by_role("slider").wait_for()
    yield "comparing"
    press(view, "Stop comparing")
    view.get_by_text("4 of 5").click()
    view.get_by_text("What worked, what did not").click()
    view.get_by_text("What to look at").click()
    yield "rated"
    press(view, "Four directions")
    see(view, "4 directions")
    yield "directions"
    press(view, "Earlier pictures")
    see(view, "Earlier pictures")
    yield "gallery"
