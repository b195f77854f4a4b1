"""Start the command line: `uv run .` in a clone, `image-consultant` once installed.

The folders beside this file are imported by their plain names, so they must be
on the path before the first of them is.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from cli import main

if __name__ == "__main__":
    main()
