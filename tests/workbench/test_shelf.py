"""Where trainings are kept."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from autograder.workbench.identity import Identity
from autograder.workbench.shelf import DamagedError, Shelf, Trained, read, stem_of

IDENTITY = Identity("ab" * 32)
TRAINED = Trained({1: np.ones((2, 3), np.float32)}, {"loss": [0.5, float("nan")]}, 1000.0)
SHAPES: list[tuple[int, ...]] = [(4,), (2, 3)]


def test_what_is_kept_is_read(tmp_path: Path) -> None:
    """Weights by their number, the history, the time."""
    path = Shelf(tmp_path).keep("cnn", IDENTITY, TRAINED)
    assert list(Shelf(tmp_path).candidates("cnn", IDENTITY)) == [path]
    found = read(path, IDENTITY, SHAPES)
    assert found is not None and list(found.weights) == [1] and found.when == 1000
    np.testing.assert_array_equal(found.weights[1], TRAINED.weights[1])
    np.testing.assert_array_equal(found.history["loss"], TRAINED.history["loss"])


@pytest.mark.parametrize(
    ("identity", "shapes"),
    [(Identity("cd" * 32), SHAPES), (IDENTITY, [(4,), (3, 2)]), (IDENTITY, [(4,)])],
)
def test_file_that_does_not_fit_is_damaged(
    identity: Identity, shapes: list[tuple[int, ...]], tmp_path: Path
) -> None:
    """Another training under this name; weights of other shapes; too many."""
    path = Shelf(tmp_path).keep("cnn", IDENTITY, TRAINED)
    with pytest.raises(DamagedError):
        read(path, identity, shapes)


def test_trainings_on_near_features_are_the_same(tmp_path: Path) -> None:
    """Each has a file of its own; the one is taken whose features are near."""
    shelf = Shelf(tmp_path)
    one, other = Identity("ab" * 32, (1.0, 1e-6)), Identity("ab" * 32, (2.0, 1e-6))
    paths = {shelf.keep("head", each, TRAINED) for each in (one, other)}
    nearly = Identity("ab" * 32, (1.0000001, 1e-6))
    assert set(shelf.candidates("head", nearly)) == paths
    assert [read(path, nearly, SHAPES) is None for path in (shelf.place("head", one),)] == [False]
    assert read(shelf.place("head", other), nearly, SHAPES) is None


def test_oldest_make_room(tmp_path: Path) -> None:
    """Those that were used longest ago go; what was just written stays, however large."""
    shelf = Shelf(tmp_path)
    paths = [shelf.keep("cnn", Identity(f"{n}" * 64), TRAINED) for n in range(3)]
    size = paths[0].stat().st_size
    for path, time in zip(paths, (300, 100, 200), strict=True):
        os.utime(path, (time, time))
    newest = Shelf(tmp_path, max_bytes=2 * size + 99).keep("cnn", Identity("f" * 64), TRAINED)
    assert set(tmp_path.iterdir()) == {paths[0], newest}
    last = Shelf(tmp_path, max_bytes=1).keep("cnn", Identity("e" * 64), TRAINED)
    assert set(tmp_path.iterdir()) == {last}


def test_folder_is_the_environments_or_in_the_cache(tmp_path: Path) -> None:
    """AUTOGRADER_TRAINED, else beside the data that students' notebooks make."""
    assert Shelf.from_environment({"AUTOGRADER_TRAINED": "/some"}).folder == Path("/some")
    found = Shelf.from_environment({"XDG_CACHE_HOME": str(tmp_path)})
    assert found.folder == tmp_path / "autograder/trained"


def test_any_name_makes_a_file_name() -> None:
    """No folder is left, nothing is hidden."""
    assert stem_of("../a b/ü") == "_a_b_" and stem_of("..") == "model"
