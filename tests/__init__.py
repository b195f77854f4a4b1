"""The tests; FastMCP is set here as the command line sets it, before anything imports it."""

import os

from cli import FASTMCP_DEFAULTS, FASTMCP_FIXED

# Its own log handler draws each traceback in colours on a stream that nobody reads: an eighth of
# the suite's processor time.
os.environ.update({**FASTMCP_DEFAULTS, **FASTMCP_FIXED})
