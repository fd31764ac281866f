"""Libraries kept from what nobody wants of them: writing past Python, importing for seconds."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def skip_slow_imports() -> None:
    """Call before nbformat or nbgrader is imported.

    jsonschema imports, if it is there, a grammar of internationalised addresses: more than a second
    for a format that no notebook has.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


@contextmanager
def quiet() -> Iterator[None]:
    """What C++ libraries write to stderr goes nowhere; Python's errors are raised as ever.

    TensorFlow's log of its start does not heed TF_CPP_MIN_LOG_LEVEL.
    """
    try:
        kept = os.dup(2)
    except OSError:  # stderr is closed
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
