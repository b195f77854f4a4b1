"""What can go wrong before a picture is asked for."""

from errors import Problem


class GenerationError(Problem):
    """A picture cannot be drawn as asked. Nothing was charged."""
