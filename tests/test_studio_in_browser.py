"""The studio in a real browser: by touch, pointer and keyboard, on two pages, across restarts.

It needs Chromium and the dependency group `browser`, and is left out without them.
"""

import base64
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from sandbox.loopback import Sandbox
from settings import Settings
from storage.database_file import FILE_NAME
from tests.browser import chat
from tests.browser.chat import GEOMETRY, paid_calls, slow
from tests.browser.server import settings_in
from tests.browser.studio import PHONE, Studio, Visitor, serve_studio
from tests.browser.studio_tour import change, studio_tour
from tests.browser.style_tour import style_tour
from tests.browser.tour import ANSWERS, IDEA
from tests.turns import FACILITATOR
from tools import studio_state

pytestmark = chat.NEEDS_BROWSER

TOUCH = {"viewport": PHONE, "has_touch": True, "is_mobile": True}

HAND_IN = """([name, data, event]) => {
  const carried = new DataTransfer();
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  carried.items.add(new File([bytes], name, {type: "image/png"}));
  const options = {bubbles: true, cancelable: true, dataTransfer: carried, clipboardData: carried};
  const kind = event === "drop" ? DragEvent : ClipboardEvent;
  document.querySelector("[type=file]").dispatchEvent(new kind(event, options));
}"""
"""Drop or paste a picture, as a browser tells the page of it."""


FORMS = """
  window.ideas = [];
  new MutationObserver(() => {
    const idea = document.querySelector(".idea");
    if (idea) ideas.push(idea.value);
  }).observe(document.body, {subtree: true, childList: true, attributes: true});
"""
"""Note what stands in the field for the idea, whenever the page is drawn anew."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chat.open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def setup(service: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("studio")
    return settings_in(folder, service)


@pytest.fixture(scope="module")
def studio(setup: Settings) -> Iterator[Studio]:
    with serve_studio(setup) as running:
        yield running


@pytest.fixture
def visit(browser: Any, studio: Studio) -> Iterator[Callable[..., Visitor]]:
    """Open the page, in which no script may fail."""
    visitors: list[Visitor] = []

    def open_one(**context: Any) -> Visitor:
        visitors.append(Visitor(browser, studio, **context))
        return visitors[-1]

    yield open_one
    for one in visitors:
        one.leave()


def test_the_whole_job_by_keyboard_alone(visit: Callable[..., Visitor], setup: Settings) -> None:
    before = paid_calls(setup)
    one = visit()
    keyboard = one.page.keyboard
    one.see("What would you like to see?")
    one.reach("Your idea")
    keyboard.type("An owl on a branch")
    one.page.keyboard.press("Tab")
    assert "Begin" in one.page.evaluate("document.activeElement.textContent")
    keyboard.press("Enter")
    one.see("What is still open")
    assert one.page.evaluate("document.activeElement.id") == "heading"
    assert one.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "none"
    one.enter("Decide the rest")
    one.see("The prompt")
    one.enter("Draw it")
    one.page.get_by_text("How do you like it?").wait_for()
    one.reach("Change this")
    keyboard.type("at night")
    one.enter("Change it")
    one.page.locator(".thumb").nth(1).wait_for()
    one.enter("History as a tree")
    one.see("History")
    one.reach("at night")
    keyboard.press("ArrowLeft")
    assert "from the prompt" in one.page.evaluate("document.activeElement.textContent")
    keyboard.press("ArrowRight")
    assert "at night" in one.page.evaluate("document.activeElement.textContent")
    keyboard.press("Home")
    keyboard.press("Enter")
    one.page.get_by_text("How do you like it?").wait_for()
    one.reach("Change this")
    keyboard.type("with a mouse")
    one.enter("Change it")
    one.page.locator(".thumb").nth(2).wait_for()
    one.enter("Compare")
    one.reach("behind it")
    keyboard.press("Home")
    one.enter("Stop comparing")
    one.reach("1 of 5")
    keyboard.press("ArrowRight")
    one.page.get_by_text("What worked, what did not").wait_for()
    one.reach("Gallery", backwards=True)
    keyboard.press("Enter")
    one.reach("owl")
    keyboard.press("Enter")
    one.page.get_by_text("How do you like it?").wait_for()

    assert paid_calls(setup) == before + 3
    assert parents(setup, "with a mouse")[-1] == parents(setup, "at night")[-1]


def test_what_is_pressed_before_the_browser_is_let_in_waits_for_that(
    visit: Callable[..., Visitor], studio: Studio
) -> None:
    one = visit()
    one.page.context.clear_cookies()
    one.page.goto("about:blank")
    with slow(one.page, "/studio/studio."):
        one.page.goto(studio.address, wait_until="commit")
        one.page.get_by_text("Image consultant").wait_for()
        while not one.page.evaluate("performance.getEntriesByType('paint').length"):
            one.page.wait_for_timeout(20)
    one.page.goto("about:blank")
    with slow(one.page, "/studio/session"):
        one.page.goto(studio.address)
        one.page.get_by_label("Your idea").fill("A well in a yard")
        one.press("Begin, about a cent")
    one.see("What is still open")


def test_references_go_along_as_they_are_whether_chosen_dropped_or_pasted(
    visit: Callable[..., Visitor], setup: Settings, tmp_path: Path
) -> None:
    one = visit()
    pictures = []
    for colour in ("teal", "maroon", "olive"):
        pictures.append(tmp_path / f"{colour}.png")
        Image.new("RGB", (2600, 1300), colour).save(pictures[-1])
    Image.effect_noise((2600, 1300), 90).save(pictures[0])  # no small copy of it is small
    one.page.get_by_label("A picture that shows what you mean").set_input_files(pictures[0])
    for picture, event in zip(pictures[1:], ("drop", "paste"), strict=True):
        data = base64.b64encode(picture.read_bytes()).decode()
        one.page.evaluate(HAND_IN, [picture.name, data, event])
    for picture in pictures:
        one.page.get_by_role("button", name=f"Take away {picture.name}").wait_for()
    one.press("Take away olive.png")
    one.page.get_by_label("A picture that shows what you mean").set_input_files(
        {"name": "notes.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    one.page.get_by_role("alert").get_by_text("notes.png is no picture").wait_for()
    one.page.get_by_label("Your idea").fill("The sea at noon")
    last = tmp_path / "navy.png"
    Image.new("RGB", (2600, 1300), "navy").save(last)
    with slow(one.page, "/v1/uploads"):
        one.page.get_by_label("A picture that shows what you mean").set_input_files(last)
        one.press("Begin, about a cent")
        one.page.get_by_role("status").get_by_text("once the picture has arrived").wait_for()
    one.see("What is still open")

    # What a call named lies in the folder itself, the one that was taken away below it.
    sent = {path.read_bytes() for path in (setup.data_dir / "uploads").glob("up_*")}
    assert sent == {path.read_bytes() for path in (*pictures[:2], last)}


def to_prompt(one: Visitor, idea: str) -> str:
    """From an idea to its prompt as it was said; the prompt's address."""
    one.go("Create")
    one.page.get_by_label("Your idea").fill(idea)
    one.page.get_by_text("As I say it").click()
    one.press("Go on to the prompt, free")
    one.see("The prompt")
    return str(one.page.url)


