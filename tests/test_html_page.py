"""The HTML page stands alone: it shows the record, runs nothing, and asks no network."""

import hashlib
import re
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from PIL import Image as Pixels
from sqlalchemy.orm.attributes import set_committed_value

from cli import html_page
from cli.export import export
from consultation.turn import Quote
from prompts.store import PromptStore
from sandbox.loopback import Sandbox
from settings import Settings
from storage.database import Database
from storage.records import Records
from storage.tables import Conversation, Image, Spending
from tests.browser.chat import chromium, open_browser
from tests.calls import consult, draw
from tests.turns import FACILITATOR, entry, turn
from tests.turns import source as source_of

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

SCRIPT = "<script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)>"
ACTIVE_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="60">'
    "<script>fetch('http://evil.example')</script>"
    '<image href="http://evil.example/a.png" width="9" height="9"/>'
    '<rect width="60" height="60" fill="#c33"/></svg>'
)


class Read(HTMLParser):
    """The tags, attributes and words of a page; checks that what is opened is closed."""

    VOID = frozenset({"meta", "img", "br"})

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self.open: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data

    @property
    def pictures(self) -> list[str]:
        return [attrs["src"] for tag, attrs in self.tags if tag == "img"]


def check_alone(read: Read) -> None:
    """Nothing in the page runs or leads anywhere."""
    names = {tag for tag, _ in read.tags}
    assert not names & {"script", "iframe", "object", "embed", "svg", "link", "form", "a", "base"}
    assert {"http-equiv": "Content-Security-Policy", "content": POLICY} in [a for _, a in read.tags]
    for _, attributes in read.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert "href" not in attributes
        assert attributes.get("src", "data:image/").startswith("data:image/")


async def written(settings: Settings, conversation_id: str, folder: Path) -> Path:
    database = Database(settings.data_dir)
    try:
        conversation = await Records(database).load(conversation_id)
    finally:
        await database.close()
    price = Spending(
        day="2026-10-09", origin="sandbox", purpose="image", model="m", usd=0.0412, estimated=True
    )
    set_committed_value(conversation, "spending", [price])
    (page,) = export(conversation, folder, "html", PromptStore())
    return page


@pytest.fixture
async def page(client: Client[Any], settings: Settings, tmp_path: Path) -> Path:
    """The page of a dialogue with changed and varied pictures."""
    asked = await consult(client, f"a lighthouse in a storm {SCRIPT}", mode="guided")
    conversation_id = asked["conversation_id"]
    answer = {"question_id": asked["questions"][0]["id"], "answer": "for my wall <b>now</b>"}
    await consult(
        client, "as a linocut", conversation_id=conversation_id, answers=[answer], finish=True
    )
    here = {"conversation_id": conversation_id, "quality": "low"}
    first = await draw(client, verify=True, **here)
    await draw(client, prompt="make the sky red", **here)
    root = first["images"][0]["image_id"]
    await draw(client, prompt="add a boat", variations=2, from_image=root, **here)
    return await written(settings, conversation_id, tmp_path / "out")


async def test_it_shows_the_record_a_change_below_its_picture_and_stands_alone(page: Path) -> None:
    read = Read(page)

    check_alone(read)
    assert len(read.pictures) == 4
    for words in (
        SCRIPT, "for my wall <b>now</b>", "make the sky red", "add a boat", "Refined prompt",
        "composition: ", "that cannot be told", "0.0412 (estimate)", ", current",
    ):  # fmt: skip
        assert words in read.words
    assert read.words.count("sandbox") >= 5
    assert "@media print" in read.words
    assert "prefers-color-scheme:dark" in read.words
    tree = source(page).partition('<ol class="tree">')[2].partition("</section>")[0]
    assert tree.count("<li>") == tree.count("</li>") == 4
    assert tree.count("<ol>") == 1
    assert tree.index("<ol>") < tree.index("make the sky red") < tree.index("add a boat")


async def test_each_stretch_stands_beside_the_words_it_rests_on(
    client: Client[Any], sandbox: Sandbox, settings: Settings, tmp_path: Path
) -> None:
    answer = turn(
        prompt="Tall hollyhocks by a wall. A sign says “OWL”.",
        brief=[entry("subject", "hollyhocks", ("m1", "some hollyhocks please"))],
        sources=[
            source_of("Tall hollyhocks", ("m1", "some hollyhocks please")),
            source_of("A sign says “OWL”", ("m1", '"OWL"')),  # the same words: not said twice
        ],
    )
    sandbox.answer(FACILITATOR, answer)
    result = await consult(client, 'some hollyhocks please, and a sign "OWL"')

    page = source(await written(settings, result["conversation_id"], tmp_path / "out"))

    assert '<mark class="said">Tall hollyhocks</mark>' in page
    assert '<mark class="assumed"> by a wall. </mark>' in page
    assert page.count("you said: “some hollyhocks please”") == 2  # of the stretch, of the brief
    assert page.count("you said: ") == 2
    assert not re.search(r"<span>\W*</span>", page)  # no line of a mere full stop


def test_what_was_chosen_and_then_said_again_is_told_as_each() -> None:
    quotes = [Quote(ref="q1", quote="Aquarell"), Quote(ref="m2", quote="doch lieber Aquarell")]
    part = html_page.Part("style", "Aquarell", "chosen", quotes)

    told = part.basis(PromptStore().wording("de"))

    assert told == "von dir gewählt; von dir: „doch lieber Aquarell“"


