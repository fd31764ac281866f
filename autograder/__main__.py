"""The console script: the commands, or one line on how to install them."""

from __future__ import annotations

import sys


def main() -> None:
    """Entry point of `autograder`."""
    try:
        _main()
    except KeyboardInterrupt:  # while modules are imported; the commands say more of it
        sys.exit(130)


def _main() -> None:
    if sys.argv[1:2] == ["check"]:  # students have no need of what the other commands import
        from autograder.workbench.command import main as check

        sys.exit(check(sys.argv[2:]))
    try:
        from autograder.cli import app
    except ModuleNotFoundError as error:
        sys.exit(
            f"autograder: the commands need {error.name}, which is not installed; "
            "install the package with its extra: pip install 'autograder[course]'"
        )
    app()


if __name__ == "__main__":
    main()
