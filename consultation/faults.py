"""What can be wrong with a turn, as it is told to the model that has to put it right."""

from typing import NamedTuple


class Fault(NamedTuple):
    """One thing that is wrong: which rule, where, what to do; `words` are the person's."""

    rule: str
    where: str
    advice: str
    serious: bool = True
    words: str = ""
