"""The tests, and the environment that they and their processes have before any import."""

import os

from cli import FASTMCP_DEFAULTS, FASTMCP_FIXED

# As the command line sets it. FastMCP's own log handler draws each traceback in colours on a
# stream that nobody reads: an eighth of the suite's processor time.
os.environ.update({**FASTMCP_DEFAULTS, **FASTMCP_FIXED})
# A child process that may not keep what it compiles compiles all that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
