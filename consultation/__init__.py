"""From an idea to a refined prompt."""

__all__ = [
    "consultant", "consultation_result", "conversation_list", "conversation_page", "facilitator",
    "facilitator_request", "modes", "preferences", "provenance", "quotes", "semantic_search",
    "template_dialogue", "template_draft",
]  # fmt: skip
