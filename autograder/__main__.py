"""The console script: the commands, or one line on how to install them."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Entry point of `autograder`."""
    # nbgrader calls alembic by name, also when this environment is not activated
    os.environ["PATH"] = os.pathsep.join(
        [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    )
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
