"""What authors of prompts run: list, copy, change, check, look, compare; with files alone."""

import json
import re
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from cli.prompts import COMMANDS, app
from cli.prompts.render import renderings
from errors import Problem
from prompts.prompt_files import SHIPPED, prompt_files, recognise
from prompts.store import PromptStore
from prompts.template import read_header
from styles.style_store import StyleStore
from tests.conftest import ROOT
from tests.forks import Fork

FACILITATOR, DRAW, LOGO = "consultation/facilitator", "generation/draw", "image_types/logo"
UPDATE = "python -m uv run image-consultant prompts render --all --shipped --to tests/renders"

Run = Callable[..., str]


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of one's own files, not there yet."""
    folder = tmp_path / "own prompts"
    monkeypatch.setenv("IMAGE_CONSULTANT_PROMPTS_DIR", str(folder))
    return folder


@pytest.fixture
def run(own: Path, capsys: pytest.CaptureFixture[str]) -> Run:  # noqa: ARG001  # sets the folder
    """Run a command; what it printed, after the exit code where that is not 0."""

    def command(*arguments: str) -> str:
        code = app(arguments, result_action="return_value")
        printed = capsys.readouterr().out
        return f"{code}\n{printed}" if code else printed

    return command


@pytest.fixture
def data(run: Run) -> Callable[..., Any]:
    """Run a command with --json; what it says."""

    def command(*arguments: str) -> Any:
        return json.loads(run(*arguments, "--json").removeprefix("1\n"))

    return command


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def shipped(name: str) -> str:
    return (SHIPPED / name).read_text(encoding="utf-8")


def test_the_list_tells_shipped_own_and_broken_ones(own: Path, data: Any, run: Run) -> None:
    write(own, f"{LOGO}.yaml", shipped(f"{LOGO}.yaml") + "# mine\n")
    write(own, f"{DRAW}.md.j2", "---\npurpose: Draw.\n---\n{{ picture }}")

    listed = {one["name"]: one for one in data("list")}

    assert listed[LOGO]["state"] == "own"
    assert listed[FACILITATOR]["state"] == "shipped"
    assert listed[FACILITATOR]["fingerprint"] == PromptStore().template(FACILITATOR).fingerprint
    assert listed[DRAW]["state"] == "broken"
    assert listed[DRAW]["fault"].startswith(f"{DRAW}.md.j2, line 4: 'picture' is undefined")
    assert listed[DRAW]["fingerprint"] == PromptStore().template(DRAW).fingerprint
    assert "Broken, so not used: generation/draw.md.j2, line 4" in run("list")


def test_a_copy_is_made_once_and_is_used_from_then_on(own: Path, run: Run, data: Any) -> None:
    path = own / f"{DRAW}.md.j2"

    assert str(path) in run("new", DRAW).replace("\n", "")
    edit(path, "Call the image tool once", "Please call the image tool once")

    assert data("render", DRAW)["text"].startswith("Please call the image tool once")
    with pytest.raises(Problem, match="is there already; it stays as it is"):
        run("new", DRAW)
    assert run("lint", DRAW).strip() == "2 files, 1 of them your own: no faults."


def files() -> int:
    return len(prompt_files(SHIPPED)) + len(StyleStore(None).names())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("generation/drwa",), "Did you mean generation/draw?"),
        (("generation/mine", "--from", DRAW), "The server asks for no generation/mine."),
        (("../escaped", "--from", LOGO), "is no name for such a file"),
        (("image_types/../../escaped", "--from", LOGO), "is no name for such a file"),
        (("/escaped/image_types", "--from", LOGO), "is no name for such a file"),
        (("image_types/Café au lait", "--from", LOGO), "in small letters"),
        (("image_types/nul", "--from", LOGO), "device of Windows"),
        (("stamp", "--from", LOGO), "Write it like image_types/logo"),
    ],
)
def test_a_copy_goes_only_where_it_is_read(
    own: Path, run: Run, arguments: tuple[str, ...], told: str
) -> None:
    with pytest.raises(Problem) as caught:
        run("new", *arguments)

    assert told in str(caught.value)
    assert not own.exists()
    assert not list(own.parent.rglob("*escaped*"))