def parents(settings: Settings, words: str) -> list[str]:
    """The pictures that a change in these words started from."""
    with closing(sqlite3.connect(settings.data_dir / FILE_NAME)) as database:
        rows = database.execute(
            "SELECT parent_image_id FROM jobs WHERE prompt LIKE ?", [f"%{words}%"]
        )
        return [str(row[0]) for row in rows]


def test_two_pages_on_one_conversation_see_each_other(
    visit: Callable[..., Visitor], setup: Settings
) -> None:
    before = paid_calls(setup)
    one, other = visit(), visit(**TOUCH)
    one.page.get_by_label("Your idea").fill("A bridge in fog")
    one.press("Begin, about a cent")
    one.see("What is still open")
    other.page.goto(one.page.url)
    other.see("What is still open")
    one.press("Decide the rest")
    other.see("The prompt")
    other.press("Draw it, about")
    one.page.get_by_text("How do you like it?").wait_for()
    one.page.get_by_text("3 of 5").click()
    other.page.get_by_role("radio", name="3 of 5", checked=True).wait_for()
    with slow(other.page, '"what":"state"', answers=True) as held:
        one.page.get_by_text("2 of 5").click()
        while not held:
            other.page.wait_for_timeout(20)
        other.page.get_by_text("5 of 5").click()
    other.page.wait_for_timeout(300)

    assert other.page.get_by_role("radio", name="5 of 5").is_checked()
    assert paid_calls(setup) == before + 1


