"""Binary pieces are named by their content, so that equal ones are one wherever they lie."""

from __future__ import annotations

import hashlib
import re

_DIGITS = 64
_NAME = re.compile(rf"[0-9a-f]{{{_DIGITS}}}\.[a-z]{{1,12}}")


def blob_name(data: bytes, suffix: str) -> str:
    """Returns the SHA-256 of `data` in hexadecimal and `suffix`, such as "9f86….npy"."""
    return hashlib.sha256(data).hexdigest() + suffix


def is_blob_name(name: str) -> bool:
    """Whether `name` is one that `blob_name` can give."""
    return _NAME.fullmatch(name) is not None


def is_named_rightly(name: str, data: bytes) -> bool:
    """Whether `name` is the one that `blob_name` gives `data`, whatever its suffix."""
    return is_blob_name(name) and name == blob_name(data, name[_DIGITS:])
