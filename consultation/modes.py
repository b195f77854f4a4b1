"""How deep a dialogue goes, and how many questions that allows."""

BUDGETS: dict[str, int] = {"quick": 2, "guided": 5, "explorer": 10, "skip": 0}
"""Questions in all. The code keeps them, whatever the model would like to ask."""


def questions_left(mode: str, asked: int) -> int:
    """How many questions may still be put in a dialogue that has put some."""
    return max(0, BUDGETS[mode] - asked)
