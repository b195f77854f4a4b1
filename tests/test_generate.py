"""The command `generate`: a picture from a terminal, drawn, changed and waited for."""

import re
from pathlib import Path

import pytest
from PIL import Image

from cli import generate
from cli.session import Session
from cli.terminal import in_commands
from errors import Problem
from prompts.store import PromptStore
from sandbox.loopback import Sandbox
from tests.calls import draw
from tests.conftest import Connect, Run


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGE_CONSULTANT_QUALITY", "low")


def pictures(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "images").iterdir())


def test_a_prompt_is_drawn_as_it_is_and_changed_in_its_conversation(
    run: Run, sandbox: Sandbox, tmp_path: Path
) -> None:
    first = run("generate", "a red boat", "--format", "webp", "--size", "1536\u00d71024")
    (going_on,) = re.findall(r"generate .* --conversation (conv_\w+)", first)
    changed = run("generate", "make it blue and tall", "--conversation", going_on)

    assert "--size 1024x1536" in changed  # a prompt sets no size
    assert re.search("--from-image img_", changed)
    assert [path.suffix for path in pictures(tmp_path)] == [".webp", ".webp"]
    assert sandbox.count("image") == 2
    assert sandbox.count("text") == 0
    assert "1536" in first
    assert "sandbox" in first.lower()


@pytest.mark.parametrize(
    "command",
    ["generate boat", "consult boat", "styles apply linocut --to boat", "styles extract boat.png"],
)
def test_without_a_key_the_sandbox_is_named_and_no_conversation_begun(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")

    with pytest.raises(Problem, match=r"No OpenAI key is set\. .*With --sandbox none is needed"):
        run(*command.split())

    assert "0 of 0" in run("conversations", "list")


async def test_a_change_of_a_picture_that_is_still_drawn_is_repeated_until_it_is_made(
    connect: Connect, sandbox: Sandbox
) -> None:
    sandbox.fail("delay=4", kind="image")  # twice as long as both calls wait
    async with connect(wait_seconds=1) as client:
        begun = await draw(client, prompt="a red boat", dialogue_mode="skip", quality="low")
        going_on = {"prompt": "make it blue", "conversation_id": begun["conversation_id"]}
        waiting = await draw(client, quality="low", **going_on)
        tools = Session(client, is_sandbox=True)
        changed = await tools.draw(PromptStore().wording("en"), quality="low", **going_on)

    assert begun["status"] == waiting["status"] == "working"
    assert "same call" in waiting["next_step"]
    assert "only" not in waiting["next_step"]
    assert (changed["status"], changed["prompt"]) == ("done", "make it blue")
    assert sandbox.count("image") == 2


def test_the_command_that_is_printed_draws_nothing_until_it_holds_words(
    run: Run, sandbox: Sandbox
) -> None:
    first = run("generate", "a red boat")
    (words,) = re.findall(r'image-consultant generate "(.+)" --conversation', first)

    with pytest.raises(Problem, match="your own words"):
        run("generate", words)

    assert sandbox.count("image") == 1


def test_it_says_what_varies_where_the_sheet_is_and_what_a_look_found(
    run: Run, tmp_path: Path
) -> None:
    said = run("generate", "a red boat", "--variations", "2", "--verify", "--sandbox")

    assert len(re.findall(r"img_\w+ \(current\)\n", said)) == 1
    assert "--from-image" in said
    (sheet,) = re.findall(r"(/\S+_sheet\.jpg)", said)
    with Image.open(sheet) as picture:
        assert picture.format == "JPEG"
    drawn = [path for path in pictures(tmp_path) if path.suffix == ".png"]
    assert len(drawn) == 2
    for number, _ in enumerate(drawn, start=1):
        assert re.search(rf"  {number} (color|composition|style): .+\n  /\S+\.png\n", said)
    assert len(re.findall(r"img_\w+:\n  - Met: format: png", said)) == 2


def test_of_several_pictures_the_one_whose_number_is_said_changes_and_none_by_a_guess(
    run: Run, sandbox: Sandbox
) -> None:
    first = run("generate", "a red boat", "--variations", "3")
    ids = re.findall(r", (img_\w+)", first)
    (conversation,) = set(re.findall(r"conv_\w+", first))
    change = ("generate", "make it evening", "--conversation", conversation)

    with pytest.raises(Problem, match="Which of them"):
        run(*change)
    with pytest.raises(Problem, match="(?s)" + ".*".join(ids)):
        run(*change, "--from-image", "4")
    with pytest.raises(Problem, match="a number needs its conversation"):
        run("generate", "make it evening", "--from-image", "2")
    paid = sandbox.count("image")
    changed = run(*change, "--from-image", "2")

    assert paid == 3
    assert f"--from-image {ids[1]}" in changed
    assert sandbox.count("image") == 4


def test_a_sheet_that_cannot_be_written_hides_no_picture(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(generate, "write_file", refuse)
    said = run("generate", "a red boat", "--variations", "2", "--quality", "low", "--sandbox")

    assert said.count(".png") == 2
    assert "Go on with" in said


def test_a_file_of_another_folder_is_refused_with_what_helps_in_a_terminal(
    run: Run, sandbox: Sandbox, tmp_path: Path
) -> None:
    Image.new("RGB", (40, 30), "teal").save(tmp_path / "out.png")

    with pytest.raises(Problem) as refused:
        run("generate", "like this", "--input", str(tmp_path / "out.png"))

    said = in_commands(str(refused.value))
    assert "IMAGE_CONSULTANT_INPUT_DIRS" in said
    assert "Claude Desktop" not in said
    assert sandbox.requests == []


def test_a_path_from_home_is_found_where_quotes_kept_the_shell_from_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))  # as Windows has it
    (tmp_path / "images").mkdir(exist_ok=True)
    Image.new("RGB", (64, 64)).save(tmp_path / "images" / "photo.png")

    assert ".png" in run("generate", "like this", "--input", "~/images/photo.png")


@pytest.mark.parametrize("name", ["nothing.png", "it's in here.png"])
def test_a_file_that_is_nowhere_is_said_to_be_neither_here_nor_in_the_images_folder(
    run: Run, tmp_path: Path, name: str
) -> None:
    with pytest.raises(Problem) as refused:
        run("generate", "like this", "--input", name)

    said = in_commands(str(refused.value))
    assert f"'{name}', neither here nor in {tmp_path / 'images'}." in said


def test_a_picture_that_was_moved_is_not_shown_as_there_and_redraw_draws_it_anew(
    run: Run, sandbox: Sandbox, tmp_path: Path
) -> None:
    command = ("generate", "a red boat")
    drawn = run(*command)
    (path,) = pictures(tmp_path)
    path.rename(tmp_path / "elsewhere.png")

    again = run(*command)
    anew = run(*command, "--redraw")

    assert str(path) in drawn
    assert " kB" in drawn
    assert " kB" not in again
    assert not any(line.strip() == str(path) for line in again.splitlines())
    assert f"no longer at {path}" in again
    assert sandbox.count("image") == 2
    assert str(*pictures(tmp_path)) in anew
