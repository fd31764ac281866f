"""What a Keras model says to images, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts.errors import NotDataError

MAX_BATCH_ENTRIES = 2**26  # numbers that one layer puts out for a batch: 256 MiB of float32
MAX_OUTPUT_ENTRIES = 2**27  # for all images

Images = NDArray[Any]


def predict(model: Any, images: Images, batch_size: int) -> NDArray[np.float32]:
    """The model's outputs in inference mode, (n, …). Every batch has the same size.

    Raises NotDataError where the model fails on these images.
    """
    batch_size = min(batch_size, max(len(images), 1))
    parts = []
    for start in range(0, len(images), batch_size):
        batch = np.asarray(images[start : start + batch_size], np.float32)
        filled = np.zeros((batch_size, *batch.shape[1:]), np.float32)
        filled[: len(batch)] = batch
        parts.append(_outputs(model, filled)[: len(batch)])
    return np.concatenate(parts)


def _outputs(model: Any, batch: Images) -> NDArray[np.float32]:
    """Not by model.predict: that compiles anew for each model, of which TensorFlow warns."""
    import keras

    try:
        # a functional model's one input may stand in a list or dict, as may its output
        nested = not isinstance(model, keras.Sequential)
        given = keras.tree.map_structure(lambda _: batch, model.input) if nested else batch
        (output,) = keras.tree.flatten(model(given, training=False))
        outputs = keras.ops.cast(output, "float32")
        found: NDArray[np.float32] = np.array(keras.ops.convert_to_numpy(outputs))
    except Exception as error:  # of any layer, for which its settings may have been forged
        raise NotDataError(f"fails on these images ({type(error).__name__})") from error
    if found.shape[:1] != batch.shape[:1]:
        raise NotDataError(f"gives an array of the shape {found.shape} for {len(batch)} images")
    return found


def check_images(model: Any, images: Images) -> None:
    """Raises NotDataError where the model does not take such images, or gives several outputs."""
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise NotDataError(
            f"has {len(model.inputs)} inputs and {len(model.outputs)} outputs; "
            "one input and one output are expected"
        )
    _, *wanted = model.inputs[0].shape  # Keras does not insist on a number of images
    given = images.shape[1:]
    fits = len(wanted) == len(given) and all(
        each in (None, length) for each, length in zip(wanted, given, strict=True)
    )
    if not fits:
        raise NotDataError(f"takes images of {_show(wanted)}; these are of {_show(given)}")
    entries = len(images) * prod(length or 1 for length in model.outputs[0].shape[1:])
    if entries > MAX_OUTPUT_ENTRIES:
        raise NotDataError(f"puts out {entries:,} numbers for {len(images):,} images, too many")


def batch_size_for(widest: int, wanted: int) -> int:
    """Fewer than wanted where a layer puts out very much for each image."""
    return max(1, min(wanted, MAX_BATCH_ENTRIES // widest))


def _show(shape: Sequence[int | None]) -> str:
    """(32, 32, 3) → "32×32×3", "?" for a length that is free."""
    return "×".join("?" if length is None else str(length) for length in shape) or "no axes"
