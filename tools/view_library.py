"""What the pages are told of the library: templates as forms, styles, and what a style comes to."""

from collections.abc import Mapping

from pydantic import BaseModel, ValidationError

from app import App
from errors import Problem
from prompts.library_template import LibraryTemplate
from prompts.source import PromptError
from styles.strength import Aspect, StyleShare, step_of
from styles.style_file import Style
from styles.style_mix import contradiction, mix
from styles.style_use import StyleUse, samples_of


class FormField(BaseModel):
    """A parameter of a template; `fallback` is what is taken where the field is empty."""

    name: str
    type: str
    question: str
    choices: list[str]
    required: bool
    fallback: str
    min: float | None
    max: float | None


class LibraryEntry(BaseModel, from_attributes=True):
    """A template of the library; `own` where its file is the person's."""

    name: str
    title: str
    description: str
    category: str
    own: bool = False


class Library(BaseModel):
    """All templates."""

    templates: list[LibraryEntry]
    own_folder: str
    notes: list[str]


class Piece(BaseModel):
    """A stretch of a filled prompt, and the parameter that it came from."""

    text: str
    origin: str


class TemplateForm(LibraryEntry):
    """A template with its fields, and the prompt as far as values fill it.

    `missing` are required fields without a value, `fault` says what of them does not fit.
    """

    fields: list[FormField]
    example: dict[str, str]
    prompt: list[Piece]
    missing: list[str]
    fault: str


class StyleEntry(BaseModel):
    """A style: its words by aspect, its palette, and the `files` that would go with it.

    `samples` counts its pictures; a style whose file is broken has a `fault` and nothing else.
    """

    name: str
    own: bool
    files: list[str]
    note: str = ""
    words: dict[Aspect, str] = {}
    colours: list[str] = []
    avoid: list[str] = []
    samples: int = 0
    tags: list[str] = []
    fault: str = ""


class StyleList(BaseModel):
    """All styles, those of the person's own in a folder."""

    styles: list[StyleEntry]
    own_folder: str


class StyleWish(BaseModel):
    """Styles as the page would have them applied, in the words of the tool that does."""

    style: list[StyleShare]
    strength: int
    aspects: list[Aspect]


class StyleSample(BaseModel):
    """A sample picture of a style, counted from 1."""

    style: str
    number: int


class StylePreview(BaseModel):
    """What would go along of styles at a strength; of two media in `either` one would be asked."""

    degree: str
    styles: list[StyleUse]
    samples: list[StyleSample]
    either: list[str]


def library(app: App) -> Library:
    """All templates of the library, the person's own marked."""
    store = app.prompt_store
    own = set(store.own_library_names())
    entries = [_entry(one, own) for one in store.library_templates().values()]
    folder = app.settings.templates_dir / "library"
    return Library(templates=entries, own_folder=str(folder), notes=store.faults("library/"))


def template_form(app: App, name: str, values: Mapping[str, str]) -> TemplateForm:
    """A template, and its prompt with these values. Raises `PromptError` where there is none."""
    template = app.prompt_store.library_template(name)
    given = {key: value for key, value in values.items() if value.strip()}
    missing = [key for key, one in template.parameters.items() if one.required and key not in given]
    # A place that is still empty is shown by its name.
    shown = given | {key: f"[{key.replace('_', ' ')}]" for key in missing}
    fault = ""
    try:
        spans = template.spans(_fitting_places(template, shown, missing))
    except PromptError as error:
        fault, spans = str(error), []
    return TemplateForm(
        **_entry(template, set(app.prompt_store.own_library_names())).model_dump(),
        fields=[
            FormField(
                name=key,
                type="choice" if one.type == "style" else one.type,
                question=one.question,
                choices=one.every_choice,
                required=one.required,
                fallback="" if one.required else one.fallback,
                min=one.min,
                max=one.max,
            )
            for key, one in template.parameters.items()
        ],
        example=template.example.values,
        prompt=[Piece(text=text, origin=origin) for text, origin in spans],
        missing=missing,
        fault=fault,
    )


def _fitting_places(
    template: LibraryTemplate, shown: dict[str, str], missing: list[str]
) -> dict[str, str]:
    """The values, the example's standing in where an empty place takes no plain words."""
    stand_ins = {}
    for name in missing:
        if template.parameters[name].fit(shown[name]) is None:
            stand_ins[name] = (
                template.example.values.get(name) or template.parameters[name].fallback
            )
    return shown | stand_ins


def _entry(template: LibraryTemplate, own: set[str]) -> LibraryEntry:
    entry = LibraryEntry.model_validate(template)
    entry.own = template.name in own
    return entry


def style_list(app: App) -> StyleList:
    """All styles by name, sound or broken."""
    entries = []
    for name, style in app.style_store.styles():
        entry = StyleEntry(
            name=name,
            own=app.style_store.is_own(name),
            files=[path.name for path in app.style_store.own_files(name)],
        )
        if isinstance(style, Style):
            entry.note, entry.words, entry.colours = style.note, style.words, style.colours
            entry.avoid, entry.tags, entry.samples = style.avoid, style.tags, len(style.samples)
        else:
            entry.fault = str(style)
        entries.append(entry)
    return StyleList(styles=entries, own_folder=str(app.settings.styles_dir))


def style_preview(app: App, wish: str) -> StylePreview:
    """What goes along of a `StyleWish` in JSON, by the table that counts. Raises a `Problem`."""
    try:
        asked = StyleWish.model_validate_json(wish)
    except ValidationError:
        raise Problem("query is no style with its strength and aspects.") from None
    parts = app.style_dialogue.parts(asked.style, asked.aspects)
    uses = mix(parts, asked.strength)
    samples = {part.style.name: part.style.samples for part in parts}
    question = contradiction(parts, asked.strength)
    return StylePreview(
        degree=step_of(asked.strength).degree,
        styles=uses,
        samples=[
            StyleSample(style=use.name, number=samples[use.name].index(file) + 1)
            for use, file in samples_of(uses)
        ],
        either=[part.words["medium"] for part in question or ()],
    )