def test_a_picture_that_another_page_drew_is_opened_over_an_older_record_beside_all_that_was_there(
    visit: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio_state, "PAGE", 1)
    one, other = visit(), visit()
    to_prompt(one, "A pier at dawn")
    one.press("Draw it, about")
    one.page.get_by_text("How do you like it?").wait_for()
    to_prompt(one, "A boat on a lake")
    one.press("Draw it, about")
    one.page.get_by_text("How do you like it?").wait_for()
    other.page.goto(one.page.url)
    one.go("Gallery")
    one.page.get_by_role("button", name="More").wait_for()  # the first page is not held back
    with slow(one.page, '"what":"pictures"') as held:
        one.press("More")
        change(other, "with a lantern", versions=2)
        while len(held) < 2:  # the page hears of the new picture meanwhile
            one.page.wait_for_timeout(20)
    one.page.locator(".photo", has_text="with a lantern").wait_for()
    assert one.page.locator(".photo").count() == 2
    one.hit(one.page.locator(".photo", has_text="with a lantern"))

    one.page.locator(".facts", has_text="with a lantern").wait_for()


def test_a_page_goes_on_when_the_server_is_there_again(
    browser: Any, service: Sandbox, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path, service)
    with serve_studio(settings) as studio:
        one = Visitor(browser, studio)
        one.page.get_by_label("Your idea").fill("A barn in a field")
        one.press("Begin, about a cent")
        one.see("What is still open")
    one.page.get_by_role("alert").get_by_text("does not answer").wait_for()
    assert one.page.get_by_role("button", name="Decide the rest").is_disabled()
    with serve_studio(settings, studio.port):
        one.page.get_by_role("alert").first.wait_for(state="detached")
        one.press("Decide the rest")
        one.see("The prompt")
        assert paid_calls(settings) == 0
        one.press("Draw it, about")
        one.page.get_by_text("How do you like it?").wait_for()
    one.leave()

    assert paid_calls(settings) == 1


@pytest.mark.parametrize("context", [{}, TOUCH], ids=["a desk", "a phone"])
def test_the_whole_job_by_pointer_and_by_touch_with_each_screen_whole_and_accessible(
    browser: Any, service: Sandbox, tmp_path: Path, context: dict[str, Any]
) -> None:
    settings = settings_in(tmp_path, service)
    faults, addresses = [], []
    with serve_studio(settings) as studio:
        one = Visitor(browser, studio, **context)
        for screen in studio_tour(one, service):
            if screen != "drawing":
                one.settle()
            faults += [f"{screen}: {fault}" for fault in one.judge()]
            addresses.append(one.page.url)
        assert paid_calls(settings) == 3
        for address in dict.fromkeys(addresses):
            one.page.goto(address)
            one.page.locator("#heading").wait_for()
        one.page.goto(addresses[1])
        one.page.reload()
        one.page.get_by_text("How do you like it?").wait_for()
        assert paid_calls(settings) == 3
        one.leave()

    assert "\n".join(faults) == ""
    assert {re.sub(r".*#|=.*", "", address) for address in addresses} == {
        "create", "c", "library", "gallery", "tree", "x", "about",
    }  # fmt: skip


def test_each_screen_is_whole_where_a_browser_is_set_to_letters_twice_as_large(
    browser: Any, service: Sandbox, tmp_path: Path
) -> None:
    switches = [*chat.SWITCHES, "--blink-settings=defaultFontSize=32"]
    other = browser.browser_type.launch(executable_path=chat.chromium(), args=switches)
    faults = []
    with serve_studio(settings_in(tmp_path, service)) as studio:
        one = Visitor(other, studio)
        to_prompt(one, "A lantern")
        begin = "What would you like to see?"
        for screen, link in (("The prompt", "Gallery"), ("Gallery", "Create"), (begin, "Gallery")):
            one.see(screen)
            for width in (320, 1280):
                one.page.set_viewport_size({"width": width, "height": 900})
                one.settle()
                faults += [f"{screen}, {width}: {fault}" for fault in one.page.evaluate(GEOMETRY)]
            one.go(link)
        one.leave()
    other.close()

    assert "\n".join(faults) == ""


