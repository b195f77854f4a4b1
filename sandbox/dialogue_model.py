"""The facilitator: a model's part in the dialogue, played from rules so that it never varies."""

import json
from collections.abc import Iterator
from textwrap import shorten

from sandbox import dialogue, misbehaviour
from sandbox import phrasebook as book
from sandbox.dialogue import LETTERED, Dialogue, Reading, Stretch
from sandbox.openai_errors import Json

_PER_TURN = {"quick": 2, "guided": 3, "explorer": 4}
_WORTH = {"quick": 4, "guided": 5, "explorer": 99}  # how many dimensions a mode asks about
_MOST_OPTIONS = 5
REFERENCE = "reference"  # what its pictures are for
_SAME = {"medium": "style", "colours": "palette"}  # what lines of a style are about
_OR = " or "  # between the things that a style avoids
_AGAIN = 200  # letters of what the reply says again

Brief = dict[str, list[Stretch]]


def reply(body: Json, fault: str | None) -> str:
    """The facilitator's turn as JSON, or what a misbehaving model would answer."""
    talk = dialogue.read(body)
    answer = turn(talk)
    return misbehaviour.spoil(answer, talk, fault) or json.dumps(answer, ensure_ascii=False)


def turn(talk: Dialogue) -> Json:
    """The next turn of a dialogue."""
    tongue = "en"
    for words in talk.messages.values():
        tongue = book.language(words, tongue)
    kind = _image_type(talk)
    reading = Reading(talk, _options(kind, talk))
    _take(_aspects(reading), reading, tongue)
    _take_styles(talk, reading)
    asks_back = bool((reading.counter or reading.beyond) and reading.waiting())
    ends = reading.ends or talk.state.get("finish") or talk.before.get("prompt")
    questions = [] if ends or asks_back else _questions(talk, reading, tongue)
    prompt, sources = "", list[Json]()
    if ends or not (questions or reading.waiting()):
        if not _aspects(reading) and REFERENCE not in reading.brief:
            _take([*book.data()["aspects"]][:1], reading, tongue)
        _assume(reading, tongue)
        prompt, sources = write(reading.brief, talk, tongue)
    return {
        "language": tongue,
        "title": book.title(talk.messages.get("m1", "")),
        "image_type": kind["name"],
        "reply": _reply(talk, reading, "ready" if prompt else "asks", tongue),
        "brief": [
            {
                "dimension": name,
                "value": _value(name, talk, stretches, tongue),
                "said": [quote for _, said in stretches for quote in said],
                "open": False,
            }
            for name, stretches in reading.brief.items()
        ],
        "chosen": reading.chosen,
        "questions": questions,
        "prompt": prompt,
        "sources": sources,
        "lettering": lettering(reading.brief) if prompt else [],
        "set_aside": reading.set_aside,
    }


def _aspects(reading: Reading) -> list[str]:
    """What of the reference pictures the person's words, or their answer, speak of."""
    answers = [words for words, _ in reading.brief.get(REFERENCE, [])]
    texts = [*reading.talk.messages.values(), *answers]
    return [
        aspect
        for aspect, phrases in book.data()["aspects"].items()
        if any(book.find(phrase, text) for phrase in phrases for text in texts)
    ]


def _take(aspects: list[str], reading: Reading, tongue: str) -> None:
    """Take these of the reference pictures, where nothing else is known of them."""
    sight = book.say(REFERENCE, tongue)
    for aspect in aspects:
        if reading.talk.references and aspect not in reading.brief:
            reading.put(aspect, sight, *((ref, sight) for ref in reading.talk.references))


def _image_type(talk: Dialogue) -> Json:
    """The type that was recognised, or the one that the messages name first, else the general."""
    known = talk.state.get("image_type") or {"name": "general", "dimensions": {}}
    text = " ".join(talk.messages.values())
    text = text.replace(book.shape(text)[1] or "\0", "")  # "portrait format" names no type

    def place(kind: Json) -> int:
        names = [kind["name"].replace("_", " "), *book.data()["types"].get(kind["name"], [])]
        places = [text.find(words) for name in names if (words := book.find(name, text))]
        return min(places, default=len(text) + (kind["name"] != known["name"]))

    return min(talk.state.get("image_types") or [known], key=place)


def _options(kind: Json, talk: Dialogue) -> dict[str, list[str]]:
    """The options of each dimension, in whichever of its two forms the state gives them; of what
    a style decides none are asked about, but the person may still say them."""
    options = {
        name: list(form if isinstance(form, list) else form.get("options") or [])
        for name, form in (kind.get("dimensions") or {}).items()
    }
    decided = _SAME.values() if talk.state.get("styles") else ()
    return {**options, **{name: [] for name in decided if name not in options}}


