"""A walk through what the studio does with styles, by keyboard alone once there are pictures."""

import re
from collections.abc import Iterator

from tests.browser.studio import Visitor

IDEA = "a fox in frost"
"""Its four directions are two and two of a palette, as the sandbox paints them: of any three that
come first one differs."""


def style_tour(one: Visitor) -> Iterator[str]:
    """Make a style of pictures, and put it on another; the name of each screen, once it stands."""
    one.see("What would you like to see?")
    one.page.get_by_label("Your idea").fill(IDEA)
    one.hit(one.page.get_by_text("As I say it"))
    one.press("Go on to the prompt, free")
    one.press("Four directions")
    one.see("4 directions")
    one.go("Gallery")
    one.page.locator(".photo").nth(3).wait_for()
    yield from _make(one)
    yield from _use(one)


def _make(one: Visitor) -> Iterator[str]:
    keyboard = one.page.keyboard
    one.enter("Choose several")
    one.reach("fox")
    for _ in range(3):
        keyboard.press("Space")
        keyboard.press("Tab")
    one.enter("Make a style of them")
    one.see("A style of these pictures")
    yield "making a style"
    one.reach("What to call it")
    keyboard.type("Winter Fox")
    keyboard.press("Enter")
    one.page.get_by_role("alert").get_by_text(re.compile("^picture [1-3] differs ")).wait_for()
    yield "pictures disagree"
    keyboard.press("Tab")  # the question itself has the focus
    one.enter("Leave this one out")
    one.see("winter fox")
    one.page.get_by_text("The style is kept.").wait_for()
    one.page.get_by_text(re.compile(r"^Cost: \$0\.\d+$")).wait_for()
    yield "a style"


def _use(one: Visitor) -> Iterator[str]:
    keyboard, along = one.page.keyboard, one.page.get_by_role("group", name="What goes along")
    one.enter("Use this style")
    one.see("What would you like to see?")
    one.reach("Your idea")
    keyboard.type("An owl on a branch")
    one.reach("Guided")
    keyboard.press("ArrowRight")
    keyboard.press("ArrowRight")
    one.reach("Strength")
    keyboard.press("Home")
    along.get_by_text("a touch of it").wait_for()
    assert along.locator("dt").count() == 2
    keyboard.press("End")
    along.get_by_text("match it closely").wait_for()
    assert along.get_by_role("img", name="A sample of winter fox").count() == 2
    along.scroll_into_view_if_needed()
    yield "choosing a style"
    one.enter("Go on to the prompt")
    one.see("The prompt")
    one.page.reload()
    one.enter("Put it into the prompt")
    one.page.locator("mark.style").first.wait_for()
    yield "a prompt in a style"
