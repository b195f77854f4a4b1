"""A request in which nothing is open, and the facilitator's answer to it."""

COMPLETE = "A flat vector illustration of a red fox for a website, in warm autumn colours, no text"


def quoted(words: str) -> list[dict[str, str]]:
    return [{"ref": "m1", "quote": words}]


DECISIONS = {
    "subject": "a red fox",
    "style": "flat vector illustration",
    "use": "for a website",
    "palette": "in warm autumn colours",
    "text": "no text",
}
PROMPT = "A flat vector illustration of a red fox for a website, in warm autumn colours. No text."
TURN = {
    "language": "en", "title": "Red fox", "image_type": "illustration", "reply": "Here it is.",
    "brief": [
        {"dimension": dimension, "value": words, "said": quoted(words), "open": False}
        for dimension, words in DECISIONS.items()
    ],
    "chosen": [], "questions": [], "prompt": PROMPT,
    "sources": [{"prompt": PROMPT, "said": quoted(COMPLETE)}], "lettering": [], "set_aside": [],
}  # fmt: skip
