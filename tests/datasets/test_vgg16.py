"""The pre-trained base as notebooks get it."""

from pathlib import Path

import numpy as np
import pytest

from autograder.datasets import DataError, pretrained_vgg16, vgg16, vgg16_digests
from autograder.datasets.pretrained import VGG16_TENSORS, tensor_digests


@pytest.fixture
def weights(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """Weights that are made in a moment."""
    rng = np.random.default_rng(0)
    made = {name: 0.1 * rng.standard_normal(shape, np.float32) for name, shape in VGG16_TENSORS}
    monkeypatch.setattr(vgg16, "make_stand_in", lambda: made)
    return made


def test_base_has_the_weights_that_the_digests_tell(weights: dict[str, np.ndarray]) -> None:
    """Which is how a frozen base is known."""
    base = pretrained_vgg16((32, 64, 3))
    assert base.output_shape == (None, 1, 2, 512)
    arrays = [np.asarray(variable) for variable in base.weights]
    assert len(arrays) == 26
    named = dict(zip(weights, arrays, strict=True))
    assert tensor_digests(named) == vgg16_digests() == tensor_digests(weights)


def test_weights_are_made_once(
    weights: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And found again."""
    before = vgg16_digests()
    monkeypatch.setattr(vgg16, "make_stand_in", lambda: pytest.fail("made again"))
    assert vgg16_digests() == before


def test_real_weights_need_the_real_file(full: None, tmp_path: Path) -> None:
    """Something else in its place is refused, and stays where it is."""
    path = tmp_path / "data/downloads" / vgg16.RECIPE.remote.file_name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not the weights")
    with pytest.raises(DataError, match=path.name):
        vgg16_digests()
    assert path.read_bytes() == b"not the weights"
    assert not (tmp_path / "data/students").exists()
