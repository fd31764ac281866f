"""What is drawn in a panel, as a digest: two panels that show the same data have the same one.

Pictures alone do not tell: drawn in another place, the same data falls on other pixels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np


def digest_of(axes: Any) -> str:
    """SHA-256 of the images, lines, areas and collections in a panel, with colours and limits.

    Its texts are left out, so that a copy under another name stays a copy. "" where it is empty.
    """
    parts = [
        *(part for image in axes.images for part in _mapped(image)),
        *(part for line in axes.lines for part in _line(line)),
        *(part for patch in axes.patches for part in _patch(patch)),
        *(part for collection in axes.collections for part in _collection(collection)),
    ]
    if not parts:
        return ""
    digest = hashlib.sha256()
    for part in (*parts, axes.get_xlim(), axes.get_ylim()):
        array = np.ascontiguousarray(part)
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def joined(first: str, second: str) -> str:
    """The digest of two panels in one place."""
    both = f"{first}{second}".encode()
    return hashlib.sha256(both).hexdigest() if first and second else first or second


def _mapped(artist: Any) -> Iterable[Any]:
    """The numbers of an image or a mesh, and how they become colours."""
    numbers = artist.get_array()
    if numbers is not None:
        yield np.ma.filled(np.ma.asarray(numbers, np.float64), np.nan)
        yield str(artist.get_cmap().name)
        yield np.array(artist.get_clim(), np.float64)


def _line(line: Any) -> Iterable[Any]:
    yield np.asarray(line.get_xydata(), np.float64)
    yield str(line.get_color())


def _patch(patch: Any) -> Iterable[Any]:
    yield patch.get_patch_transform().transform(patch.get_path().vertices)
    yield np.array(patch.get_facecolor(), np.float64)


def _collection(collection: Any) -> Iterable[Any]:
    yield from _mapped(collection)
    yield np.asarray(collection.get_offsets(), np.float64)
    yield from (path.vertices for path in collection.get_paths())
    yield np.asarray(collection.get_facecolor(), np.float64)
