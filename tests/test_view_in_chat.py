"""The view in a real browser: a chat of a foreign origin, under the policy that the protocol sets.

It needs Chromium and the dependency group `browser`, and is left out without them.
"""

import copy
import functools
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from prompts.store import PromptStore
from sandbox.loopback import Sandbox
from settings import Settings
from storage.database_file import FILE_NAME
from tests.browser import chat
from tests.browser.aria import file_of, snapshot_of
from tests.browser.chat import COLOURS, FOCUS, Chat, paid_calls, slow, until
from tests.browser.host import Host, serve_host
from tests.browser.server import serve_chat, serve_mcp
from tests.browser.tour import (
    ANSWERS,
    GERMAN,
    hand_over,
    press,
    remount,
    tour,
)
from tests.calls import CONSULT, DRAW

pytestmark = chat.NEEDS_BROWSER

IDEA = "A lighthouse in a storm for my website"
WIDTH, NARROW = 640, 320
"""Pixels that a chat gives a view on a desktop, and on a small telephone."""

Size = tuple[int, int]
SIZES: list[Size] = [(WIDTH, 100), (NARROW, 100), (WIDTH, 200), (NARROW, 200)]
"""Pixels, and per cent of the letters' own size: what people who see little set."""

CARD = 500
"""Pixels that a card in a chat is high at most."""

Open = Callable[..., Chat]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chat.open_browser() as browser:
        yield browser


@pytest.fixture
def host(settings: Settings) -> Iterator[Host]:
    """A chat host of a server on folders of its own."""
    with serve_chat(settings.model_copy(update={"wait_seconds": 3})) as running:
        yield running


@pytest.fixture
def open_chat(browser: Any, host: Host) -> Iterator[Open]:
    """Open chats; in each of them no script may have failed, nor a policy been broken."""
    chats: list[Chat] = []

    def open_one() -> Chat:
        context = browser.new_context(
            viewport={"width": WIDTH, "height": 1600}, reduced_motion="reduce"
        )
        chats.append(Chat(context.new_page(), host))
        return chats[-1]

    yield open_one
    for one in chats:
        one.page.context.close()
        assert one.faults == []


def to_prompt(one: Chat, **given: Any) -> Any:
    """From an idea to the prompt, whatever is asked in between."""
    view = one.show(CONSULT, {"message": IDEA}, **given)
    view.get_by_role("heading", name="What is still open").wait_for()
    press(view, "Decide the rest")
    view.get_by_role("heading", name="The prompt").wait_for()
    return view


def to_picture(one: Chat, **given: Any) -> Any:
    """From an idea to a picture."""
    view = one.show(DRAW, {"prompt": IDEA, "dialogue_mode": "skip"}, **given)
    view.get_by_text("How do you like it?").wait_for()
    return view


def hand_in(view: Any, photo: Path) -> None:
    """Choose, drop and paste a picture each, and take one of them away again."""
    taken = view.get_by_role("button", name="Take away")
    view.get_by_label("A picture that shows what you mean").set_input_files(photo)
    taken.nth(0).wait_for()
    hand_over(view, "drop", "label:has([type=file])", "dropped.png")
    taken.nth(1).wait_for()
    hand_over(view, "paste", "body", "pasted.png")
    taken.nth(2).wait_for()
    press(view, "Take away dropped.png")
    taken.nth(2).wait_for(state="detached")


def test_the_whole_job_by_pointer(open_chat: Open, settings: Settings, tmp_path: Path) -> None:
    photo = tmp_path / "photo.bmp"
    Image.new("RGB", (4096, 4096), "teal").save(photo)
    assert photo.stat().st_size > 50_000_000
    one = open_chat()
    view = one.show(CONSULT, {"message": IDEA})
    view.get_by_text("In my own words").first.click()
    view.get_by_label("In my own words:").fill("a linocut with two colours")
    press(view, "Say more, add a picture")
    hand_in(view, photo)
    press(view, "Answer")
    while not view.get_by_role("button", name="Draw it, about $").count():
        press(view, "Decide the rest")
        view.locator("main[aria-busy=false]").wait_for()
        view.wait_for_timeout(300)
    assert "linocut" in view.locator(".prompt").inner_text()
    assert paid_calls(settings) == 0
    press(view, "Draw it, about $")
    view.get_by_text("How do you like it?").wait_for()

    press(view, "Paint a part")
    canvas = view.locator(".paint canvas")
    box = canvas.bounding_box()
    assert box
    one.page.mouse.move(box["x"] + 100, box["y"] + 100)
    one.page.mouse.down()
    one.page.mouse.move(box["x"] + 300, box["y"] + 200, steps=8)
    one.page.mouse.up()
    press(view, "Use this part")
    view.get_by_text("Only the painted part changes").wait_for()
    view.get_by_label("Change this").fill("a small boat")
    press(view, "Change the painted part, about $")
    view.get_by_text("Versions").wait_for()

    assert paid_calls(settings) == 2
    changed = [call["arguments"] for call in one.calls if "mask" in call["arguments"]]
    assert [call["prompt"] for call in changed] == ["a small boat"]
    handed_in = [call["arguments"].get("reference_images") for call in one.calls]
    assert [len(ids) for ids in handed_in if ids] == [2]


