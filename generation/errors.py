"""What can go wrong before a picture is asked for."""

from problems import Problem


class GenerationError(Problem):
    """A picture cannot be drawn as asked. Nothing was charged."""
