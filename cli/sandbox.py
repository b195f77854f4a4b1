"""The command `sandbox`: the stand-in for OpenAI as a server of its own."""

import sys


def sandbox(*, port: int = 8765) -> None:
    """Serve OpenAI's wire format on http://127.0.0.1:PORT/v1, until Ctrl-C.

    Any key is accepted. GET /sandbox/faults lists the failures it can play.

    Args:
        port: Where it listens, on this machine only.
    """
    from errors import Problem
    from sandbox.loopback import serve

    sys.stderr.write(
        f"The sandbox answers on http://127.0.0.1:{port}/v1. Set OPENAI_BASE_URL to that, and "
        "OPENAI_API_KEY to any word.\n"
    )
    try:
        serve(port)
    except OSError:
        raise Problem(f"Port {port} cannot be opened. Choose another with --port.") from None