def test_the_whole_job_by_keyboard(open_chat: Open, settings: Settings) -> None:
    one = open_chat()
    view = one.show(CONSULT, {"message": IDEA})
    view.get_by_role("heading", name="What is still open").wait_for()
    keyboard = one.page.keyboard

    reach = functools.partial(chat.reach, view, one.page)
    reach("Say more")
    keyboard.press("Enter")
    until(view, "document.activeElement.matches('textarea')")
    reach("Decide the rest")
    keyboard.press("Enter")
    view.get_by_role("heading", name="The prompt").wait_for()
    assert view.evaluate("document.activeElement.id") == "heading"
    informed = json.dumps(one.page.evaluate("window.informed"))
    assert CONSULT in informed
    assert "conv_" in informed, "the model is told what was done"
    reach("Draw it")
    keyboard.press("Enter")
    view.get_by_text("How do you like it?").wait_for()
    reach("Paint a part")
    keyboard.press("Enter")
    reach("A rectangle by numbers")
    keyboard.press("Enter")
    reach("Left, %")
    keyboard.press("ArrowUp")
    keyboard.press("Enter")
    reach("Undo")
    keyboard.press("Enter")
    assert view.evaluate(FOCUS) == "Undo"
    reach("Redo")
    keyboard.press("Enter")
    reach("Use this part")
    keyboard.press("Enter")
    view.get_by_text("Only the painted part changes, 25 %").wait_for()
    reach("Change this")
    keyboard.type("a small boat")
    reach("Change the painted part")
    keyboard.press("Enter")
    view.get_by_text("Versions").wait_for()
    reach("Compare")
    keyboard.press("Enter")
    reach("behind it")
    keyboard.press("Home")
    assert view.get_by_role("slider").input_value() == "0"
    reach("Stop comparing")
    keyboard.press("Enter")

    assert paid_calls(settings) == 2


def test_each_state_is_whole_and_accessible_and_reads_as_before(
    browser: Any, settings: Settings, sandbox: Sandbox
) -> None:
    settings = settings.model_copy(update={"wait_seconds": 3, "partial_images": 2})
    page = browser.new_page(viewport={"width": WIDTH, "height": 1600}, reduced_motion="reduce")
    faults, sizes = [], cycle(SIZES)
    with serve_chat(settings) as host:
        one = Chat(page, host)
        for state in tour(one, sandbox):
            one.settle()
            read = snapshot_of(one)
            assert read == file_of(state).read_text("utf-8"), state
            faults += [f"{state}: {fault}" for fault in faults_of(one, next(sizes))]
            if state == "questions":
                height = one.view.evaluate("document.body.getBoundingClientRect().height")
                assert height <= CARD
    page.close()

    assert "\n".join(faults) == ""
    assert one.faults == []


def faults_of(one: Chat, size: Size) -> list[str]:
    """What the geometry finds in every size, and axe in both themes in one of them."""
    faults = []
    for width, letters in SIZES:
        one.widen(width)
        one.enlarge(letters)
        faults += [f"{width} pixels, letters {letters} %: {fault}" for fault in one.geometry()]
    one.widen(size[0])
    one.enlarge(size[1])
    faults += [f"light, {size}: {fault}" for fault in one.accessible()]
    one.turn("dark")
    faults += [f"dark, {size}: {fault}" for fault in one.accessible(COLOURS)]
    one.turn("light")
    one.widen(WIDTH)
    one.enlarge(100)
    return faults


