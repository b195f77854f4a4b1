"""A walk through every state of the view, for what has to hold or be shown in each of them."""

import base64
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from prompts.store import PromptStore
from sandbox.loopback import Sandbox
from tests.browser.chat import Chat
from tests.calls import CONSULT, DRAW
from tests.turns import FACILITATOR

IDEA = "A lighthouse in a storm for my website, no ships"
ANSWERS = json.loads((Path(__file__).parent / "answers.json").read_text("utf-8"))
"""What the facilitator asks about it, and what it writes once "cool" was chosen."""

GERMAN = "de"
IDEA_IN_GERMAN = "Ein Leuchtturm im Sturm für meine Website, ohne Schiffe"
ANSWERS_IN_GERMAN = json.loads((Path(__file__).parent / "answers-de.json").read_text("utf-8"))

Say = Callable[[str], str]


def words_in(language: str) -> Say:
    """What the view says for its English, by the wording that is shipped."""
    wording = PromptStore().wording(language)
    known = {**wording.translations, **wording.view, **wording.dimensions}
    return lambda english: known.get(english, english)


def press(view: Any, name: str) -> None:
    """Click a button by what it says first."""
    view.get_by_role("button", name=name).first.click()


def see(view: Any, heading: str) -> None:
    """Wait for a heading."""
    view.get_by_role("heading", name=heading, exact=True).wait_for()


def picture_file(name: str) -> Any:
    """A picture as a person would choose it."""
    data = io.BytesIO()
    Image.new("RGB", (96, 64), "teal").save(data, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": data.getvalue()}


def hand_over(view: Any, event: str, target: str, name: str) -> None:
    """Paste or drop a picture."""
    given = [event, target, name, base64.b64encode(picture_file(name)["buffer"]).decode()]
    view.evaluate(
        """([event, target, name, data]) => {
          const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], name, { type: "image/png" }));
          const facts = { bubbles: true, clipboardData: transfer, dataTransfer: transfer };
          const kind = event === "paste" ? ClipboardEvent : DragEvent;
          document.querySelector(target).dispatchEvent(new kind(event, facts));
        }""",
        given,
    )


def remount(one: Chat, words: str, times: int) -> None:
    """Have the frame built anew, and now and then wait until it says this again."""
    for count in range(1, times + 1):
        one.remount()
        if count % 10 == 0 or count == times:
            one.view.get_by_text(words).first.wait_for()


def tour(one: Chat, sandbox: Sandbox, language: str = "en", **given: Any) -> Iterator[str]:
    """Go from state to state; the name of each, once it stands."""
    is_german = language == GERMAN
    idea = IDEA_IN_GERMAN if is_german else IDEA
    say, given = words_in(language), {"locale": language, **given}
    sandbox.answer(FACILITATOR, *(ANSWERS_IN_GERMAN if is_german else ANSWERS))
    sandbox.fail("delay=4", kind="text")
    view = one.show(CONSULT, {"message": idea}, **given)
    yield from _from_idea_to_prompt(view, say, "kühl" if is_german else "cool")
    yield from _from_prompt_to_picture(view, say, sandbox)
    yield from _with_a_picture(view, say)
    view = one.show(CONSULT, {"message": idea}, cancel=True, **given)
    see(view, say("This was stopped"))
    yield "stopped"
    view = one.show(DRAW, {"prompt": idea, "input_images": ["gone.png"]}, **given)
    view.get_by_role("alert").wait_for()
    yield "fault"


def _from_idea_to_prompt(view: Any, say: Say, colour: str) -> Iterator[str]:
    see(view, say("One moment"))
    yield "waiting"
    see(view, say("What is still open"))
    yield "questions"
    press(view, say("Say more, add a picture"))
    view.get_by_text(say("In my own words")).first.click()
    reference = picture_file("tower.png")
    view.get_by_label(say("A picture that shows what you mean")).set_input_files(reference)
    view.get_by_role("button", name=say("Take away")).wait_for()
    yield "own words"
    press(view, say("Take away"))
    view.get_by_role("button", name=say("Take away")).wait_for(state="detached")
    view.get_by_text(colour, exact=True).click()
    press(view, say("Decide the rest"))
    see(view, say("The prompt"))
    yield "prompt"
    for summary in view.locator("summary").all():
        summary.click()
    press(view, f"{say('Change')} {say('composition')}")
    press(view, say("Copy the prompt"))
    # A frame of a foreign origin has no clipboard, so that the text is there to be copied by hand.
    view.get_by_label(say("Select and copy")).evaluate(
        "(one) => { if (getSelection().toString() !== one.value) throw Error('not selected'); }"
    )
    yield "prompt in full"


def _from_prompt_to_picture(view: Any, say: Say, sandbox: Sandbox) -> Iterator[str]:
    sandbox.fail("moderation_http", kind="image")
    about = say(", about {price}").partition("{")[0]
    press(view, f"{say('Draw it')}{about}")
    view.get_by_role("alert").wait_for()
    yield "refused"
    sandbox.fail("delay=6", kind="image")
    press(view, say("Draw it anew"))
    view.get_by_alt_text(say("An unfinished version")).wait_for()
    yield "drawing"
    view.get_by_text(say("How do you like it?")).wait_for()
    yield "picture"


def _with_a_picture(view: Any, say: Say) -> Iterator[str]:
    press(view, say("Paint a part"))
    press(view, say("Left"))
    press(view, say("Invert"))
    view.get_by_text(say("A rectangle by numbers")).click()
    yield "painting"
    press(view, say("Use this part"))
    view.get_by_label(say("Change this")).fill("a moon behind torn clouds")
    yield "painted"
    press(view, say("Change the painted part"))
    view.get_by_text(say("Versions")).wait_for()
    press(view, say("Compare"))
    view.get_by_role("slider").wait_for()
    yield "comparing"
    press(view, say("Stop comparing"))
    view.get_by_text(f"4 {say('of {count}')}".format(count=5)).click()
    view.get_by_text(say("What worked, what did not")).click()
    view.get_by_text(say("What to look at")).click()
    view.get_by_role("status").get_by_text(say("Kept.")).wait_for(state="attached")
    yield "rated"
    press(view, say("Four directions"))
    see(view, say("{count} directions").format(count=4))
    yield "directions"
    press(view, say("Earlier pictures"))
    see(view, say("Earlier pictures"))
    yield "gallery"