def _questions(talk: Dialogue, reading: Reading, tongue: str) -> list[Json]:
    """The next questions, in the order of the type's dimensions."""
    mode, left = talk.state.get("mode", "guided"), talk.state.get("questions_left", 0)
    known = {entry["dimension"] for entry in talk.before.get("brief") or [] if not entry["open"]}
    known |= {question["dimension"] for question in talk.questions().values()} | {*reading.brief}
    names = [name for name in reading.dimensions if name != "avoid"][: _WORTH.get(mode, 5)]
    names = [name for name in names if name not in known]
    candidates = [*_follow_ups(talk, reading, tongue)]
    if talk.references and REFERENCE not in known and not _aspects(reading):
        options = [*book.data()["options"][REFERENCE]]
        candidates.append(_question(talk, REFERENCE, options, tongue))
    candidates += [_question(talk, name, reading.dimensions[name], tongue) for name in names]
    most = max(0, min(_PER_TURN.get(mode, 3) - len(reading.waiting()), left))
    return [question for question in candidates if len(question["options"]) > 1][:most]


def _follow_ups(talk: Dialogue, reading: Reading, tongue: str) -> Iterator[Json]:
    """Questions that a fresh pick opens: "a title" asks which words exactly."""
    for pick in reading.chosen:
        put = talk.questions()[pick["question"]]
        names = {*book.names(put["options"][pick["option"] - 1])}
        for dimension, openers in book.data()["opens"].items():
            if names & {*openers} and not lettering(reading.brief):
                options = [*book.data()["options"][dimension]]
                yield {**_question(talk, dimension, options, tongue), "follows": pick["question"]}


def _question(talk: Dialogue, name: str, options: list[str], tongue: str) -> Json:
    """A question with the options of the type, what is liked as its default."""
    disliked, liked = talk.state.get("dislikes") or [], talk.state.get("preferences") or []
    known = book.data()["dimensions"].get(name, book.data()["voice"])
    options = [o for o in options if not any(book.find(o, words) for words in disliked)]
    options.sort(key=lambda option: not any(book.find(option, one["value"]) for one in liked))
    options = book.translate(options[:_MOST_OPTIONS], tongue)
    return {
        "dimension": name,
        "text": known["text"][tongue].format(name=name.replace("_", " ")),
        "why": known["why"][tongue],
        "options": options,
        "default": [*options, ""][0],
        "follows": None,
    }


def _take_styles(talk: Dialogue, reading: Reading) -> None:
    """Take each line of the styles as it is, but where the person decides the same, or wishes for
    what a style avoids."""
    said = {name: [*filter(_is_said, own)] for name, own in reading.brief.items()}
    wishes = [words for own in said.values() for words, _ in own if not book.refuses(words)]
    wanted = [word for words in wishes for word in book.content(words)]
    decided = {name for name, own in said.items() if own}
    # "Neonfarben" are colours, which no option of the palette says; "watercolour" is none.
    colours = tuple(book.tokens(" ".join(book.data()["aspects"]["palette"])))
    medium = [word for words, _ in said.get("style", []) for word in book.content(words)]
    decided |= {"palette" for word in wanted if word.endswith(colours) and word not in medium}
    for style in talk.state.get("styles") or []:
        ref, degree = style["id"], "a touch of " if "touch" in style["degree"] else ""
        for aspect in [key for key in style if key not in {"id", "degree"}]:
            name, avoids = _SAME.get(aspect, aspect), aspect == "avoid"
            for line in style[aspect].split(_OR) if avoids else [style[aspect]]:
                wished = any(book.find(word, line) for word in wanted)
                if wished if avoids else name in decided:
                    reading.set_aside.append({"ref": ref, "quote": line, "why": "replaced"})
                else:
                    words = f"no {line}" if avoids else degree + line
                    taken = (words, [{"ref": ref, "quote": line}])
                    reading.brief.setdefault(name, []).append(taken)


def _is_said(stretch: Stretch) -> bool:
    """Whether the person said it, or chose it."""
    return any(quote["ref"][0] in "mq" for quote in stretch[1])


def _assume(reading: Reading, tongue: str) -> None:
    """Decide what is against no idea: no text where none is named, a subject where none is."""
    has_lettering = any(book.holds("lettering", words) for words in reading.talk.messages.values())
    if "text" in reading.dimensions and "text" not in reading.brief and not has_lettering:
        reading.brief["text"] = [(book.translate(["no text"] * 2, tongue)[0], [])]
    if not reading.brief.keys() - {"text"}:
        subject = book.translate(reading.dimensions.get("subject") or ["a thing"] * 2, tongue)[0]
        reading.brief["subject"] = [(subject, [])]


def _reply(talk: Dialogue, reading: Reading, then: str, tongue: str) -> str:
    """One or two sentences to the person: an answer to what they ask, or what was understood."""
    if reading.counter:
        return book.say("yours", tongue)
    if reading.beyond and reading.waiting():
        return book.say("beyond", tongue).format(reading.beyond[0])
    news = [
        [one for one in stretches if {quote["ref"] for quote in one[1]} & {*talk.fresh}]
        for stretches in reading.brief.values()
    ]
    phrases = (_phrase(talk, stretches, tongue) for stretches in news if stretches)
    again = "; ".join(dict.fromkeys(phrases))  # a use gives the format as well
    again = shorten(again, _AGAIN, placeholder=" …")
    acknowledgement = book.say("understood", tongue).format(again) + " " if again else ""
    return acknowledgement + book.say(then, tongue)