def test_from_the_idea_to_the_prompt_in_german_by_text_alone(
    browser: Any, settings: Settings, sandbox: Sandbox
) -> None:
    """Hosts lose structured content, and German words are long."""
    page = browser.new_page(viewport={"width": NARROW, "height": 1600}, reduced_motion="reduce")
    own = PromptStore().wording(GERMAN).view
    english = [words for words in own if " " in words and "{" not in words]
    faults = []
    with serve_chat(settings) as host:
        one = Chat(page, host)
        for state in tour(one, sandbox, GERMAN, strip="structured"):
            one.settle()
            one.enlarge(200)
            shown = one.view.locator("main").inner_text()
            for words in one.view.locator("main [lang=en]").all_inner_texts():
                shown = shown.replace(words, "")
            faults += [f"{state}: {fault}" for fault in one.geometry()]
            faults += [f"{state}: in English: {words}" for words in english if words in shown]
            one.enlarge(100)
            if state == "prompt in full":  # what follows takes minutes
                break
    page.close()

    assert "\n".join(faults) == ""
    assert one.faults == []


def test_where_pictures_are_lost_their_words_and_place_are_there(open_chat: Open) -> None:
    view = to_picture(open_chat(), strip="pictures")

    view.get_by_text("This app passes no pictures on.").wait_for()
    assert ".png" in view.locator(".path").inner_text()
    assert view.get_by_role("img", name=IDEA).count() == 1


def test_a_frame_that_is_built_anew_buys_nothing(
    open_chat: Open, settings: Settings, sandbox: Sandbox
) -> None:
    one = open_chat()
    to_prompt(one)
    asked = len(sandbox.requests)
    remount(one, "The prompt", times=4)
    press(one.view, "Draw it")
    one.view.get_by_text("How do you like it?").wait_for()
    remount(one, "How do you like it?", times=4)

    assert paid_calls(settings) == 1
    assert len(sandbox.requests) == asked + 1


def test_a_drawing_that_failed_is_told_and_not_bought_again(
    open_chat: Open, settings: Settings, sandbox: Sandbox
) -> None:
    one = open_chat()
    view = to_prompt(one)
    sandbox.fail("moderation_http", kind="image")
    press(view, "Draw it")
    view.get_by_role("alert").wait_for()
    told = view.get_by_role("alert").inner_text()
    remount(one, "No picture came", times=2)
    assert one.accessible() + one.geometry() == []
    told_again = one.view.locator(".trouble").inner_text()
    assert paid_calls(settings) == 1
    for words in (told, told_again):
        assert "This was refused" in words
        assert "redraw" not in words
    assert one.view.get_by_role("button", name="Close").count() == 0

    press(one.view, "Draw it anew, about $")
    one.view.get_by_text("How do you like it?").wait_for()
    assert paid_calls(settings) == 2


def test_a_change_that_was_refused_leaves_a_way_back_to_the_picture(
    open_chat: Open, settings: Settings, sandbox: Sandbox
) -> None:
    one = open_chat()
    view = to_picture(one)
    sandbox.fail("moderation_http", kind="image")
    view.get_by_label("Change this").fill("a crown")
    press(view, "Change it, about $")
    view.get_by_role("heading", name="No picture came").wait_for()
    press(view, "Go back to the last picture")

    view.get_by_text("How do you like it?").wait_for()
    assert view.get_by_role("alert").count() == 0
    one.remount()
    one.view.get_by_text("How do you like it?").wait_for()
    assert paid_calls(settings) == 2


def test_words_that_nobody_could_read_are_said_anew(open_chat: Open, sandbox: Sandbox) -> None:
    one = open_chat()
    view = one.show(CONSULT, {"message": IDEA})
    view.get_by_role("heading", name="What is still open").wait_for()
    sandbox.fail("not_json", times=2, kind="text")
    press(view, "Answer")
    view.get_by_role("alert").get_by_text("Your words could not be read").wait_for()
    view.get_by_label("Anything else, or a question of your own").fill("in watercolour")
    press(view, "Decide the rest")

    view.get_by_role("heading", name="The prompt").wait_for()