def test_a_copy_of_a_library_template_under_another_name_takes_no_name_from_it(
    own: Path, run: Run
) -> None:
    run("new", "bottle", "--from", "product_hero")

    assert (own / "library" / "marketing" / "bottle.yaml").is_file()

    assert run("lint", "bottle").strip() == "1 file, 1 of them your own: no faults."


def test_a_difference_is_shown_and_an_upgrade_is_told(own: Path, run: Run, data: Any) -> None:
    assert "replaces a shipped one" in run("diff")
    run("new", DRAW)
    run("new", "image_types/stamp", "--from", LOGO)
    path = own / f"{DRAW}.md.j2"

    assert [one["diff"] for one in data("diff")] == [[], []]

    edit(path, "Add nothing to it", "Add little to it")
    stamp = own / "image_types/stamp.yaml"
    based = stamp.read_text("utf-8").split("\n")[0]
    assert based.startswith("# based on image_types/logo@")
    edit(stamp, based, "# based on image_types/logo@0123456789ab")  # of another version

    drawn, stamped = data("diff")
    assert [line for line in drawn["diff"] if line.startswith("+Pass") and "Add little" in line]
    assert len([line for line in drawn["diff"] if line[0] in "+-"]) == 4
    assert (drawn["upgraded"], stamped["upgraded"]) == (False, True)
    assert stamped["shipped"] == LOGO
    assert "The shipped one changed since you copied it." in run("diff", "image_types/stamp")


def test_what_ships_has_no_faults(run: Run) -> None:
    assert run("lint", "--shipped").strip() == f"{files()} files: no faults."


INPUT = "{type: integer, description: How many.}"
DRAWING = (
    f"---\npurpose: Draw.\ninputs:\n  pictures: {INPUT}\nsamples:\n  one:\n    pictures: 1\n---\n"
)
LINE = DRAWING.count("\n") + 1
SAYS = DRAWING + "{{ pictures }} pictures. "
SUBJECT = "dimensions:\n  subject: {weight: 100, asks: What}\n"

Fault = tuple[str, str, int, str]
"""A file, its text, the line that is told, and words of what is said."""

LINTED: dict[str, Fault] = {
    "an input that is not used": (
        "generation/draw.md.j2", DRAWING + "Draw.", 4, "inputs.pictures: the text does not use it",
    ),
    "no sample": (
        "generation/draw.md.j2",
        f"---\npurpose: Draw.\ninputs:\n  pictures: {INPUT}\n---\n{{{{ pictures }}}}",
        1, "samples: there is none; add one",
    ),
    "a sample that lacks an input": (
        "generation/draw.md.j2", SAYS.replace("    pictures: 1\n", "    {}\n"), 6,
        "samples.one: it lacks pictures; add them.",
    ),
    "a sample that does not render": (
        "generation/draw.md.j2", SAYS + "{{ 1 if pictures > 5 else none }}", LINE, "prints nothing",
    ),
    "an input that the server does not give": (
        "generation/draw.md.j2", SAYS.replace("pictures", "photos"), LINE,
        "photos: the server does not give it; it gives pictures.",
    ),
    "an over-long sample": (
        "generation/draw.md.j2", SAYS + "A long line. " * 2500, 6, "keep it under 24,000",
    ),
    "a count of questions": (
        "generation/draw.md.j2", SAYS + "\nAsk five\nquestions.", LINE + 1,
        '"five questions": the code keeps the number of questions; leave it out.',
    ),
    "a range of questions": (
        "generation/draw.md.j2", SAYS + "Put 3-4 follow-up questions.", LINE, '"3-4 follow-up ques',
    ),
    "too many choices": (
        "generation/draw.md.j2", SAYS + "Give two to nine options.", LINE, "keeps 2 to 5 choices",
    ),
    "several calls": (
        "generation/draw.md.j2", SAYS + "Call the image tool three times.", LINE, "takes one call",
    ),
    "the form of the answer": (
        "generation/draw.md.j2", SAYS + "Reply in Markdown.", LINE, "gives the form of the answer",
    ),
    "a model by name": (
        "generation/draw.md.j2", SAYS + "You are gpt-4o.", LINE, "the settings name the model",
    ),
    "a name that nothing asks for": (
        "generation/drawing.md.j2", SAYS, 1, "the server asks for no template of this name",
    ),
    "no subject": (
        "image_types/stamp.yaml",
        "recognise: a\nchecklist: [b]\n" + SUBJECT.replace("subject", "mood"), 3, "no subject",
    ),
    "nothing to look at": (
        "image_types/stamp.yaml", "recognise: a\nchecklist: []\n" + SUBJECT, 2, "checklist: give",
    ),
    "a size that cannot be drawn": (
        "image_types/stamp.yaml",
        "recognise: a\nchecklist: [b]\nsuggested: {size: 1000x77, why: c}\n" + SUBJECT,
        3, "suggested: size: ",
    ),
    "too few ways": (
        "variations.yaml", "color: [{name: a, say: b}]\ncomposition: []\nstyle: []\n", 1, "at le",
    ),
    "a list of words of the version before": (
        "wording.yaml", "joining: [a]\n", 1, "nothing reads this file",
    ),
    "a library template of no type": (
        "library/art/mine.yaml", "description: A picture of something.\n", 1, "image_type: ",
    ),
    "a file that nothing reads": ("image_types/stamp.yml", "a", 1, "nothing reads this file"),
    "a template in no folder": ("draw.md.j2", SAYS, 1, "nothing reads this file"),
}  # fmt: skip


