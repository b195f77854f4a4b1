"""A record leaves in three formats and comes back the same; the older format comes in."""

import asyncio
import copy
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.exceptions import ResourceError
from mcp import MCPError
from PIL import Image as Pixels
from sqlalchemy import delete, text

from app import App
from cli.export import Form, export
from errors import StorageError
from prompts.store import PromptStore
from sandbox.loopback import Sandbox
from server import create_server
from settings import Settings
from storage.database import Database
from storage.export import UNKNOWN_END, as_json, import_document
from storage.legacy_import import convert_legacy
from storage.records import Records
from storage.search import Search
from storage.tables import Conversation, Image
from tests import folders
from tests.calls import CONSULT, DRAW, consult, draw, refusal
from tests.conftest import Connect

Row = dict[str, Any]
FORMS: tuple[Form, ...] = ("markdown", "html")


@pytest.fixture
async def database(settings: Settings) -> Any:
    opened = Database(settings.data_dir)
    yield opened
    await opened.close()


async def load(database: Database, conversation_id: str) -> Conversation:
    return await Records(database).load(conversation_id)


async def out(database: Database, conversation_id: str) -> str:
    return as_json(await load(database, conversation_id))


def content(image: Image) -> bytes:
    return Path(image.path).read_bytes()


def is_there(image: Image) -> bool:
    return Path(image.path).exists()


def lose(image: Image) -> None:
    Path(image.path).unlink()


async def texts(database: Database) -> dict[str, str]:
    """The words of every conversation as they are searched."""
    search = Search(database)
    return {one: await search.words(one) for one in await search.ids()}


async def forget(database: Database, conversation_id: str) -> None:
    async with database.write() as session:
        await session.execute(delete(Conversation).where(Conversation.id == conversation_id))


async def hold(client: Client[Any], sandbox: Sandbox) -> str:
    """A conversation with everything: questions, answers, changed pictures and two variations, of
    which the second comes first."""
    asked = await consult(client, "a lighthouse\nin a storm", mode="guided")
    conversation_id: str = asked["conversation_id"]
    answer = {"question_id": asked["questions"][0]["id"], "answer": "für meine Wand"}
    await consult(
        client, "as a linocut", conversation_id=conversation_id, answers=[answer], finish=True
    )
    await draw(client, conversation_id=conversation_id, quality="low", verify=True)
    await draw(client, conversation_id=conversation_id, prompt="make the sky red", quality="low")
    sandbox.fail("delay=0.5", kind="image")
    await draw(
        client, conversation_id=conversation_id, prompt="add a boat", variations=2, quality="low"
    )
    return conversation_id


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory, shared_sandbox: Sandbox) -> tuple[Path, str]:
    """A folder in which such a dialogue was held, and its id."""
    folder = tmp_path_factory.mktemp("earlier")

    async def serve() -> str:
        server = create_server(folders.settings_in(folder, shared_sandbox.base_url))
        async with Client(server) as client:
            return await hold(client, shared_sandbox)

    return folder, asyncio.run(serve())


@pytest.fixture
def conversation_id(earlier: tuple[Path, str], tmp_path: Path) -> str:
    """The id of that dialogue, which lies in the folders of the test."""
    folder, held = earlier
    folders.copy(folder, tmp_path)
    return held


async def test_what_is_exported_deleted_and_imported_is_the_same_to_the_byte(
    database: Database, conversation_id: str
) -> None:
    before = await out(database, conversation_id)
    searched = await texts(database)
    await forget(database, conversation_id)

    assert await import_document(database, before) == conversation_id

    assert await out(database, conversation_id) == before
    assert await texts(database) == searched
    assert before.endswith("}\n")
    assert "für meine Wand" in before


async def test_prices_that_outlived_their_conversation_are_not_counted_twice(
    database: Database, conversation_id: str
) -> None:
    before, spent = await out(database, conversation_id), await total(database)
    await forget(database, conversation_id)
    assert await total(database) == spent

    await import_document(database, before)

    assert await total(database) == pytest.approx(spent)


async def total(database: Database) -> float:
    async with database.read() as session:
        return float((await session.execute(text("SELECT sum(usd) FROM spending"))).scalar() or 0)


async def test_a_picture_goes_on_being_changed_after_the_import(
    client: Client[Any], database: Database, conversation_id: str
) -> None:
    document = await out(database, conversation_id)
    await forget(database, conversation_id)
    await import_document(database, document)

    result = await draw(
        client, conversation_id=conversation_id, prompt="more contrast", quality="low"
    )

    assert result["images"][0]["parent_image_id"] in document


