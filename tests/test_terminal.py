"""The dialogue in a terminal: `consult`, with its input from a pipe."""

import io
import os
import re
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest

from app import App
from cli import Interruption, command_line, terminal
from cli.consult import Control
from consultation.words import fold
from errors import Problem
from generation.jobs import JobProgress
from prompts.store import PromptStore
from sandbox.loopback import Sandbox
from tests.conftest import ROOT, Run
from tools import progress

Consult = Callable[..., str]


@pytest.fixture(autouse=True)
def interrupt() -> Iterator[None]:
    """Ctrl-C as a person's terminal has it: what a shell runs in its background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def consult(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Consult:
    """What the command prints when a person types these lines."""
    monkeypatch.setenv("IMAGE_CONSULTANT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("IMAGE_CONSULTANT_IMAGES_DIR", str(tmp_path / "images"))

    def run(typed: list[str], *options: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in typed)))
        command_line()(["consult", "--sandbox", *options], result_action="return_value")
        return capsys.readouterr().out

    return run


def test_numbers_own_words_and_enter_answer_and_the_picture_is_drawn(
    consult: Consult, tmp_path: Path
) -> None:
    said = consult(["a lighthouse", "1", "a phone, 9:16", "", "oil on canvas", "y"])

    prompt = said.partition("Refined prompt")[2]
    for words in ("chose: “photograph”", "chose: “warm”", "said: “oil on canvas”", "864x1536 png"):
        assert words in prompt
    assert "said: “photograph”" not in prompt
    (path,) = re.findall(r"\S+\.png", prompt)
    assert Path(path).is_file()
    assert Path(path).parent == tmp_path / "images"


def test_a_template_that_is_not_there_is_said_before_anything_is_asked(consult: Consult) -> None:
    with pytest.raises(Problem, match="Did you mean product_hero"):
        consult([], "--template", "prodct_hero")


def test_back_returns_to_the_question_before(consult: Consult) -> None:
    said = consult(["a lighthouse", "1", "back", "2", "woodcut", "blue", "finish", "n"])

    assert said.count("q1. ") == 2
    assert "woodcut" in said.partition("Refined prompt")[2]


def test_back_is_taken_in_the_language_of_the_dialogue_and_says_where_it_ends(
    consult: Consult,
) -> None:
    said = consult(["ein Leuchtturm im Sturm", "zurück", "1", "zurück", "fertig", "n"])

    assert said.count("q1. ") == 3
    assert said.count("ist schon abgeschickt") == 1
    assert "Soll es gezeichnet werden?" in said


def test_nothing_is_drawn_unless_wanted(consult: Consult, tmp_path: Path) -> None:
    said = consult(["a lighthouse", "finish", "n"])

    assert not (tmp_path / "images").exists()
    assert "--conversation conv_" in said


def test_a_wish_at_the_last_question_goes_into_the_prompt_before_it_is_drawn(
    consult: Consult,
) -> None:
    said = consult(["a rabbit", "finish", "yellow ears, and bigger ones", "yes"])

    assert said.count("Shall it be drawn?") == 2
    assert "yellow ears" in said.rpartition("Refined prompt")[2]
    assert said.count(".png") == 1


@pytest.mark.parametrize("options", [(), ("--template", "product_hero")])
def test_a_question_back_is_answered_before_the_next_question_and_its_own_stays_open(
    consult: Consult, options: tuple[str, ...]
) -> None:
    asked_back = ["what does the second mean?", "2", "1", "n"]
    said = consult(["a lighthouse", *asked_back], "--mode", "quick", *options)

    first, _, rest = said.partition("That is for you to say")
    assert (first.count("q1. "), first.count("q2. ")) == (1, 0)
    assert 0 < rest.find("q1. ") < rest.find("q2. ") < rest.find(" (q1)")


@pytest.mark.parametrize("options", [(), ("--template", "product_hero")])
def test_you_decide_the_rest_asks_nothing_more(consult: Consult, options: tuple[str, ...]) -> None:
    said = consult(["a lighthouse", "1", "slate, and you decide the rest", "n"], *options)

    assert "q3. " not in said
    assert "you decide" not in said.partition("Refined prompt")[2].partition("Not in")[0]
    assert "slate" in said.partition("Refined prompt")[2]


def test_an_empty_line_is_asked_again(consult: Consult) -> None:
    said = consult(["", "a lighthouse", "finish", "", "n"])

    assert said.count("What should the picture show?") == 2
    assert said.count("Shall it be drawn?") == 2


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal of POSIX")
@pytest.mark.usefixtures("consult")
def test_what_is_typed_before_a_question_stands_there_answers_it_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    person, keyboard = os.openpty()
    forget = terminal.forget_typing

    def forget_and_leave() -> None:
        forget()
        os.write(person, b"\x04")

    monkeypatch.setattr(terminal, "forget_typing", forget_and_leave)
    with os.fdopen(person, "wb"), os.fdopen(keyboard, encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        os.write(person, b"2\n1\ny\n")
        options = ["consult", "a lighthouse", "--sandbox"]
        command_line()(options, result_action="return_value")

    assert capsys.readouterr().out.count("q1. ") == 1


def test_a_ready_dialogue_that_goes_on_shows_its_price_again(consult: Consult) -> None:
    said = consult(["a lighthouse", "finish", "n"])
    (price,) = re.findall(r"A picture costs about \$[\d.]+", said)
    (conversation,) = set(re.findall(r"conv_\w+", said))

    assert price in consult(["n"], "--conversation", conversation)


@pytest.mark.parametrize(
    ("idea", "finish", "draw"),
    [
        ("a lighthouse", "yes please", "Shall it be drawn?"),
        ("a lighthouse", "maybe...", "Shall it be drawn?"),
        ("ein Turm", "ja, mach mal", "Soll es gezeichnet werden?"),
    ],
)
def test_a_few_words_at_the_last_question_are_asked_about_before_a_turn_of_them_is_paid(
    consult: Consult, idea: str, finish: str, draw: str
) -> None:
    said = consult([idea, "finish", finish, "no", "Hm?", "n", "n"])

    assert said.count(draw) == 3
    assert f"{finish}”" in said or f"{finish}“" in said
    assert said.count("A picture costs") + said.count("Ein Bild kostet") == 1


def test_a_word_of_change_is_one_once_that_was_agreed_to(consult: Consult) -> None:
    said = consult(["a rabbit", "finish", "bigger", "yes", "yes"])

    assert "bigger" in said.rpartition("Refined prompt")[2]
    assert said.count(".png") == 1


def test_a_sentence_in_place_of_yes_or_no_is_the_wish_itself(consult: Consult) -> None:
    said = consult(["a rabbit", "finish", "hm", "give it longer ears", "yes"])

    assert "longer ears" in said.rpartition("Refined prompt")[2]
    assert said.count(".png") == 1


@pytest.mark.parametrize("words", ["draw it", "Draw", "zeichne es", "oui", "sí", "да", "はい"])
def test_a_word_for_yes_draws_in_whichever_language_of_ours(consult: Consult, words: str) -> None:
    said = consult(["a rabbit", "finish", words])

    assert said.count(".png") == 1
    assert "change the prompt?" not in said


@pytest.mark.parametrize(
    ("back", "finish"), [("retour", "terminer"), ("ATRAS", "terminar"), ("indietro", "termina")]
)
def test_back_and_finish_are_heard_where_the_language_was_not_recognised(
    consult: Consult, back: str, finish: str
) -> None:
    said = consult(["une affiche de jazz", "1", back, finish, "non"])

    assert said.count("q1. ") == 2
    assert "photograph" not in said.partition("Refined prompt")[2]
    assert ".png" not in said


def test_a_control_word_of_one_language_is_no_other_one_elsewhere() -> None:
    meanings: dict[str, set[str]] = {}
    for wording in PromptStore(None).wordings():
        for name in get_args(Control):
            meanings.setdefault(fold(getattr(wording.terminal, name)), set()).add(name)

    assert all(len(names) == 1 for names in meanings.values())
    assert not {"fine", "good", "red"} & meanings.keys(), "words that answer a question"


def test_a_title_is_asked_for_until_its_letters_are_there_and_enter_takes_it_from_nobody(
    consult: Consult,
) -> None:
    typed = ["the second one", "", "Jazz Night", "finish", "n"]
    said = consult(["a poster for a jazz night", *typed])

    assert said.count("q1. ") == 2
    assert "reads “Jazz Night”" in " ".join(said.split())


def test_what_steers_the_sandbox_is_no_wish(consult: Consult) -> None:
    said = consult(["a fox [[sandbox:delay=0.1]]", "finish", "n"])

    assert "taken as talk: “[[sandbox:delay=0.1]]”" in said


def test_a_closed_input_says_how_to_go_on_and_that_works(consult: Consult) -> None:
    said = consult(["a lighthouse", "1"])
    (conversation,) = re.findall(r"Go on with:\n.* --conversation (conv_\w+) --sandbox", said)

    later = consult(["finish", "n"], "for my office wall", "--conversation", conversation)

    assert "a lighthouse" in later.partition("Refined prompt")[2].lower()


def test_ctrl_c_at_a_question_ends_it_at_once_and_says_how_to_go_on(
    consult: Consult, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def press(_: str) -> str:
        signal.raise_signal(signal.SIGINT)
        return ""

    monkeypatch.setattr(terminal.console, "input", press)
    with pytest.raises(KeyboardInterrupt):
        consult([], "a lighthouse")

    assert re.search(r"consult --conversation conv_\w+ --sandbox", capsys.readouterr().out)


def test_ctrl_c_before_the_first_answer_says_what_may_be_charged(
    consult: Consult, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def press(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.session.Session.consult", press)
    with pytest.raises(Interruption):
        consult([], "a lighthouse")

    assert "Nothing was kept" in capsys.readouterr().err


def test_ctrl_c_while_it_is_drawn_says_what_may_be_paid_and_the_same_command_brings_it(
    run: Run,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def press(step: JobProgress) -> None:
        if "sending" in step.steps:
            signal.raise_signal(signal.SIGINT)

    said: list[str] = []
    close = App.close

    async def listen(app: App) -> None:
        said.append(capsys.readouterr().err)
        await close(app)

    sandbox.fail("delay=0.5", kind="image")
    with monkeypatch.context() as patch:
        patch.setattr(progress, "progress_of", lambda *_: lambda _language: press)
        patch.setattr(App, "close", listen)
        with pytest.raises(Interruption):
            run("generate", "a fox in snow")
    again = run("generate", "a fox in snow")

    assert "paid for all the same, once" in said[-1]  # before anything is waited for
    assert ".png" in again
    assert sandbox.count("image") == 1


def test_a_dialogue_that_goes_on_shows_its_open_questions_first(consult: Consult) -> None:
    said = consult(["a lighthouse", "1"])
    (conversation,) = re.findall(r"conv_\w+", said)

    later = consult([], "--conversation", conversation.removeprefix("conv_")[:6])

    assert "q1. " in later
    assert "What should the picture show?" not in later


def test_a_template_is_offered_as_it_is_typed_here_and_takes_the_words_from_before(
    consult: Consult,
) -> None:
    offered = consult([], "ein Linolschnitt-Plakat, linocut poster")
    (conversation,) = re.findall(r"conv_\w+", offered)
    words = " ".join(offered.split())
    assert "Dafür gibt es eine Vorlage: linocut_poster." in words
    assert "gib --template linocut_poster mit --conversation an" in words

    said = consult(["finish", "n"], "--conversation", conversation, "--template", "linocut_poster")

    assert "Vorlage linocut_poster" in said.partition("Ausgearbeiteter Prompt")[2]
    assert "ein Linolschnitt-Plakat" in said


def test_the_command_speaks_the_language_of_the_person(consult: Consult) -> None:
    said = consult(["finish", "j"], "Ein Leuchtturm im Sturm")

    assert "Ein Bild kostet etwa 0,0" in said
    assert re.search(r"würde etwa 0,0\d\d \$ berechnen; bezahlt wurde nichts", said)
    assert not re.search(r"nothing was paid|\d\.\d+ \$|\$\d", said)
    assert "Soll es gezeichnet werden?" in said
    assert "Ausgearbeiteter Prompt" in said
    assert ".png" in said

    again = consult(["finish", "n"], "Ein Leuchtturm im Sturm")
    assert "Etwas Ähnliches hast du am 20" in again
    assert "als Vorlage mit oder die --conversation; sonst" in " ".join(again.split())


def test_the_commands_of_the_page_run_one_after_another(
    consult: Consult,  # noqa: ARG001  # its folders
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """The ids of its examples stand for the newest that there are."""
    page = (ROOT / "docs" / "terminal.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    said = ""
    for command in re.findall(r"^    image-consultant (.+)$", page, re.MULTILINE):
        newest = {id_[:4]: id_[:12] for id_ in re.findall(r"(?:conv|img)_\w{16}", said)}
        words = command.replace("conv_1a2b", newest.get("conv", "")).replace(
            "img_1a2b", newest.get("img_", "")
        )
        monkeypatch.setattr(sys, "stdin", io.StringIO("finish\nyes\n"))
        assert not command_line()(shlex.split(words), result_action="return_value"), command
        said += capsys.readouterr().out

    assert said.count("_sheet.jpg") == 1
    assert "made of img_" in said
    assert (tmp_path / "boat.jpg").exists()


def test_signs_that_a_terminal_would_obey_reach_it_from_nowhere(consult: Consult) -> None:
    said = consult(["finish", "n"], "a fox \x1b]0;mine\x07 with\x9b2J a hat \u202egnp.exe")

    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", said)
    assert "mine" not in said.partition("Refined prompt")[0]
