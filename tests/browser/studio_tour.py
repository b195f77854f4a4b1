"""A walk through the studio's screens, for what has to hold or be shown in each of them."""

from collections.abc import Iterator

from sandbox.loopback import Sandbox
from tests.browser.studio import Visitor
from tests.browser.tour import ANSWERS, IDEA
from tests.turns import FACILITATOR


def studio_tour(one: Visitor, sandbox: Sandbox) -> Iterator[str]:
    """Go from screen to screen; the name of each, once it stands. Three pictures are bought."""
    sandbox.answer(FACILITATOR, *ANSWERS)
    one.see("What would you like to see?")
    one.page.get_by_label("Your idea").fill(IDEA)
    yield "create"
    one.press("Begin, about a cent")
    one.see("What is still open")
    yield "questions"
    one.hit(one.page.get_by_text("cool", exact=True))
    one.press("Decide the rest")
    one.see("The prompt")
    yield "prompt"
    # A page on a busy machine has to show the unfinished version before the picture is there.
    sandbox.fail("delay=7", kind="image")
    one.press("Draw it, about")
    one.page.get_by_alt_text("An unfinished version").wait_for()
    yield "drawing"
    one.go("Library")
    one.see("Library")
    one.page.get_by_role("region", name="Under way").wait_for()
    yield "library"
    one.go("Flat lay")
    one.page.get_by_label("Which things lie there?").fill("a comb, scissors and a hand mirror")
    one.page.locator("mark", has_text="hand mirror").wait_for()
    yield "template"
    one.page.locator(".tray").get_by_text("ready to look at").wait_for()
    one.hit(one.page.get_by_role("region", name="Under way").get_by_role("link"))
    one.page.get_by_text("How do you like it?").wait_for()
    one.hit(one.page.get_by_text("4 of 5"))
    yield "picture"
    yield from _with_versions(one)


def _with_versions(one: Visitor) -> Iterator[str]:
    change(one, "a moon behind torn clouds", versions=2)
    one.go("History as a tree")
    one.see("History")
    one.hit(one.page.get_by_role("treeitem").first)
    change(one, "at dawn, the sea calm", versions=3)
    one.go("History as a tree")
    one.see("History")
    yield "history"
    one.go("Gallery")
    one.page.locator(".photo").nth(2).wait_for()
    yield "gallery"
    one.hit(one.page.get_by_text("Filters"))
    one.page.get_by_label("Rating").select_option("4 or better")
    one.page.get_by_label("Words to look for").fill("lighthouse")
    one.press("Search")
    one.page.get_by_text("1 of 1", exact=True).last.wait_for()
    yield "found again"
    one.hit(one.page.locator(".photo").first)
    one.page.get_by_role("radio", name="4 of 5", checked=True).wait_for()
    one.go("Gallery")
    one.page.get_by_label("Rating").select_option("any")
    one.page.locator(".photo").nth(2).wait_for()
    one.press("Choose several")
    one.hit(one.page.locator(".photo").nth(0))
    one.hit(one.page.locator(".photo").nth(1))
    yield "choosing"
    one.press("Compare two")
    one.page.get_by_role("slider").wait_for()
    yield "comparing"
    one.go("About")
    one.page.get_by_text("Folders and records").wait_for()
    yield "about"


def change(one: Visitor, words: str, *, versions: int) -> None:
    """Have the picture that is shown changed, until there are so many versions of it."""
    one.page.get_by_label("Change this").fill(words)
    one.press("Change it, about")
    one.page.locator(".thumb").nth(versions - 1).wait_for()
