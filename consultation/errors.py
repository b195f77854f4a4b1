"""What can go wrong in a dialogue."""

from errors import Problem


class ConsultationError(Problem):
    """The dialogue cannot go on as asked."""