def _value(name: str, talk: Dialogue, stretches: list[Stretch], tongue: str) -> str:
    """What the brief says of a dimension: of the format the shape, which gives the size."""
    shape = book.shape(stretches[-1][0])[2] if name == "format" else ""
    return shape or _phrase(talk, stretches, tongue)


def _phrase(talk: Dialogue, stretches: list[Stretch], tongue: str) -> str:
    """Stretches as one phrase."""
    chain = link(stretches, talk.messages, book.say("comma", tongue))
    return "".join(words for words, _ in chain)


def write(brief: Brief, talk: Dialogue, tongue: str) -> tuple[str, list[Json]]:
    """The prompt and its sources: the idea, the decisions, lettering, what must not be."""
    comma, texts = book.say("comma", tongue), lettering(brief)
    # A format is no thing to see; what is taken of a reference stands under its aspect.
    unseen = ("format", REFERENCE)
    seen = [(name, stretches) for name, stretches in brief.items() if name not in unseen]
    said = [(name, one) for name, stretches in seen for one in stretches if one[1]]
    # A style's light may be "without gradients"; only what it avoids is a refusal.
    refusals = [
        one for name, one in said if book.refuses(one[0]) and (name == "avoid" or _is_said(one))
    ]
    wishes = [(name, one) for name, one in said if one not in refusals]
    first = [one for _, one in wishes if one[1][0]["ref"] == "m1"]
    idea = [one for name, one in wishes if one in first or name in ("subject", book.begins(one[0]))]
    sentences = [link(idea, talk.messages, comma), list[Stretch]()]
    for name in brief:
        rest = [one for other, one in wishes if other == name and one not in idea]
        if name == "subject" and not brief[name][0][1]:
            rest = brief[name]
        known = book.data()["dimensions"].get(name, book.data()["voice"])["says"]
        pattern = str(known[tongue]).replace("{name}", name.replace("_", " "))
        joint = [(comma, list[Json]())] if sentences[1] else []
        sentences[1] += [*joint, *_fill(pattern, rest, comma)] if rest else []
    ours = any(not one[1] for name in LETTERED for one in brief.get(name, []))
    if texts or ours:
        sentences.append([(book.say("exactly" if texts else "wordless", tongue), [])])
    sentences.append(_fill("{}", refusals, comma) if refusals else [])
    return _assemble(sentences, book.say("stop", tongue), "" if tongue == "ja" else " ")


def lettering(brief: Brief) -> list[str]:
    """The texts that are to stand in the picture, to the letter."""
    words = [one[0] for name in LETTERED for one in brief.get(name, []) if one[1]]
    marks = [mark for one in words for mark in book.QUOTED.finditer(one)]
    return [next(filter(None, mark.groups())) for mark in marks]


def link(stretches: list[Stretch], messages: dict[str, str], comma: str) -> list[Stretch]:
    """Stretches in the order said, with the space between them in their message or a comma."""
    chain, end = list[Stretch](), ("", 0)
    for ref, text in messages.items():
        own = [one for one in stretches if one[1] and one[1][0]["ref"] == ref]
        for one in sorted(own, key=lambda one: text.find(one[1][0]["quote"])):
            start = text.find(one[1][0]["quote"])
            between = text[end[1] : start] if end[0] == ref else comma
            lead, words, _ = one[1][0]["quote"].partition(one[0])  # "of" where it is "of my dog"
            joint = comma if between.strip() else between + lead * bool(words)
            chain += [(joint, [])] if chain else []
            chain.append(one)
            end = ref, start + len(one[1][0]["quote"])
    for one in stretches:  # what a picture shows, and what we chose
        chain += [] if one in chain else [(comma if chain else "", []), one]
    return chain


def _fill(pattern: str, stretches: list[Stretch], comma: str) -> list[Stretch]:
    head, tail = pattern.split("{}")
    parts = [part for one in stretches for part in ((comma, list[Json]()), one)][1:]
    return [(head, []), *parts, (tail, [])]


def _assemble(sentences: list[list[Stretch]], stop: str, space: str) -> tuple[str, list[Json]]:
    """Put sentences together, each with a capital and a full stop."""
    prompt, sources = "", list[Json]()
    for stretches in filter(None, sentences):
        prompt, begins = prompt + (space if prompt else ""), True
        for words, said in stretches:
            text = words[:1].upper() + words[1:] if begins else words
            begins, prompt = begins and not words, prompt + text
            sources += [{"prompt": text, "said": said[::-1]}] if said else []
        prompt += stop
    return prompt, sources