def test_a_style_is_made_of_pictures_put_on_another_and_deleted_by_keyboard_alone(
    browser: Any, service: Sandbox, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path, service)
    faults = []
    with serve_studio(settings) as studio:
        one = Visitor(browser, studio, viewport=PHONE)
        for screen in style_tour(one):
            one.settle()
            faults += [f"{screen}: {fault}" for fault in one.judge()]
        assert sorted(path.name for path in settings.styles_dir.iterdir()) == [
            "winter_fox-1.jpg", "winter_fox-2.jpg", "winter_fox.yaml",
        ]  # fmt: skip
        one.page.goto(f"{studio.address.partition('#')[0]}#style=winter_fox")
        one.enter("Delete this style")
        one.page.get_by_text("winter_fox.yaml").wait_for()
        one.enter("Delete for good")
        one.see("Library")
        one.leave()

    assert "\n".join(faults) == ""
    assert [*settings.styles_dir.iterdir()] == []


def test_what_was_typed_is_there_again_after_a_reload_and_for_who_goes_back(
    visit: Callable[..., Visitor], service: Sandbox
) -> None:
    one = visit()
    one.press("Begin, about a cent")
    one.page.get_by_role("alert").get_by_text("First say").wait_for()
    one.page.get_by_label("Your idea").fill("A kite over a beach")
    one.page.reload()
    assert one.page.get_by_label("Your idea").input_value() == "A kite over a beach"
    one.page.evaluate(FORMS)
    one.page.get_by_role("button", name="Begin, about a cent").dblclick()
    one.see("What is still open")
    assert "" not in one.page.evaluate("ideas")
    asked = len(service.requests)
    one.page.get_by_text("In my own words").first.click()
    one.page.locator("input[type=text]:focus").wait_for()
    one.hit(one.page.locator("[data-send]"))
    asking = one.page.get_by_role("group").filter(has=one.page.get_by_role("textbox"))
    asking.get_by_role("alert").get_by_text("Choose an answer").wait_for()
    refusal = asking.get_by_role("alert").get_attribute("id")
    assert refusal == asking.get_by_role("textbox").get_attribute("aria-describedby")
    one.page.keyboard.type("like chalk")
    one.page.go_back()
    one.see("What would you like to see?")
    assert one.page.get_by_label("Your idea").input_value() == ""
    one.hit(one.page.get_by_role("complementary", name="Go on with").get_by_role("link").first)
    one.see("What is still open")
    assert one.page.get_by_role("textbox").first.input_value() == "like chalk"
    one.page.reload()
    one.see("What is still open")

    assert one.page.get_by_role("textbox").first.input_value() == "like chalk"
    assert len(service.requests) == asked


def test_a_page_that_opens_at_the_gallery_speaks_its_language_from_the_first_word(
    visit: Callable[..., Visitor],
) -> None:
    one = visit(locale="fr-FR")
    one.see("Que souhaitez-vous voir\u202f?")
    one.page.evaluate("location.hash = '#gallery'; location.reload()")
    one.see("Galerie")
    count = one.page.get_by_role("status").filter(has_text=re.compile(r"\d")).first
    count.wait_for(state="attached")

    assert re.fullmatch(r"\d+ sur \d+", count.text_content() or "")


def test_a_conversation_is_deleted_once_it_was_shown_what_goes(
    visit: Callable[..., Visitor],
) -> None:
    one = visit()
    address = to_prompt(one, "A gate in a wall")
    other = visit()
    other.page.goto(address)
    other.see("The prompt")
    one.press("Delete this conversation")
    one.press("Leave it")
    one.page.locator("button:focus", has_text="Delete this conversation").wait_for()
    one.press("Delete this conversation")
    notice = one.page.get_by_role("group", name="Delete this conversation").get_by_role("status")
    assert "the conversation 'A gate in a wall'" in (said := notice.inner_text())
    assert "conv_" not in said
    with slow(one.page, '"pictures":true'):
        one.page.get_by_label("Its picture files, too").check()
        assert one.page.get_by_role("button", name="Delete for good").is_disabled()
    with slow(one.page, '"confirm":true'):
        one.press("Delete for good")
        one.go("About")
        one.see("About this studio")
    other.see("This is not there")
    assert one.page.url.endswith("#about")
    one.page.goto(address)
    one.see("This is not there")
    assert one.page.get_by_text("press the button again").count() == 0
    assert other.page.url == address