@pytest.mark.parametrize("fault", LINTED.values(), ids=LINTED)
def test_lint_tells_a_fault_with_its_line_and_fails(own: Path, run: Run, fault: Fault) -> None:
    file, text, line, told = fault
    write(own, file, text)

    said = run("lint", *([str(own / file)] if recognise(file) else []))

    assert said.startswith("1\n")
    (found,) = [one for one in said.split("\n") if told in one]
    assert found.startswith(f"  fault in your own {file}, line {line}: ")


def test_wording_that_agrees_with_the_code_is_no_fault(own: Path, run: Run) -> None:
    words = (
        "Ask one question at a time. Ask few questions, each with two to five options that differ. "
        "Each question has three options. Call the image tool once. One message may answer several "
        "questions, in any order and in plain words."
    )
    write(own, f"{DRAW}.md.j2", SAYS + words)

    assert "no faults" in run("lint", DRAW)


def test_a_rendering_comes_with_its_length_and_what_stays(data: Any, run: Run) -> None:
    told = data("render", DRAW)
    texts = [data("render", DRAW, "--sample", name)["text"] for name in told["samples"]]

    assert told["characters"] == len(told["text"])
    assert told["tokens_estimate"] == -(-len(told["text"]) // 4)
    stays = told["stable_prefix_characters"]
    assert len({text[:stays] for text in texts}) == 1
    assert len({text[: stays + 1] for text in texts}) > 1
    said = run("render", DRAW)
    assert "tokens (estimate: 4 characters each)" in said
    assert f"are the same in {', '.join(told['samples'])}" in said


def test_inputs_are_given_by_hand(data: Any) -> None:
    assert data("render", DRAW, "--set", "pictures=3")["text"].endswith("ask to change.")
    masked = data(
        "render", "generation/refine", "--set", "masked=true", "--set", 'decisions=["light"]'
    )
    assert "A mask comes with the picture" in masked["text"]
    assert "what was decided for it (light)" in masked["text"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((DRAW, "--set", "pictures=two"), "pictures takes a value of type integer"),
        ((DRAW, "--set", "pictures"), "--set takes name=value"),
        ((DRAW, "--set", "photos=2"), "has no input 'photos'; there are pictures."),
        ((DRAW, "--sample", "none"), "has no sample 'none'; there are new, from_picture,"),
        ((LOGO, "--set", "a=b"), "image_types/logo has no inputs"),
        (("generation/drow",), "Did you mean generation/draw?"),
        ((), "Name a prompt file"),
        (("--all",), "--all and --to go together"),
    ],
)
def test_what_cannot_be_rendered_is_told(run: Run, arguments: tuple[str, ...], told: str) -> None:
    with pytest.raises(Problem) as caught:
        run("render", *arguments)

    assert told in str(caught.value)


