"""What can go wrong with what is kept."""

from errors import Problem


class StorageError(Problem):
    """Records or pictures could not be written or read."""


class UnknownId(StorageError):  # noqa: N818  # reads as what it is
    """Nothing is kept under this id."""