async def test_a_german_dialogue_makes_a_german_page_without_words_of_the_machine(
    client: Client[Any], settings: Settings, tmp_path: Path
) -> None:
    asked = await consult(client, "Ein Leuchtturm im Sturm für meine Wohnzimmerwand")
    conversation_id = asked["conversation_id"]
    await consult(client, "1", conversation_id=conversation_id, finish=True)
    await draw(client, conversation_id=conversation_id, variations=2, quality="low")

    page = await written(settings, conversation_id, tmp_path / "out")

    read = Read(page)
    assert ("html", {"lang": "de"}) in read.tags
    words = read.words.rpartition("}\n")[2]  # behind the style
    for german in (
        "Bilder",
        "Was entschieden ist",
        "Motiv",
        "Preise",
        "zusammen",
        "Vorschlag",
        "Spielgeld",
    ):
        assert german in words
    for foreign in ("Pictures", "Brief", "Prices", "composition", "guided", "said", "m1", "q1"):
        assert not re.search(rf"\b{foreign}\b", words)


async def test_what_was_said_stands_in_its_order_each_answer_with_its_question(
    client: Client[Any], settings: Settings, tmp_path: Path
) -> None:
    asked = await consult(client, "A fox in the snow")
    first, conversation_id = asked["questions"][0], asked["conversation_id"]
    await consult(client, "what does that mean?", conversation_id=conversation_id)
    answer = {"question_id": first["id"], "answer": "an etching"}
    await consult(client, "", conversation_id=conversation_id, answers=[answer], finish=True)

    page = source(await written(settings, conversation_id, tmp_path / "out"))

    said = re.findall("<blockquote>(.*?)</blockquote>", page)
    assert said == ["A fox in the snow", "what does that mean?", "an etching"]
    assert f"{first['text']}</p>\n<blockquote>an etching" in page


def source(page: Path) -> str:
    return page.read_text(encoding="utf-8")


STAMP = "2026-10-09T10:00:00.000000+00:00"


def made(*files: Path, chain: bool = False) -> Conversation:
    """A record of pictures that lie in these files."""
    one = Conversation(id="conv_1", title="t", mode="skip", created_at=STAMP, changed_at=STAMP)
    for number, path in enumerate(files):
        data = path.read_bytes() if path.exists() else b""
        one.images.append(
            Image(
                id=f"img_{number}", job_id="job_1", path=str(path), format=path.suffix[1:], width=1,
                height=1, bytes=len(data), sha256=hashlib.sha256(data).hexdigest(),
                prompt=f"p{number}",
                parent_image_id=f"img_{number - 1}" if chain and number else None,
                revised_prompt="", variation="", model="m", response_id="resp_1", liked="",
                disliked="", rating=None, verification=None, created_at=STAMP,
            )
        )  # fmt: skip
    return one


@pytest.mark.skipif(not (chromium() and find_spec("playwright")), reason="needs a browser")
def test_on_a_telephone_nothing_lies_beside_the_page(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    Pixels.new("RGB", (1600, 900)).save(file)
    (page,) = export(made(file, file, chain=True), tmp_path / "out", "html", PromptStore())

    with open_browser() as browser:
        tab = browser.new_page(viewport={"width": 390, "height": 800})
        tab.goto(page.as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") == 390


def test_an_svg_is_a_picture_and_never_part_of_the_page(tmp_path: Path) -> None:
    file = tmp_path / "a.svg"
    file.write_text(ACTIVE_SVG, encoding="utf-8")

    (page,) = export(made(file), tmp_path / "out", "html", PromptStore())

    read = Read(page)
    check_alone(read)
    assert read.pictures[0].startswith("data:image/svg+xml;base64,")
    assert "sandbox" not in read.words
    assert "evil.example" not in page.read_text(encoding="utf-8")


def test_a_large_picture_is_a_small_jpeg_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html_page, "WHOLE_BYTES", 500_000)
    file = tmp_path / "large.png"
    Pixels.effect_noise((900, 900), 90).save(file)
    assert file.stat().st_size > 500_000

    (page,) = export(made(file), tmp_path / "out", "html", PromptStore())

    read = Read(page)
    assert read.pictures[0].startswith("data:image/jpeg;base64,")
    assert "A small copy; the file has" in read.words
    assert page.stat().st_size < 500_000


def test_a_file_that_is_gone_or_no_picture_is_said_in_its_place(tmp_path: Path) -> None:
    other = tmp_path / "notes.bin"
    other.write_bytes(b"no picture at all")

    (page,) = export(made(tmp_path / "gone.png", other), tmp_path / "out", "html", PromptStore())

    read = Read(page)
    assert read.pictures == []
    assert f"is no longer where it was saved: {tmp_path / 'gone.png'}" in read.words
    assert "cannot be shown here" in read.words


def test_a_long_line_of_changes_is_no_obstacle(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    Pixels.new("RGB", (4, 4)).save(file)

    (page,) = export(made(*[file] * 1500, chain=True), tmp_path / "out", "html", PromptStore())

    assert len(Read(page).pictures) == 1500
