"""Importing the data sets needs numpy alone and takes a moment."""

import subprocess
import sys


def test_import_needs_no_framework() -> None:
    """Keras, Pillow and others are imported by the functions that need them."""
    heavy = {"keras", "tensorflow", "torch", "jax", "PIL", "h5py", "safetensors", "filelock"}
    code = (
        "import sys, autograder.datasets, autograder.datasets.catalogue\n"
        f"print(sorted({heavy!r} & sys.modules.keys()))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"
