"""The parameters of the tools as a client sees them: their types and what is said of each."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from generation.image_request import MOST_PICTURES, Strategy
from settings import Mode
from styles.strength import Aspect, StyleShare

LONGEST_WORDS = 32_000
"""Characters of a prompt or message; OpenAI's image models take as many."""

LONGEST_NAME = 200
"""Characters of an id, a model, a size, a cursor: ours have under 100, and errors repeat them."""

MOST_ANSWERS = 50
"""At once; an explorer dialogue asks ten questions in all."""

Words = Annotated[str, Field(max_length=LONGEST_WORDS)]
Name = Annotated[str, Field(max_length=LONGEST_NAME)]


class GivenAnswer(BaseModel):
    """One answer by the id of its question."""

    question_id: Name
    answer: Words


ConversationId = Annotated[
    Name | None, Field(description="Continue this one; else a new one begins.")
]

# What the dialogue takes.
Message = Annotated[
    Words,
    Field(
        description="The person's idea, answer or change of mind in their own words and "
        "language. Answers to open questions may all come here as plain words."
    ),
]
Depth = Annotated[
    Mode | None,
    Field(
        description="quick: 1-2 questions in all; guided (default): 3-5; explorer: 6-10; "
        "skip: no dialogue, the words are the prompt."
    ),
]
Answers = Annotated[
    Annotated[list[GivenAnswer], Field(max_length=MOST_ANSWERS)] | None,
    Field(description="Answers by question id, where known apart."),
]
ReferenceImages = Annotated[
    list[str] | None,
    Field(description="Paths or image ids of pictures that the person refers to."),
]
TemplateName = Annotated[
    Name | None, Field(description="Library template to fill; answers may name its parameters.")
]
Finish = Annotated[
    bool, Field(description="Ask nothing more; decide the rest as marked assumptions.")
]

# What a drawing takes.
Prompt = Annotated[
    Words,
    Field(
        description="What to draw, an answer, or what to change in the current picture. Empty "
        "with a conversation_id: draw its refined prompt, or collect."
    ),
]
PlainPrompt = Annotated[Words, Field(description="What to draw, word for word.")]
PlainPrompts = Annotated[
    list[Words] | None,
    Field(
        max_length=MOST_PICTURES,
        description="Several prompts instead of one, each drawn word for word.",
    ),
]
Samples = Annotated[
    int,
    Field(
        ge=1,
        le=MOST_PICTURES,
        description="Plain samples of the prompt, or of each: they differ by chance alone. At most "
        "10 pictures in all.",
    ),
]
PromptToVary = Annotated[
    Words,
    Field(
        description="What to draw, or to change first. Empty with a conversation_id: vary "
        "its refined prompt, or its current picture."
    ),
]
DialogueMode = Annotated[
    Mode | None,
    Field(
        description="Depth of the dialogue before drawing. Unset, a prompt without "
        "conversation is drawn at once if complete, else questions come back. skip: draw."
    ),
]
FromImage = Annotated[
    Name | None,
    Field(
        description="image_id, or its number of several, to start from. Alone it becomes the "
        "current one, free: undo, redo, branch; words or another setting draw."
    ),
]
InputImages = Annotated[
    list[str] | None,
    Field(description="Pictures to start from: paths, image ids, OpenAI file ids."),
]
Mask = Annotated[
    str | None, Field(description="PNG of the first picture's size; it changes where transparent.")
]
Size = Annotated[
    Name | None,
    Field(description="square, wide, tall, or WIDTHxHEIGHT in multiples of 16: 1536x1024."),
]
Compression = Annotated[int | None, Field(ge=0, le=100, description="For jpeg and webp.")]
VariationStrategy = Annotated[
    Strategy, Field(description="The one thing that variations differ in.")
]
Style = Annotated[Name, Field(description="Name of a style; a change in it names it again.")]
Styles = Annotated[
    list[StyleShare],
    Field(min_length=1),
    BeforeValidator(lambda value: [{"name": value}] if isinstance(value, str) else value),
    WithJsonSchema({
        "anyOf": [{"type": "string"}, {"type": "array", "items": StyleShare.model_json_schema()}],
        "description": "A style's name, or several with weights: of an aspect the greater wins.",
    }),
]  # fmt: skip
Strength = Annotated[int, Field(ge=0, le=100)]
Aspects = Annotated[
    list[Aspect] | None, Field(description="Only these, where the person wants less than all.")
]
Verify = Annotated[
    bool,
    Field(description="A second model looks at it, about $0.01; without words at what is there."),
]
Redraw = Annotated[
    bool,
    Field(description="Draw anew, for money: all pictures of the same call, or what failed."),
]

# What a rating takes. A model that is told of "5" often sends the number.
Rating = Annotated[
    Literal["1", "2", "3", "4", "5", "thumbs_up", "thumbs_down"],
    BeforeValidator(lambda value: str(value) if type(value) is int else value),
]
STARS: dict[str, int] = {"thumbs_up": 5, "thumbs_down": 1}
"""A thumb as stars: the ends of the scale, so that a clear word counts as one."""
