"""`autograder check` where only the student's part of the kit is installed."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from shutil import get_terminal_size

from autograder.errors import UserError
from autograder.quiet import skip_slow_imports
from autograder.workbench.selfcheck import CELL_TIMEOUT_S, check

USAGE = 2
WIDTH = 100  # columns at most


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse `arguments` (default: the command line's) and check; the exit code."""
    parser = argparse.ArgumentParser(
        "autograder check",
        description="Run a notebook's visible tests here and print their cards. "
        "Exit codes: 0 all pass, 1 not all, 2 wrong usage.",
    )
    parser.add_argument("notebook", type=Path, help="Your notebook; it is only read.")
    parser.add_argument(
        "--timeout", type=_seconds, default=CELL_TIMEOUT_S, help="Seconds for one cell."
    )
    parser.add_argument("--verbose", "-v", action="store_true", help="Passed checks, tracebacks.")
    options = parser.parse_args(arguments)
    skip_slow_imports()
    try:
        return check(options.notebook, say, timeout_s=options.timeout, verbose=options.verbose)
    except UserError as error:
        print(f"autograder: {error}", file=sys.stderr)
        return USAGE


def _seconds(text: str) -> int:
    seconds = int(text)
    if seconds < 1:
        raise argparse.ArgumentTypeError(f"expected 1 or more seconds, received {seconds}")
    return seconds


def say(text: str) -> None:
    """Print at once; long lines go on below their own beginning."""
    width = min(WIDTH, get_terminal_size().columns)
    for line in text.split("\n"):
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        folded = textwrap.fill(line, width, subsequent_indent=indent, drop_whitespace=True)
        encoding = sys.stdout.encoding or "utf-8"  # a Windows console may know no ✓
        print(folded.encode(encoding, "replace").decode(encoding), flush=True)


if __name__ == "__main__":
    sys.exit(main())
