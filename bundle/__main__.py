"""Build the bundle for Claude Desktop: `python -m uv run python -m bundle`."""

import sys
from pathlib import Path

from bundle.build import NAME, build
from errors import Problem


def main() -> None:
    """Write `image-consultant.mcpb` into the folder in the arguments, `dist` without one."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "dist")
    try:
        bundle = build(folder / NAME)
    except Problem as problem:
        sys.exit(str(problem))
    sys.stdout.write(f"{bundle}, {bundle.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main()
