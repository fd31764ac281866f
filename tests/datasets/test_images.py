"""Image files as one mapped array."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autograder.datasets import DataError, images
from autograder.datasets.images import decoded


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Five pictures, each of one gray."""
    found = []
    for n in range(5):
        path = tmp_path / f"{n}.jpg"
        Image.new("RGB", (40 + n, 30), (50 * n,) * 3).save(path)
        found.append(path)
    return found


def test_shape_type_and_order(files: list[Path], tmp_path: Path) -> None:
    """As `load` promises."""
    found = decoded(files, (20, 24), tmp_path)
    assert found.shape == (5, 20, 24, 3)
    assert found.dtype == np.uint8
    np.testing.assert_allclose(found.mean(axis=(1, 2, 3)), [0, 50, 100, 150, 200], atol=3)


def test_array_is_mapped_and_read_only(files: list[Path], tmp_path: Path) -> None:
    """Several notebooks share it, and none can change another's images."""
    found = decoded(files, (20, 24), tmp_path)
    assert type(found) is np.ndarray
    assert isinstance(found.base, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 0


def test_decoded_once(files: list[Path], tmp_path: Path) -> None:
    """The files are not looked at again."""
    first = np.array(decoded(files, (20, 24), tmp_path))
    for path in files:
        path.unlink()
    np.testing.assert_array_equal(decoded(files, (20, 24), tmp_path), first)


@pytest.mark.parametrize("size", [(0, 5), (5,), (5, 5, 3), "64", 64, (2.5, 3), (5, 5000), None])
def test_wrong_size_is_told(files: list[Path], tmp_path: Path, size: object) -> None:
    """With what was expected."""
    with pytest.raises(DataError, match=r"expected \(height, width\), two integers from 1 to 1024"):
        decoded(files, size, tmp_path)  # type: ignore[arg-type]


def test_other_size_in_a_read_only_folder_is_told(
    files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the sizes that are there; so it is behind the walls."""
    decoded(files, (20, 24), tmp_path)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(DataError, match="expected images of 9x9, found 20x24"):
        decoded(files, (9, 9), tmp_path)


def test_full_disk_leaves_nothing_behind(
    files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room is asked for before anything is mapped: writing to a map of a full disk would kill."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(images, "_allocate", full)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(DataError, match="No space left on device"):
        decoded(files, (20, 24), tmp_path)
    assert sorted(tmp_path.iterdir()) == before