def test_the_drawing_of_the_hosts_own_call_is_seen_while_it_waits(
    browser: Any, settings: Settings, sandbox: Sandbox
) -> None:
    sandbox.fail("delay=9", kind="image")  # each stage is there for three seconds
    with serve_chat(settings.model_copy(update={"partial_images": 2})) as host:
        one = Chat(browser.new_page(), host)
        view = one.show(DRAW, {"prompt": IDEA, "dialogue_mode": "skip"})
        view.get_by_alt_text("An unfinished version").wait_for()
        first = view.get_by_alt_text("An unfinished version").get_attribute("src")
        view.get_by_text("A first version is there, about $0.").wait_for()
        view.locator("[role=progressbar][aria-valuenow='60']").wait_for()
        view.wait_for_function(
            "(first) => ![first, undefined].includes(document.querySelector('li img')?.src)",
            arg=first,
        )

        assert one.page.evaluate("window.result === undefined")
        view.get_by_text("How do you like it?").wait_for()
        assert [call["name"] for call in one.calls] == [DRAW]
        one.page.close()


HOSTILE = (
    "<img src=x onerror=parent.hit=1><script>parent.hit=1</script> \u202egnp.exe {{7*7}} </script>"
)


def test_words_with_markup_are_words_wherever_they_stand(open_chat: Open) -> None:
    one = open_chat()
    view = one.show(CONSULT, {"message": f"A fox {HOSTILE}"})
    press(view, "Say more, add a picture")
    picture: Any = {"name": f"{HOSTILE}.png", "mimeType": "image/png", "buffer": b"no picture"}
    view.get_by_label("A picture that shows what you mean").set_input_files(picture)
    said = [view.get_by_role("alert").inner_text()]
    view.get_by_text("In my own words").first.click()
    view.get_by_label("In my own words:").fill(HOSTILE)
    press(view, "Decide the rest")
    view.get_by_role("heading", name="The prompt").wait_for()
    said.append(view.locator("main").inner_text())
    press(view, "Draw it")
    view.get_by_text("How do you like it?").wait_for()
    view.get_by_label("Change this").fill(HOSTILE)
    press(view, "Change it")
    view.get_by_text("Versions").wait_for()
    said.append(view.locator(".facts").inner_text())
    title = {"what": "title", "id": one.conversation, "value": HOSTILE}
    one.call("view_keep", title)
    press(view, "Earlier pictures")
    said.append(view.locator(".card").inner_text())
    said.append(one.view.locator("main").inner_html())
    view = one.show(DRAW, {"prompt": "A fox", "input_images": [HOSTILE]})
    view.get_by_text("Details", exact=True).click()
    said.append(view.get_by_role("alert").inner_text())

    assert [("<img src=x" in text) for text in said] == [True, True, True, True, False, True]
    assert view.locator("img[src=x]").count() == view.locator("main script").count() == 0
    assert not one.page.evaluate("window.hit")
    assert not view.evaluate("window.hit || parent.hit")


def test_what_comes_late_undoes_nothing_that_was_done_meanwhile(
    open_chat: Open, settings: Settings
) -> None:
    one = open_chat()
    view = to_picture(one)
    with slow(one.page, '"rating"'):
        view.get_by_text("4 of 5").click()
        view.get_by_text("What worked, what did not").click()
        view.get_by_label("What worked", exact=True).fill("its light")
        press(view, "Keep")
    with slow(one.page, '"bookmark"'):
        press(view, "☆ Bookmark")
        view.get_by_label("Change this").fill("a small boat")
        press(view, "Change it, about $")
        view.get_by_text("Versions").wait_for()
    view.get_by_text("★ Conversation bookmarked").wait_for()
    assert view.locator(".thumb").count() == 2
    press(view, "Earlier pictures")
    view.get_by_label("Words to look for").fill("lighthouse")
    with slow(one.page, '"lighthouse"'):
        press(view, "Search")
        press(view, "Back")
    one.page.wait_for_timeout(500)

    assert view.locator(".thumb").count() == 2
    one.show(CONSULT, {"message": "a well in a yard"})
    press(view := one.view, "Earlier pictures")
    first, last = view.locator(".card").nth(1), view.locator(".card").nth(0)
    with slow(one.page, '"what":"state"', answers=True) as held:
        first.click()
        last.click()
        while len(held) < 2:
            one.page.wait_for_timeout(20)
        held.reverse()
    one.page.wait_for_timeout(500)

    view.get_by_role("heading", name="What is still open").wait_for()
    with closing(sqlite3.connect(settings.data_dir / FILE_NAME)) as database:
        opinions = database.execute("SELECT rating, liked FROM images WHERE rating").fetchall()
    assert opinions == [(4, "its light")]