def test_an_image_type_and_a_way_to_vary_are_shown_as_models_are_told_of_them(data: Any) -> None:
    logo = json.loads(data("render", LOGO)["text"])
    assert (logo["name"], next(iter(logo["dimensions"]))) == ("logo", "subject")
    assert data("render", "variations")["text"].startswith("This is one of several variations.")


def test_the_renderings_in_git_are_those_of_the_templates() -> None:
    folder = ROOT / "tests/renders"
    lying = {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*.txt")
    }
    rendered = {file: f"{text}\n" for file, text in renderings(PromptStore()).items()}

    assert lying == rendered, f"Look at what changed after: {UPDATE}"


def test_writing_renderings_removes_those_that_are_no_more(run: Run, tmp_path: Path) -> None:
    stale = write(tmp_path / "renders", "generation/gone.one.txt", "x")

    run("render", "--all", "--shipped", "--to", str(tmp_path / "renders"))

    assert not stale.exists()
    assert (tmp_path / "renders" / f"{DRAW}.new.txt").is_file()


def test_the_schemas_accept_what_ships_and_refuse_what_lint_refuses(
    run: Run, tmp_path: Path
) -> None:
    run("schema", "--to", str(tmp_path))
    schemas = {path.name.split(".")[0]: json.loads(path.read_text()) for path in tmp_path.iterdir()}

    def valid(kind: str, told: Any) -> bool:
        return jsonschema.Draft202012Validator(schemas[kind]).is_valid(told)

    assert json.loads(run("schema")) == schemas
    for place in prompt_files(SHIPPED):
        if place.kind in {"image_type", "library"}:
            assert valid(place.kind, yaml.safe_load(shipped(place.file))), place
        elif place.kind == "template":
            assert valid("header", read_header(place.file, shipped(place.file)).data), place
    assert valid("variations", yaml.safe_load(shipped("variations.yaml")))
    assert not valid("image_type", {"recognise": "a", "checklist": []})
    assert not valid("header", {"purpose": "a", "inputs": {"a": {"type": "text"}}})


def test_the_guide_names_every_command_and_no_other() -> None:
    guide = (ROOT / "docs/prompt-authors.md").read_text(encoding="utf-8")

    assert set(re.findall(r"(?:image-consultant |`)prompts ([a-z]+)", guide)) == set(COMMANDS)
    assert len(guide.splitlines()) <= 160


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is no signal that can be sent there")
def test_watching_shows_what_a_save_changed_and_ends_well(own: Path, tmp_path: Path) -> None:
    path = write(own, f"{DRAW}.md.j2", shipped(f"{DRAW}.md.j2"))
    watch = ["-c", "from cli import main; main()", "prompts", "watch"]
    with Fork(watch, None, errors := tmp_path / "errors") as process:
        assert "Watching " in process.stdout.readline()
        edit(path, "Do not ask questions", "Ask no questions")
        seen = read_until(process.stdout, "no faults")
        path.write_text("---\npurpose: Draw.\n---\n{{ pictures }}", encoding="utf-8")
        seen += read_until(process.stdout, "fault in")
        process.send_signal(signal.SIGINT)
        code = process.wait(60)  # a busy machine ends it slowly

    assert "-Call the image tool once with what the user asks for. Do not ask questions" in seen
    assert "+Call the image tool once with what the user asks for. Ask no questions" in seen
    assert f"fault in {DRAW}.md.j2, line 4: 'pictures' is undefined" in seen
    assert (code, errors.read_text()) == (130, "")


def read_until(stream: Any, word: str) -> str:
    """What is printed up to a line with a word in it."""
    began, seen = time.monotonic(), ""
    while time.monotonic() - began < 30:
        line: str = stream.readline()
        seen += line
        if word in line:
            return seen
    raise AssertionError(seen)
