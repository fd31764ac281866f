"""The workbench needs numpy alone to be imported."""

import subprocess
import sys


def test_import_needs_no_framework() -> None:
    """So that it can say what is missing."""
    heavy = {"keras", "tensorflow", "torch", "jax", "matplotlib", "IPython", "PIL", "filelock"}
    code = (
        "import sys, autograder.workbench\n"
        "own = [name for name in sys.modules if name.startswith('autograder.')]\n"
        "rooms = {name.split('.')[1] for name in own}\n"
        f"print(sorted({heavy!r} & sys.modules.keys()), sorted(rooms))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rooms = ["artifacts", "datasets", "errors", "files", "graphs", "quiet", "workbench"]
    assert said.stdout == f"[] {rooms}\n"