def test_the_second_click_of_a_double_click_is_not_for_what_the_first_has_brought(
    open_chat: Open, settings: Settings, sandbox: Sandbox
) -> None:
    asked, written = copy.deepcopy(ANSWERS)
    names = ("palette", "composition", "style", "mood")
    asked["questions"] = [
        {**asked["questions"][0], "dimension": name, "text": f"Which {name}?"} for name in names
    ]
    sandbox.answer("facilitator_turn", asked, written)
    one = open_chat()
    view = one.show(CONSULT, {"message": IDEA})
    view.get_by_role("button", name="Next").dblclick()
    view.get_by_text("3 to 4 of 4").wait_for()
    assert len(one.calls) == 1
    press(view, "Decide the rest")
    view.get_by_role("heading", name="The prompt").wait_for()
    draw = view.get_by_role("button", name="Draw it, about $")
    draw.dispatch_event("click", {"detail": 2})
    assert len(one.calls) == 2
    draw.dblclick()
    view.get_by_text("How do you like it?").wait_for()

    assert paid_calls(settings) == 1


WRITES_NO_WEBP = """
  const write = HTMLCanvasElement.prototype.toDataURL;
  HTMLCanvasElement.prototype.toDataURL = function (type, quality) {
    return write.call(this, type === "image/webp" ? "image/png" : type, quality);
  };
"""
"""As Safari does: https://developer.mozilla.org/docs/Web/API/HTMLCanvasElement/toDataURL."""


def test_a_photo_goes_along_from_a_browser_that_writes_no_webp(
    open_chat: Open, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.png"
    Image.effect_noise((200, 150), 80).resize((1600, 1200)).save(photo)
    one = open_chat()
    one.page.add_init_script(WRITES_NO_WEBP)
    view = one.show(CONSULT, {"message": IDEA})
    press(view, "Say more, add a picture")
    view.get_by_label("A picture that shows what you mean").set_input_files(photo)

    view.get_by_role("button", name="Take away photo.png").wait_for()


ENDS = """() => {
  const walk = document.createTreeWalker(document.querySelector(".prompt"), NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walk.nextNode()) texts.push(walk.currentNode);
  const box = (text, from) => {
    const range = document.createRange();
    range.setStart(text, from);
    range.setEnd(text, from + 1);
    return range.getBoundingClientRect().left;
  };
  return [box(texts[0], 0), box(texts.at(-1), texts.at(-1).length - 1)];
}"""
"""Where the first sign of the prompt and its last stand."""


def test_words_that_are_read_from_the_right_end_at_the_left(open_chat: Open) -> None:
    view = open_chat().show(CONSULT, {"message": "منارة في عاصفة.", "mode": "skip"})
    view.get_by_role("heading", name="The prompt").wait_for()
    first, last = view.evaluate(ENDS)

    assert last < first


def test_a_server_that_starts_anew_under_an_open_view_loses_and_buys_nothing(
    browser: Any, settings: Settings
) -> None:
    with serve_mcp(settings) as port:
        pass  # one that is free
    with serve_host(f"http://127.0.0.1:{port}") as host:
        one = Chat(browser.new_page(), host)
        with serve_mcp(settings, port):
            view = to_prompt(one)
        press(view, "Draw it")
        view.get_by_role("alert").wait_for()
        with serve_mcp(settings, port):
            press(view, "Look again, free")
            view.get_by_role("alert").wait_for(state="detached")
            before = paid_calls(settings)
            press(view, "Draw it")
            view.get_by_text("How do you like it?").wait_for()
        one.page.close()

    assert (before, paid_calls(settings)) == (0, 1)
    assert one.faults == []


def test_a_list_of_conversations_is_a_gallery(open_chat: Open) -> None:
    one = open_chat()
    to_picture(one)
    for strip in ("", "structured"):
        view = one.show("openai_list_conversations", {}, strip=strip)
        view.locator(".card img").wait_for()
    view.locator(".card").click()
    view.get_by_text("How do you like it?").wait_for()
    press(view, "Earlier pictures")
    view.get_by_label("Words to look for").fill("xylophone")
    one.page.keyboard.press("Enter")
    view.get_by_text("Nothing was found").wait_for()
    # The field could not be used while the words were looked for; whoever typed types on.
    until(view, "document.activeElement.type === 'search'")
