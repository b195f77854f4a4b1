"""What the view says in the person's language, and what the options of questions look like."""

from pydantic import BaseModel

from consultation.consultation_result import Consultation
from prompts.image_type import look_of
from prompts.store import PromptStore
from prompts.wording import ReasonWords, SourceWords, Wording

ENGLISH = "en"


class ViewWords(BaseModel):
    """The view's words of a language: its own by their English, and those of every frame."""

    language: str
    colon: str
    view: dict[str, str]
    source: SourceWords
    reason: ReasonWords
    dimensions: dict[str, str]
    trouble: dict[str, tuple[str, str]]


def page_wording(store: PromptStore, language: str) -> Wording:
    """The wording that a page speaks: of a language like de-DE, English where it has no words."""
    wording = store.wording(language.casefold().partition("-")[0])
    return wording if wording.view else store.wording(ENGLISH)


def view_words(
    store: PromptStore, language: str, known: str, *, for_studio: bool = False
) -> ViewWords | None:
    """The words of a language, English where it has none; None if the page has them already."""
    wording = page_wording(store, language)
    tag = language.casefold().partition("-")[0] if wording.view else ENGLISH
    if tag == known:
        return None
    return ViewWords(
        language=tag,
        colon=wording.colon,
        view={
            **wording.translations,
            **wording.view,
            **(wording.studio if for_studio else {}),
        },
        source=wording.source,
        reason=wording.reason,
        dimensions=wording.dimensions,
        trouble=wording.trouble,
    )


def option_looks(
    store: PromptStore, image_type: str, dialogue: Consultation
) -> dict[str, list[str]]:
    """By question id what each option looks like, by the type's own data before that of all."""
    shared = store.looks().dimensions
    kind = store.image_type(image_type)
    looks: dict[str, list[str]] = {}
    for question in dialogue.questions:
        name = question.dimension
        own = kind.dimensions[name].looks if kind and name in kind.dimensions else {}
        seen = [
            look_of(option, own) or look_of(option, shared.get(name, {}))
            for option in question.options
        ]
        if any(seen):
            looks[question.id] = seen
    return looks
