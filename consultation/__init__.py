"""From an idea to a refined prompt."""

__all__ = [
    "consultant",
    "consultation_result",
    "consultation_text",
    "conversation_list",
    "conversation_page",
    "decisions",
    "earlier_work",
    "facilitator",
    "preferences",
    "provenance",
    "recorded_result",
    "style_dialogue",
    "suggested_settings",
    "template_dialogue",
    "template_draft",
    "transcript",
    "turn",
    "words",
]
