"""A pre-trained VGG16 convolution base, and the digests by which a frozen one is known.

Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014,
https://arxiv.org/abs/1409.1556. Profile full: the ImageNet weights of the Visual Geometry Group,
Oxford (CC BY 4.0), as keras.applications publishes them. Profile small: weights of the same shapes
that `autograder.datasets.pretrained` makes in their place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograder.datasets.download import VGG16
from autograder.datasets.preparing import Recipe, Stage, students_folder
from autograder.datasets.pretrained import (
    Tensors,
    build_base,
    from_h5,
    make_stand_in,
    read_weights,
    tensor_digests,
    write_weights,
)
from autograder.datasets.store import SMALL, read_manifest

if TYPE_CHECKING:
    import keras

_WEIGHTS = "weights.safetensors"


def pretrained_vgg16(input_shape: tuple[int, int, int]) -> keras.Model:
    """VGG16 without its top, with pre-trained weights; made or fetched on first use.

    input_shape: (height, width, 3), sides of 32 pixels or more. The model takes RGB images that
    went through keras.applications.vgg16.preprocess_input, which wants values from 0 to 255, and
    gives features of the shape (batch, height // 32, width // 32, 512). It is trainable: freeze it
    with `base.trainable = False`. Raises DataError.
    """
    return build_base(vgg16_tensors(), input_shape)


def vgg16_tensors() -> Tensors:
    """The 26 arrays by name, float32: "block1_conv1/kernel" has the shape (3, 3, 3, 64)."""
    return read_weights(students_folder(RECIPE) / _WEIGHTS)


def vgg16_digests() -> dict[str, str]:
    """The SHA-256 of each of the 26 tensors, such as "block1_conv1/kernel"."""
    manifest = read_manifest(students_folder(RECIPE))
    assert manifest is not None
    return dict(manifest["digests"])


def _fill(stage: Stage) -> dict[str, Any]:
    tensors = make_stand_in() if stage.profile == SMALL else from_h5(stage.archive())
    write_weights(stage.students / _WEIGHTS, tensors)
    return {"digests": tensor_digests(tensors)}


RECIPE = Recipe("vgg16", 1, VGG16, _fill)
