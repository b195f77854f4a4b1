"""The command `demo`: the whole job on the sandbox, through the tools as clients see them."""

import anyio

from cli import terminal as show
from cli.session import Session, session
from consultation.consultation_result import Consultation
from prompts.store import PromptStore
from prompts.wording import Wording
from settings import load_settings

IDEA = "a lighthouse in a storm"
CHANGE = "Make it evening, with warm light from one side."
MOST_TURNS = 8
"""More than a guided dialogue takes: own templates may ask on, a demo must end."""


def demo(idea: str = IDEA) -> None:
    """Play the whole job on the sandbox: questions, answers, prompt, picture, refinement.

    Args:
        idea: What the picture should show, in any words.
    """
    anyio.run(_play, idea)


async def _play(idea: str) -> None:
    store = PromptStore(load_settings().templates_dir)
    show.heading("The sandbox plays OpenAI: no key, no cost, placeholder pictures.")
    show.heading("The idea")
    show.line(idea)
    async with session(sandbox=True) as tools:
        conversation, wording = await _consult(tools, store, idea)
        show.heading("Drawing")
        first = await tools.draw(wording, conversation_id=conversation)
        show.picture(first, wording)
        show.heading(f"Changing it: {CHANGE}")
        second = await tools.draw(wording, conversation_id=conversation, prompt=CHANGE)
        show.picture(second, wording)
    show.heading("Saved, made by the sandbox")
    for image in [*first["images"], *second["images"]]:
        show.line(image["path"])
    show.heading(f"The record is conversation {conversation}.")
    show.line("With an OpenAI key the same dialogue runs with GPT-4o: see the README.")


async def _consult(tools: Session, store: PromptStore, idea: str) -> tuple[str, Wording]:
    """Hold the dialogue; its id and language. Each question is answered with its first option."""
    message, conversation = idea, None
    for _ in range(MOST_TURNS):
        fields = await tools.consult(message=message, conversation_id=conversation)
        result = Consultation.model_validate(fields)
        conversation, wording = result.conversation_id, store.wording(result.language)
        show.heading("The facilitator")
        show.consultation(result, wording)
        if result.status == "ready":
            break
        message = "; ".join(question.options[0] for question in result.questions)
        show.heading("The demo answers, in plain words")
        show.line(message)
    return str(conversation), wording