def test_words_that_were_typed_for_one_conversation_are_not_shown_in_another(
    visit: Callable[..., Visitor],
) -> None:
    one = visit()
    address = to_prompt(one, "A hut in snow")
    to_prompt(one, "A hut in sand")
    one.page.get_by_text("Change the prompt in your own words").click()
    one.page.get_by_label("What should be different").fill("more dunes")
    unsent = one.page.get_by_role("status").get_by_text("not in the prompt yet")
    unsent.wait_for()
    one.page.evaluate("(address) => { location = address; }", address)
    one.page.locator(".prompt", has_text="snow").wait_for()

    assert one.page.get_by_label("What should be different").input_value() == ""
    assert unsent.count() == 0
    one.page.go_back()
    unsent.wait_for()
    one.press("Draw it, about")
    one.page.get_by_text("How do you like it?").wait_for()
    assert one.page.get_by_label("Change this").input_value() == "more dunes"


def test_a_search_that_is_paid_for_is_paid_once_and_a_style_that_comes_late_leads_nobody_away(
    visit: Callable[..., Visitor], service: Sandbox
) -> None:
    one = visit()
    service.answer(FACILITATOR, *ANSWERS)
    one.page.get_by_label("Your idea").fill(IDEA)
    one.press("Begin, about a cent")
    one.press("Decide the rest")
    one.press("Four directions")
    one.see("4 directions")
    one.go("Gallery")
    tiles = "Lighthouse in a storm, [a-z ]+ · Gouache painting of .*, "
    one.page.get_by_role("link", name=re.compile(tiles)).nth(3).wait_for()
    one.page.get_by_label("Words to look for").fill("water")
    before = len(service.requests)
    with slow(one.page, '"meaning":"true"'):
        one.page.get_by_role("button", name="By meaning").dblclick()
        assert one.page.get_by_role("button", name="By meaning").is_disabled()
        one.page.wait_for_timeout(2500)  # the page hears of the new picture meanwhile
    one.page.get_by_text("Meanings were compared").wait_for()
    assert len(service.requests) == before + 1
    one.page.evaluate("(id) => { location.hash = `#make=${id}`; }", newest_picture(one))
    one.press("Make a style, about a cent")
    one.page.get_by_role("alert").get_by_text("First give it a name").wait_for()
    one.page.keyboard.type("late_mill")
    with slow(one.page, "openai_extract_style"):
        one.page.keyboard.press("Enter")
        one.page.keyboard.press("Enter")
        one.go("Create")
        one.page.get_by_label("Your idea").fill("Rain")
    one.page.get_by_role("status").get_by_text("The style is kept.").wait_for(state="attached")

    assert one.page.url.endswith("#create")
    assert one.page.get_by_label("Your idea").input_value() == "Rain"


def newest_picture(one: Visitor) -> str:
    """The id of the first picture of the gallery."""
    return str(one.page.locator(".photo").first.get_attribute("href")).removeprefix("#i=")


@pytest.mark.parametrize(
    ("fragment", "heading"),
    [
        ("c=%E0%A4%A", "This is not there"),
        ("i=<img src=x onerror=hit()>", "This is not there"),
        ("constructor=1", "What would you like to see?"),
        ("x=one", "Picture 1 beside picture 2"),
        ("make=%,../../x", "A style of these pictures"),
    ],
)
def test_an_address_that_names_nothing_breaks_nothing(
    visit: Callable[..., Visitor], fragment: str, heading: str
) -> None:
    one = visit()
    one.page.locator(".purse").wait_for()  # it is let in
    address = one.page.url.partition("#")[0]
    one.page.goto("about:blank")
    one.page.goto(f"{address}#{fragment}")

    one.see(heading)


@pytest.mark.usefixtures("ring")
def test_without_a_key_the_page_says_what_to_do(browser: Any, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", images_dir=tmp_path / "images")
    with serve_studio(settings) as studio:
        one = Visitor(browser, studio)
        one.page.get_by_text("There is no OpenAI key").wait_for()

        assert "image-consultant configure" in one.page.locator(".notice").inner_text()
        assert one.page.get_by_role("button", name="Begin").is_disabled()
        assert one.judge() == []
        one.page.context.clear_cookies()
        one.page.get_by_text("This browser is not let in").wait_for()
        assert one.page.get_by_role("button").count() == 0
        assert one.page.get_by_text("could not be reached").count() == 0
        address = studio.address
        one.page.evaluate("(address) => { location = address; }", address)
        one.see("What would you like to see?")
        assert address.rpartition("#")[2] not in one.page.url
        one.leave()
