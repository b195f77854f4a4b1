"""What is promised of a dialogue, as plain functions on how it went.

Each check says what was seen, so that an author can tell why it was not kept. Only what
the product promises is a check: the same dialogues run on the sandbox and on GPT-4o.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from cli.prompts.scenarios import Expect, Played
from consultation.facilitator_request import TEMPLATE
from consultation.modes import BUDGETS
from consultation.provenance import FEWEST_OPTIONS, MOST_OPTIONS
from consultation.quotes import words
from prompts.store import PromptStore

LONG_LINE = 40
SCRIPTS = {"ja": re.compile("[\u3040-\u30ff\u3400-\u9fff]"), "ar": re.compile("[\u0600-\u06ff]")}
LETTER = re.compile(r"[^\W\d_]")
SMALL_WORDS = {
    "en": "the a an what which should how is are of for do does you your it any there will would "
    "and to be this that with like have i my as please or on by no",
    "de": "der die das dem den des ein eine einen einer und was welche welcher welches soll sollen "
    "wie ist wird sind für von mit im es du sie ihr ich nicht oder auf zu aus bei als",
}


class Check(NamedTuple):
    """One promise: its name, whether it was kept, and what was seen."""

    name: str
    kept: bool
    seen: str


def judge(played: Played) -> list[Check]:
    """All checks of a dialogue."""
    if played.failed:
        return [Check("goes to its end", kept=False, seen=played.failed)]
    general = [promise(played) for promise in PROMISES]
    expect = played.dialogue.expect
    return [*general, *_on_questions(played, expect), *_on_prompt(played, expect)]


def language_of(text: str) -> str | None:
    """The language of a text by its script and small words; None if neither tells."""
    letters = len(LETTER.findall(text))
    for language, script in SCRIPTS.items():
        if 3 * len(script.findall(text)) > letters:
            return language
    said = words(text)
    counts = {
        name: sum(word in known.split() for word in said) for name, known in SMALL_WORDS.items()
    }
    best = max(counts, key=lambda name: counts[name])
    return None if list(counts.values()).count(counts[best]) > 1 else best


def _ends(played: Played) -> Check:
    status = played.results[-1]["status"]
    return Check("ends with a prompt", status == "ready", status)


def _budget(played: Played) -> Check:
    most = BUDGETS[played.dialogue.mode]
    return Check("within its budget", len(played.asked) <= most, f"{len(played.asked)} asked")


def _nothing_twice(played: Played) -> Check:
    about = [question["dimension"] for question in played.asked]
    return Check("asks nothing twice", len(about) == len(set(about)), ", ".join(about))


def _joined(played: Played) -> Check:
    """In every turn that brought a prompt, not in the last alone."""
    wrong = [
        joined
        for result in played.results
        if (joined := "".join(span["text"] for span in result["provenance"]))
        != (result["refined_prompt"] or "")
    ]
    return Check("phrases make the prompt", not wrong, "; ".join(wrong) or "all the same")


def _answers_were_asked_for(played: Played) -> Check:
    asked = {question["id"] for question in played.asked}
    spans = [span for result in played.results for span in result["provenance"]]
    refs = {str(span["ref"]) for span in spans if span["source"] == "answer"}
    return Check("answers were asked for", refs <= asked, f"{sorted(refs)} of {sorted(asked)}")


def _real_choices(played: Played) -> Check:
    wrong = []
    for question in played.asked:
        options = [" ".join(words(option)) or option for option in question["options"]]
        if not FEWEST_OPTIONS <= len(set(options)) == len(options) <= MOST_OPTIONS:
            wrong.append(f"{question['dimension']}: {', '.join(question['options'])}")
    return Check("options are real choices", not wrong, "; ".join(wrong) or "all distinct")


def _their_language(played: Played) -> Check:
    """The language is the expected one, or that of the messages where they agree on one."""
    spoken = {language_of(message) for message in played.messages} - {None}
    wanted = played.dialogue.expect.language or (spoken.pop() if len(spoken) == 1 else None)
    text = " ".join(f"{question['text']} {question['why']}" for question in played.asked)
    seen = language_of(text)
    kept = not text or wanted is None or seen == wanted
    return Check("asks in their language", kept, f"{seen} for {wanted}: {text[:80]}")


def _discreet(played: Played) -> Check:
    told = str([[r["questions"], r["brief"], r["refined_prompt"]] for r in played.results])
    leaked = [line for line in _instructions() if line in told]
    return Check("keeps its instructions to itself", not leaked, "; ".join(leaked) or "nothing")


def _ends_when_told(played: Played) -> Check:
    number = played.dialogue.finish
    told = played.results[number - 1] if number and number <= len(played.results) else None
    status = told["status"] if told else "not told"
    return Check("asks nothing after finish", status in {"ready", "not told"}, status)


PROMISES: list[Callable[[Played], Check]] = [
    _ends,
    _budget,
    _nothing_twice,
    _joined,
    _answers_were_asked_for,
    _real_choices,
    _their_language,
    _discreet,
    _ends_when_told,
]
"""What holds for every dialogue."""


@cache
def _instructions() -> list[str]:
    """The longer lines of the instructions as they are shipped."""
    lines = PromptStore().template(TEMPLATE).text.splitlines()
    return [line.strip() for line in lines if len(line) > LONG_LINE and "{" not in line]


def _on_questions(played: Played, expect: Expect) -> Iterator[Check]:
    about = Counter(question["dimension"] for question in played.asked)
    seen = ", ".join(sorted(about)) or "nothing asked"
    for name in expect.asks_about:
        yield Check(f"asks about {name}", name in about, seen)
    for name in expect.never_asks_about:
        yield Check(f"never asks about {name}", name not in about, seen)
    if expect.questions_at_most is not None:
        yield Check("asks few questions", about.total() <= expect.questions_at_most, seen)
    if expect.ready_within is not None:
        after = played.ready_after
        soon = after is not None and after <= expect.ready_within
        yield Check("ready soon enough", soon, f"after {after} messages")
    now = (played.results[0]["completeness"] or {"now": 0})["now"]
    if expect.completeness_at_least is not None:
        yield Check("counts what is decided", now >= expect.completeness_at_least, f"{now} %")
    if expect.completeness_at_most is not None:
        yield Check("does not count words", now <= expect.completeness_at_most, f"{now} %")


def _on_prompt(played: Played, expect: Expect) -> Iterator[Check]:
    last = played.results[-1]
    prompt = last["refined_prompt"] or ""
    for passage in expect.prompt_contains:
        yield Check(f"keeps {passage!r}", passage in prompt, prompt)
    for passage in expect.prompt_lacks:
        yield Check(f"leaves out {passage!r}", passage.lower() not in prompt.lower(), prompt)
    if expect.assumes is not None:
        seen = "; ".join(last["assumptions"]) or "no assumption"
        yield Check("marks assumptions", bool(last["assumptions"]) == expect.assumes, seen)
    if expect.image_type is not None:
        kind = played.image_type
        yield Check("recognises the type", kind == expect.image_type, kind or "none")
