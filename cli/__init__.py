"""The command line `image-consultant`."""

from settings import load_settings


def main() -> None:
    """Run the command that the arguments name."""
    from server import create_server

    create_server(load_settings()).run(show_banner=False)
