"""What can be wrong with a file of prompts."""

from problems import Problem


class PromptError(Problem):
    """A prompt file is missing, malformed, or was given the wrong variables."""
