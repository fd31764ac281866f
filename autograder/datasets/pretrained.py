"""VGG16 before its top: ImageNet's weights in profile full, a stand-in in profile small.

Simonyan & Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", 2014,
arXiv:1409.1556. The ImageNet weights are those of the Visual Geometry Group, Oxford (CC BY 4.0),
as converted by keras-applications. The stand-in is made here, without any download: _vgg16_stand_in
says how, docs/pretrained.md how good it is.

Both take images of (height, width, 3), RGB, 0..255, passed through
keras.applications.vgg16.preprocess_input, which changes RGB to BGR and takes ImageNet's mean colour
away; each side is at least 32. They return (height // 32, width // 32, 512), not negative.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograder.datasets import _vgg16_stand_in
from autograder.datasets._vgg16_stand_in import BLOCKS, Array, Layers, Recipe
from autograder.datasets.errors import DataError
from autograder.files import write_atomic
from autograder.quiet import quiet

Tensors = dict[str, Array]

LEAST_SIDE = 32
_LAYERS = tuple(
    (f"block{block}_conv{number}", width)
    for block, (width, depth) in enumerate(BLOCKS, start=1)
    for number in range(1, depth + 1)
)
_INPUTS = (3, *(width for _, width in _LAYERS[:-1]))
# Name and shape of each array, in the order of keras.applications; 14,714,688 parameters.
VGG16_TENSORS: tuple[tuple[str, tuple[int, ...]], ...] = tuple(
    tensor
    for (name, width), inputs in zip(_LAYERS, _INPUTS, strict=True)
    for tensor in ((f"{name}/kernel", (3, 3, inputs, width)), (f"{name}/bias", (width,)))
)


def make_stand_in(seed: int = 0) -> Tensors:
    """The stand-in's 26 arrays, float32, named and ordered as VGG16_TENSORS.

    Takes some minute on two processors. The same seed gives the same bits on the same machine with
    the same packages and number of threads; elsewhere sums are taken in another order, and since
    the weights are trained, small differences grow. Keras' global seed is neither set nor used.
    """
    with quiet():  # TensorFlow starts here, and tells of it
        return named(_vgg16_stand_in.make(seed, Recipe()))


def named(layers: Layers) -> Tensors:
    """Kernels and biases under the names of VGG16_TENSORS."""
    arrays = [array for layer in layers for array in layer]
    return {name: array for (name, _), array in zip(VGG16_TENSORS, arrays, strict=True)}


def write_weights(path: Path, tensors: Mapping[str, Array]) -> None:
    """Write the arrays to a safetensors file, whole or not at all. Raises DataError for others."""
    from safetensors.numpy import save

    checked = _checked(tensors, str(path))
    write_atomic(path, save({name: np.ascontiguousarray(a) for name, a in checked.items()}))


def read_weights(path: Path) -> Tensors:
    """The arrays of a file of write_weights. Raises DataError where it is missing or damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        found = load(path.read_bytes())
    except (OSError, SafetensorError) as error:
        raise DataError(
            f"{path}: expected VGG16's weights as safetensors, but: {_line(error)}; "
            "remove the file and prepare the data again"
        ) from error
    return _checked(found, str(path))


def from_h5(path: Path) -> Tensors:
    """The 26 arrays of keras-applications' vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5.

    Each layer's group holds one array of four dimensions, the kernel, and one of one, the bias,
    whatever they are called. Raises DataError where arrays or shapes are not VGG16's.
    """
    import h5py  # type: ignore[import-untyped]

    try:
        with h5py.File(path, "r") as file:
            found: dict[str, Any] = {}
            for layer, _ in _LAYERS:
                for array in _arrays(file.get(layer)):
                    part = {4: "kernel", 1: "bias"}.get(array.ndim, f"{array.ndim} dimensions")
                    if f"{layer}/{part}" in found:
                        raise DataError(f"{path}: expected one {part} in {layer}, found more")
                    found[f"{layer}/{part}"] = array
    except OSError as error:
        raise DataError(
            f"{path}: expected VGG16's weights as HDF5, but: {_line(error)}; download it again"
        ) from error
    return _checked(found, str(path))


def build_base(tensors: Mapping[str, Array], input_shape: tuple[int, int, int]) -> Any:
    """A keras.Model: VGG16's convolution base with these weights, trainable.

    input_shape: (height, width, 3), each side at least 32. Raises DataError for another, or for
    arrays that are not VGG16's.
    """
    import keras

    shape = tuple(input_shape)
    sides = all(isinstance(side, int | np.integer) and side >= LEAST_SIDE for side in shape[:2])
    if len(shape) != 3 or not sides or shape[2] != 3:
        raise DataError(
            f"input_shape: expected (height, width, 3) with sides of at least {LEAST_SIDE}, "
            f"found {input_shape!r}"
        )
    checked = _checked(tensors, "VGG16's weights")
    base = keras.applications.VGG16(weights=None, include_top=False, input_shape=shape)
    for layer, _ in _LAYERS:
        base.get_layer(layer).set_weights([checked[f"{layer}/kernel"], checked[f"{layer}/bias"]])
    return base


def tensor_digests(tensors: Mapping[str, Array]) -> dict[str, str]:
    """SHA-256 of each array: its dtype, its shape and its bytes, little-endian in C order."""
    return {name: _digest(np.asarray(array)) for name, array in tensors.items()}


def _digest(array: np.ndarray[Any, Any]) -> str:
    little = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
    digest = hashlib.sha256(f"{little.dtype.name} {array.shape}\n".encode())
    digest.update(little.tobytes())
    return digest.hexdigest()


def _checked(found: Mapping[str, Any], place: str) -> Tensors:
    """The arrays in order, if they are VGG16's, all of them float32 and finite."""
    wrong = [f"no {name}" for name, _ in VGG16_TENSORS if name not in found]
    wrong += [f"{name}, which is none of it" for name in sorted(found.keys() - dict(VGG16_TENSORS))]
    for name, shape in VGG16_TENSORS:
        array = found.get(name)
        if array is None:
            continue
        if array.shape != shape or array.dtype != np.float32:
            wrong.append(f"{name} of {array.shape} {array.dtype}, not {shape} float32")
        elif not np.isfinite(array).all():
            wrong.append(f"{name} with numbers that are not finite")
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise DataError(f"{place}: expected VGG16's 26 arrays, found {', '.join(wrong[:3])}{more}")
    return {name: found[name] for name, _ in VGG16_TENSORS}


def _arrays(group: Any) -> list[np.ndarray[Any, Any]]:
    """Every array below a group of an HDF5 file, whatever the groups between are called."""
    if group is None:
        return []
    if not hasattr(group, "values"):
        return [group[()]]
    return [array for below in group.values() for array in _arrays(below)]


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
