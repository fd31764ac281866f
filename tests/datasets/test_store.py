"""Where the data lie."""

from pathlib import Path

import pytest

from autograder.datasets import DataError, profile
from autograder.datasets.store import Store, locked, read_manifest, writing


def test_environment_names_root_and_profile(tmp_path: Path) -> None:
    """AUTOGRADER_DATA and AUTOGRADER_PROFILE."""
    found = Store.from_environment({"AUTOGRADER_DATA": str(tmp_path), "AUTOGRADER_PROFILE": "full"})
    assert found == Store(tmp_path, "full")
    assert found.students("cifar10") == tmp_path / "students/full/cifar10"
    assert found.evaluation("cifar10") == tmp_path / "evaluation/full/cifar10"


def test_without_them_a_cache_and_the_small_profile(tmp_path: Path) -> None:
    """What a student has who sets nothing."""
    assert Store.from_environment({"XDG_CACHE_HOME": str(tmp_path)}) == Store(
        tmp_path / "autograder", "small"
    )
    assert Store.from_environment({}).root == Path.home() / ".cache/autograder"


def test_unknown_profile_is_refused() -> None:
    """With the names of those there are."""
    with pytest.raises(DataError, match="expected small or full, found 'medium'"):
        Store.from_environment({"AUTOGRADER_PROFILE": "medium"})


def test_profile_is_the_environments_or_small() -> None:
    """What a notebook asks for when its sizes depend on it."""
    assert profile({}) == profile({"AUTOGRADER_PROFILE": ""}) == "small"
    assert profile({"AUTOGRADER_PROFILE": "full"}) == "full"
    with pytest.raises(DataError, match="AUTOGRADER_PROFILE"):
        profile({"AUTOGRADER_PROFILE": "medium"})


def test_folder_without_a_whole_manifest_is_not_prepared(tmp_path: Path) -> None:
    """None, a broken one, and one that is no object."""
    assert read_manifest(tmp_path) is None
    for text in ("{", "[]"):
        (tmp_path / "manifest.json").write_text(text)
        assert read_manifest(tmp_path) is None


def test_what_the_disk_refuses_is_one_line(tmp_path: Path) -> None:
    """Where, why and what to do."""
    with (
        pytest.raises(DataError, match=r"cannot be written: No space left.*AUTOGRADER_DATA"),
        writing(tmp_path),
    ):
        raise OSError(28, "No space left on device", str(tmp_path))


def test_data_directory_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    """Here a file stands in its place."""
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"), locked(tmp_path / "file" / "lock"):
        pass
