"""Make a template of a conversation's prompt: what was decided in it becomes parameters.

Plain functions: a recorded conversation goes in, the text of a library file comes out.
Its example is the conversation itself, so that it gives that very prompt.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from pydantic import ValidationError

from consultation.errors import ConsultationError
from consultation.template_guess import Guess, places
from prompts.image_type import Suggested
from prompts.library_template import NAME
from storage.tables import Conversation

CATEGORIES = {
    "presentation": "presentation",
    "product": "marketing",
    "social_media": "marketing",
    "logo": "marketing",
    "diagram": "technical",
    "icon": "technical",
    "character": "reference",
}
"""Where templates of an image type go; those of any other are art."""
LONGEST_LINE, LONGEST_DESCRIPTION = 96, 200
BRACES = re.compile(r"\{[{%#]")
WHY = "as in the conversation that it was saved from"


def source_of(
    conversation: Conversation, prompt: str, chosen: Iterable[Guess], *, describe: str
) -> str:
    """The text of the library file. Raises `ConsultationError` where nothing would be asked."""
    found = list(places(prompt, chosen))
    if not found:
        raise ConsultationError(
            "Nothing that was decided stands in the prompt to the letter. Name a passage, such as "
            f"--set 'subject={prompt[:40]}|ANOTHER CHOICE'."
        )
    parts, end = [], 0
    for start, stop, one in found:
        parts += [_literal(prompt[end:start]), f"{{{{{one.name}}}}}"]
        end = stop
    data = {
        "description": describe.strip() or _description(conversation),
        "image_type": conversation.image_type or "general",
        "parameters": {one.name: one.as_data for _, _, one in found},
        "template": _Folded("".join([*parts, _literal(prompt[end:])])),
        "suggested": _suggested(conversation.briefs[-1].suggested),
        "example": {
            "values": {one.name: one.passage for _, _, one in found},
            "renders": _Folded(prompt),
        },
    }
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=LONGEST_LINE)


def name_of(conversation: Conversation) -> str:
    """A name for the template, made of the title's words."""
    plain = "_".join(re.findall("[a-z0-9]+", conversation.title.casefold()))[:40].strip("_")
    return plain if NAME.fullmatch(plain) else f"template_{conversation.id.split('_')[-1][:8]}"


def _literal(text: str) -> str:
    """Text that Jinja prints as it is."""
    return f"{{% raw %}}{text}{{% endraw %}}" if BRACES.search(text) else text


def _description(conversation: Conversation) -> str:
    title = conversation.title or "A picture"
    return f"{title[:LONGEST_DESCRIPTION]}, saved from a conversation."


def _suggested(settings: Mapping[str, str]) -> dict[str, Any]:
    try:
        return Suggested(**settings, why=WHY).model_dump()
    except ValidationError:  # such as gif, which only a call may ask for
        return Suggested(why=WHY).model_dump()


class _Folded(str):
    """Prose, broken into lines where the file allows it."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(
    _Folded, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style=">")
)
