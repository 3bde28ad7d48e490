"""The entry point: `vapor-tui`, and `python -m vapor_tui`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and return the exit code."""
    from vapor_tui.cli.entry import start

    return start(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