def drop(*path: str | int) -> Callable[[Row], None]:
    return lambda document: at(document, path[:-1]).pop(path[-1])


def put(value: Any, *path: str | int) -> Callable[[Row], None]:
    return lambda document: at(document, path[:-1]).__setitem__(path[-1], value)


def at(document: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        document = document[part]
    return document


WRONG: list[tuple[str, Callable[[Row], None]]] = [
    ("format", drop("format")),
    ("version 2", put(2, "version")),
    ("author", put("me", "author")),
    ("conversation.id", put("../../etc", "conversation", "id")),
    ("conversation.mode", put("endless", "conversation", "mode")),
    ("conversation.created_at", put("2026-01-01T10:00:00", "conversation", "created_at")),
    ("conversation.changed_at", put("9" * 60_000, "conversation", "changed_at")),
    ("turns[0].words", drop("turns", 0, "words")),
    ("turns[1].number", put(1, "turns", 1, "number")),
    ("turns[1].answers_given[0].answer", put(7, "turns", 1, "answers_given", 0, "answer")),
    ("questions[0].number", put(2**63, "questions", 0, "number")),
    ("answers[0].likes", put(3, "answers", 0, "likes")),
    ("briefs[0].suggested", put({"n": "4"}, "briefs", 0, "suggested")),
    ("briefs[1].phrases[0].source", put("heard", "briefs", 1, "phrases", 0, "source")),
    ("jobs[0].estimated_usd", put(-1.0, "jobs", 0, "estimated_usd")),
    ("jobs[0].options.size", drop("jobs", 0, "options", "size")),
    ("jobs[1].id", lambda d: put(d["jobs"][0]["id"], "jobs", 1, "id")(d)),
    ("images[0].job_id", put("job_elsewhere", "images", 0, "job_id")),
    ("images[0].rating", put(6, "images", 0, "rating")),
    (
        "images[0].parent_image_id",
        lambda d: put(d["images"][1]["id"], "images", 0, "parent_image_id")(d),
    ),
    ("spending[0].day", put("today", "spending", 0, "day")),
]


async def test_a_broken_document_is_refused_in_a_sentence_that_names_the_field(
    database: Database, conversation_id: str
) -> None:
    good = json.loads(await out(database, conversation_id))
    await forget(database, conversation_id)

    for named, spoil in WRONG:
        bad = copy.deepcopy(good)
        spoil(bad)
        with pytest.raises(StorageError) as caught:
            await import_document(database, json.dumps(bad))
        told = str(caught.value)
        assert named in told, told
        assert "Nothing was taken in." in told
        assert len(told) < 400
    assert await texts(database) == {}


async def test_what_is_no_document_is_refused_in_a_sentence(database: Database) -> None:
    for broken in (
        "", "{", "[]", "null", "7", '{"format": NaN}', '"\\ud800"', "[" * 100_000,
        '{"format": "image-consultant/conversation", "version": 99}', '{"a": 1e999}',
    ):  # fmt: skip
        with pytest.raises(StorageError, match="Nothing was taken in"):
            await import_document(database, broken)


async def test_what_is_here_already_is_refused_and_stays(
    database: Database, conversation_id: str
) -> None:
    document = await out(database, conversation_id)
    with pytest.raises(StorageError, match=f"delete {conversation_id} --confirm"):
        await import_document(database, document)

    other = json.loads(document)
    other["conversation"]["id"] = "conv_other"
    with pytest.raises(StorageError, match=r"'jobs\[0\].id'"):
        await import_document(database, json.dumps(other))

    assert await out(database, conversation_id) == document
    assert list(await texts(database)) == [conversation_id]


@pytest.mark.parametrize(
    ("state", "response_id", "then"),
    [
        ("requested", "", "unknown"),
        ("sending", "", "unknown"),
        ("submitted", "resp_1", "submitted"),
    ],
)
async def test_a_job_under_way_is_unknown_where_it_is_taken_in_unless_it_can_be_fetched(
    database: Database, state: str, response_id: str, then: str, conversation_id: str
) -> None:
    document = json.loads(await out(database, conversation_id))
    document["jobs"][-1] |= {"state": state, "response_id": response_id}
    await forget(database, conversation_id)

    await import_document(database, json.dumps(document))

    conversation = await load(database, conversation_id)
    job = conversation.jobs[-1]
    assert (job.state, job.error) == (then, UNKNOWN_END if then == "unknown" else "")


@pytest.fixture
async def foreign(database: Database, tmp_path: Path, conversation_id: str) -> tuple[str, Path]:
    """A record that was brought in and names a file of this machine as its picture."""
    document = json.loads(await out(database, conversation_id))
    secret = tmp_path / "private.png"
    Pixels.new("RGB", (40, 40), "red").save(secret)
    document["images"][0] |= {"path": str(secret), "bytes": secret.stat().st_size}
    await forget(database, conversation_id)
    return await import_document(database, json.dumps(document)), secret


async def test_a_path_of_a_document_is_never_followed(
    database: Database, foreign: tuple[str, Path], tmp_path: Path
) -> None:
    conversation_id, secret = foreign
    loaded = await load(database, conversation_id)

    for form in FORMS:
        files = export(loaded, tmp_path / form, form, PromptStore())
        assert all(secret.read_bytes() != path.read_bytes() for path in files)
        assert "not the one that was recorded" in files[-1].read_text(encoding="utf-8")
    assert loaded.images[0].path == str(secret)


async def test_no_call_opens_another_file_than_the_one_that_was_recorded(
    client: Client[Any], database: Database, sandbox: Sandbox, foreign: tuple[str, Path]
) -> None:
    loaded = await load(database, foreign[0])
    image_id = loaded.images[0].id
    sandbox.clear()

    drawing = await refusal(client, DRAW, prompt="a hen", input_images=[image_id])
    asking = await refusal(client, CONSULT, message="a hen", reference_images=[image_id])
    with pytest.raises((MCPError, ResourceError), match="not the one that was recorded"):
        await client.read_resource(f"image://{image_id}")

    assert "not the one that was recorded" in drawing
    assert "not the one that was recorded" in asking
    assert sandbox.requests == []


async def test_a_style_of_a_record_that_was_brought_in_hands_out_no_file_of_this_machine(
    client: Client[Any],
    database: Database,
    sandbox: Sandbox,
    foreign: tuple[str, Path],
) -> None:
    conversation_id, secret = foreign
    document = json.loads(await out(database, conversation_id))
    document |= {"jobs": [], "images": []}
    samples = [str(secret), f"../../{secret.name}"]
    style = {"name": "ink", "strength": 100, "aspects": {"line": "thin"}, "samples": samples}
    reference = {"id": "style:ink", "given": "ink", "file": "", "style": style}
    document["turns"][-1]["references"] = [reference]
    await forget(database, conversation_id)
    await import_document(database, json.dumps(document))
    sandbox.clear()

    said = {"prompt": "a hen", "dialogue_mode": "skip", "quality": "low"}
    await draw(client, conversation_id=conversation_id, **said)

    (request,) = sandbox.requests
    assert "line: thin" in json.dumps(request.body)
    assert "data:image" not in json.dumps(request.body)


async def test_a_record_that_was_brought_in_deletes_nothing_of_the_data_folder(
    database: Database, connect: Connect, settings: Settings, conversation_id: str
) -> None:
    """Its bytes are named rightly, so that only the folder speaks against it."""
    document = json.loads(await out(database, conversation_id))
    own = settings.data_dir / "templates" / "own.yaml"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_bytes(b"name: own")
    document["images"][0] |= {
        "path": str(own), "bytes": 9, "sha256": hashlib.sha256(b"name: own").hexdigest()
    }  # fmt: skip
    await forget(database, conversation_id)
    imported = await import_document(database, json.dumps(document))

    async with connect(toolsets=["all"]) as everything:
        arguments = {"conversation_id": imported, "confirm": True, "pictures": True}
        await everything.call_tool("openai_delete_conversation", arguments)

    assert own.read_bytes() == b"name: own"


async def test_rows_of_another_version_are_exported_and_shown(
    database: Database, tmp_path: Path, conversation_id: str
) -> None:
    document = json.loads(await out(database, conversation_id))
    more = {"importance": 3, "because": ["the person said so"]}
    document["turns"][0]["reply"] = more
    for brief in document["briefs"]:
        for part in [*brief["entries"], *brief["phrases"]]:
            part.update(more)
    await forget(database, conversation_id)
    await import_document(database, json.dumps(document))
    assert json.loads(await out(database, conversation_id)) == document

    loaded = await load(database, conversation_id)
    for brief in loaded.briefs:
        brief.entries = [{"dimension": "mood"}, {"source": "a new one", "value": "calm"}, "odd"]
        brief.phrases = [{"text": "a fox"}, {}]
    loaded.turns[0].answers_given, loaded.turns[0].repairs = [{}], [{}]
    loaded.turns[0].references, loaded.images[0].verification = [{}], {"notes": []}
    loaded.jobs.clear()
    for form in FORMS:
        *_, page = export(loaded, tmp_path / form, form, PromptStore())
        assert "a new one" in page.read_text(encoding="utf-8")


async def test_markdown_lies_beside_its_pictures(
    database: Database, tmp_path: Path, conversation_id: str
) -> None:
    conversation = await load(database, conversation_id)
    conversation.title = "Ein Leuchtturm: für Zoë / 灯台"
    lose(conversation.images[3])
    folder = tmp_path / "with a space"

    *pictures, page = export(conversation, folder, "markdown", PromptStore())

    assert page == folder / f"Ein-Leuchtturm-für-Zoë-灯台-{conversation.id}.md"
    told = page.read_text(encoding="utf-8")
    assert told.startswith("# Ein Leuchtturm: für Zoë / 灯台\n")
    assert len(pictures) == 3
    files = {path.stem.partition("-")[2].replace("-", "_"): path for path in pictures}
    for image in conversation.images:
        if image.id in files:
            assert files[image.id].read_bytes() == content(image)
            assert f"![{image.id}](Ein-Leuchtturm-f%C3%BCr-Zo%C3%AB-" in told
            assert image.path not in told
    assert re.findall(r"\((\d) of 2.*?/(\d\d)-", told) == [("2", "04")]  # the first is lost
    assert "is no longer where it was saved" in told
    assert "the sandbox in place of" in told
    assert not list(folder.rglob("*.part"))


HOSTILE = [
    "../../etc/passwd", "/etc/passwd", "..", ".", "", "\0", "a\0b", "x" * 300, "灯" * 300,
    "<script>alert(1)</script>", 'a" onload="x', "CON", "a\nb", "C:\\Windows", "{{ 7 * 7 }}",
    "]](http://x)", "\u202egnp", " ",
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_no_title_leaves_the_folder_or_becomes_markup(tmp_path: Path, form: Any) -> None:
    stamp = "2026-10-09T10:00:00.000000+00:00"
    for number, title in enumerate(HOSTILE):
        conversation = Conversation(
            id="conv_1", title=title, mode="quick", created_at=stamp, changed_at=stamp
        )
        place = tmp_path / str(number)

        (path,) = export(conversation, place / "inner", form, PromptStore())

        assert [one for one in place.rglob("*") if one.is_file()] == [path]
        assert path.parent == place / "inner"
        assert len(path.name.encode()) < 200
        if form == "html":
            told = path.read_text(encoding="utf-8")
            assert "<script" not in told
            assert "\0" not in told
            assert "49" not in told.partition("<h1>")[2].partition("</h1>")[0]
    assert {one.name for one in tmp_path.iterdir()} == {str(n) for n in range(len(HOSTILE))}


async def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    conversation = Conversation(id="conv_1", title="", mode="quick", created_at="", changed_at="")

    with pytest.raises(Exception, match="name another one with --to"):
        export(conversation, tmp_path / "file", "json", PromptStore())


def old_file(folder: Path, **changes: Any) -> Row:
    """What openai-images-mcp 4.x leaves of a guided dialogue and two pictures."""
    path = folder / "openai_image_20251009_120000_0a1b2c3d.png"
    folder.mkdir(parents=True, exist_ok=True)
    Pixels.new("RGB", (48, 32), "teal").save(path)
    verification = {"passed": True, "confidence": 0.9, "issues": [], "timestamp": "x"}
    images = [
        {"filename": path.name, "path": str(path), "size_kb": 1.2, "size": "1536x1024",
         "timestamp": "20251009_120000", "prompt_used": "a logo, minimalist design",
         "verification": verification},
        {"filename": "gone.png", "path": str(folder / "gone.png"), "timestamp": "20251009_120500",
         "size": "1024x1024", "prompt_used": "make it darker"},
    ]  # fmt: skip
    question = "What visual style appeals to you?"
    return {
        "conversation_id": "conv_0123456789ab",
        "created_at": None,
        "updated_at": "2025-10-09T12:05:30.123456",
        "messages": [
            {"role": "assistant", "content": "Tell me about the logo.", "stage": "initial",
             "timestamp": "2025-10-09T11:58:00.000001"},
            {"role": "assistant", "content": question, "stage": "style",
             "timestamp": "2025-10-09T11:59:00.000001"},
            {"role": "assistant", "content": "Dialogue complete!"},
        ],
        "metadata": {
            "dialogue_mode": "quick",
            "dialogue_responses": {"initial": "A bakery", "style": "Minimalist"},
            "original_prompt": "a logo",
            "enhanced_prompt": "a logo, minimalist design",
            "dialogue_complete": True,
            "generated_images": images,
        },
        **changes,
    }  # fmt: skip


async def test_a_conversation_of_the_older_server_becomes_one_of_ours(
    database: Database, settings: Settings
) -> None:
    old = old_file(settings.images_dir)
    document = convert_legacy(json.dumps(old), images_dir=settings.images_dir)

    conversation_id = await import_document(database, document)

    one = await load(database, conversation_id)
    assert (one.title, one.mode) == ("a logo", "quick")
    assert [turn.words for turn in one.turns] == ["a logo", ""]
    assert [question.text for question in one.questions] == [
        "Tell me about the logo.", "What visual style appeals to you?",
    ]  # fmt: skip
    assert [(a.question, a.text) for a in one.answers] == [("q1", "A bakery"), ("q2", "Minimalist")]
    assert [p["text"] for p in one.briefs[0].phrases] == ["a logo", ", minimalist design"]
    read, missing = one.images
    data = content(read)
    assert (read.width, read.height, read.format) == (48, 32, "png")
    assert (read.bytes, read.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (missing.width, missing.bytes, missing.prompt) == (0, 0, "make it darker")
    assert {job.state for job in one.jobs} == {"kept"}
    recalled = App(settings).consultant.recall(one)
    assert (recalled.status, recalled.refined_prompt) == ("ready", "a logo, minimalist design")
    assert one.created_at < read.created_at < missing.created_at < one.changed_at
    with pytest.raises(StorageError, match="is here already"):
        await import_document(
            database, convert_legacy(json.dumps(old), images_dir=settings.images_dir)
        )


async def test_an_older_conversation_is_shown_and_goes_on(
    connect: Connect, database: Database, settings: Settings, tmp_path: Path
) -> None:
    text = json.dumps(old_file(settings.images_dir))
    conversation_id = await import_document(
        database, convert_legacy(text, images_dir=settings.images_dir)
    )
    before = await load(database, conversation_id)
    async with connect() as client:
        (record,) = await client.read_resource(f"conversation://{conversation_id}")
        result = await consult(client, "for print", conversation_id=conversation_id, finish=True)

        changed = await draw(
            client,
            conversation_id=conversation_id,
            from_image=next(image.id for image in before.images if is_there(image)),
            prompt="bluer",
            quality="low",
        )

    assert "make it darker" in str(record)
    assert result["status"] == "ready"
    assert any("kept file was uploaded" in note for note in changed["notes"])
    loaded = await load(database, conversation_id)
    assert len(export(loaded, tmp_path / "out", "markdown", PromptStore())) == 3


def test_a_picture_outside_is_not_opened(tmp_path: Path) -> None:
    old = old_file(tmp_path / "elsewhere")

    document = json.loads(convert_legacy(json.dumps(old), images_dir=tmp_path / "images"))

    assert {row["width"] for row in document["images"]} == {0}
    assert {row["sha256"] for row in document["images"]} == {""}


@pytest.mark.parametrize(
    "file",
    [
        {"messages": None, "metadata": None, "conversation_id": 7},
        {"messages": ["x", {"role": "user", "content": [{"type": "text", "text": "a fox"}]}]},
        {"metadata": {"generated_images": [{}, None, {"path": "a\0b", "timestamp": "x"}]}},
        {"metadata": {"dialogue_responses": {"mood": "calm", "n": 3}, "dialogue_mode": "odd"}},
    ],
)
async def test_what_an_older_file_lacks_is_no_obstacle(database: Database, file: Row) -> None:
    conversation_id = await import_document(database, convert_legacy(json.dumps(file)))

    assert json.loads(await out(database, conversation_id))["spending"] == []


@pytest.mark.parametrize("broken", ["", "{", "[]", "{}", '{"messages": "\\ud800"}', "[" * 100_000])
def test_a_broken_older_file_is_a_sentence(broken: str) -> None:
    with pytest.raises(StorageError, match=r"no conversation of openai-images-mcp 4\.x"):
        convert_legacy(broken)
