"""A studio that serves, and a person before its page."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from app import App
from cli.studio import build_web
from settings import Settings
from studio.access import Access
from studio.guard import SHELL
from tests.browser.chat import COLOURS, GEOMETRY, PATIENCE_MS, inaccessible, reach
from tests.browser.server import run_web
from transports.http import Address, listen, resolve

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

SECRET = "a secret of the tests"
HERE = "127.0.0.1"

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


class Studio:
    """A studio that serves at an address."""

    def __init__(self, listens: Address, access: Access) -> None:
        self.listens, self.port, self.access = listens, listens.port, access

    @property
    def address(self) -> str:
        """Where it lets one browser in."""
        return f"http://{HERE}:{self.port}{SHELL}#t={self.access.token()}"


@contextmanager
def serve_studio(
    settings: Settings, port: int = 0, access: Access | None = None, host: str = HERE
) -> Iterator[Studio]:
    """Serve a studio; the port may be chosen to have it once more."""
    changes = {"toolsets": ["all"], "wait_seconds": 1, "input_dirs": [settings.images_dir]}
    settings = settings.model_copy(update=changes)
    address = resolve(host, port, settings.http_token)
    listener = listen(address)
    address = address._replace(port=listener.getsockname()[1])
    access = access or Access(SECRET, "run")
    with run_web(build_web(App(settings), address, access), listener):
        yield Studio(address, access)


class Visitor:
    """A person who has the page open."""

    def __init__(self, browser: "Browser", studio: Studio, **context: Any) -> None:
        context = {"viewport": DESK, "reduced_motion": "reduce", **context}
        self.page: Page = browser.new_context(**context).new_page()
        self.page.set_default_timeout(PATIENCE_MS)
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self._taps = context.get("has_touch", False)
        self.page.goto(studio.address)

    def press(self, name: str, role: Any = "button") -> None:
        """Click or tap what says this first."""
        self.hit(self.page.get_by_role(role, name=name).first)

    def hit(self, one: "Locator") -> None:
        """Click, or tap where fingers do."""
        if self._taps:
            one.tap()
        else:
            one.click()

    def go(self, name: str) -> None:
        """Follow a link."""
        self.press(name, "link")

    def see(self, heading: str) -> None:
        """Wait for a heading."""
        self.page.get_by_role("heading", name=heading, exact=True).wait_for()

    def reach(self, words: str, *, backwards: bool = False) -> None:
        """Tab to what says this; the focus has to be where one sees it."""
        reach(self.page, self.page, words, "Shift+Tab" if backwards else "Tab")

    def enter(self, words: str) -> None:
        """Tab to what says this, and press Enter."""
        self.reach(words)
        self.page.keyboard.press("Enter")

    def settle(self) -> None:
        """Wait until every picture that is in sight is there."""
        self.page.locator(".pulse").first.wait_for(state="detached")
        # Playwright's own way to wait for a script's word is closed by the page's policy.
        self.page.evaluate(
            "Promise.all([...document.images].filter((one) => one.loading !== 'lazy'"
            " || one.getBoundingClientRect().top < innerHeight)"
            ".map((one) => one.decode().catch(() => null)))"
        )
        self.page.wait_for_timeout(100)

    def judge(self) -> list[str]:
        """What is inaccessible in light or dark, cut, too small, or lies over something else."""
        found: list[str] = self.page.evaluate(GEOMETRY)
        found += inaccessible(self.page)
        self.page.emulate_media(color_scheme="dark")
        found += [f"dark: {fault}" for fault in inaccessible(self.page, COLOURS)]
        self.page.emulate_media(color_scheme="light")
        return found

    def leave(self) -> None:
        """Close the page; no script may have failed in it."""
        self.page.context.close()
        assert self.faults == []
