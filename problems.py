"""What went wrong, in words that a person or a model can act on."""


class Problem(Exception):
    """An expected failure: whole sentences saying what happened and the next step.

    Every package derives its errors from this one. The server shows their text to
    the client as it is; any other exception is a bug and its text stays hidden.
    """
