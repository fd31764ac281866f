"""The hidden images as a model takes them: their size, and how pixel values are scaled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts.models.features import Fed
from autograder.checks.predictions.conventions import UnfitError
from autograder.graphs import ModelGraph

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

MAX_SIDE = 384  # 1,000 images of that size are just below what evaluation.load decodes
CIFAR10_SIZE = (32, 32)
# Blue, green and red: ImageNet's mean colour, which keras.applications.vgg16 takes away.
_VGG16_MEAN = np.array([103.939, 116.779, 123.68], np.float32)

TITLES = {"cats_dogs": "cats and dogs", "cifar10": "CIFAR-10"}
ADVICE_SIZE = "Say so in the model: keras.Input(({height}, {width}, 3))."


def _shares(images: Pixels) -> Floats:
    return images.astype(np.float32) / np.float32(255)


def _around_zero(images: Pixels) -> Floats:
    return images.astype(np.float32) / np.float32(127.5) - np.float32(1)


def _vgg16(images: Pixels) -> Floats:
    return images[..., ::-1].astype(np.float32) - _VGG16_MEAN


# How a question may say that pixel values are fed, and what that makes of uint8 RGB in 0..255.
SCALINGS: Mapping[str, Callable[[Pixels], Floats]] = MappingProxyType(
    {
        "0..1": _shares,
        "0..255": lambda images: images.astype(np.float32),
        "-1..1": _around_zero,
        "vgg16": _vgg16,
    }
)


def check_question(dataset: str, inputs: str) -> None:
    """ValueError where one of them is none."""
    if dataset not in TITLES:
        raise ValueError(f"dataset: expected one of {', '.join(TITLES)}; received {dataset!r}")
    check_inputs(inputs)


def check_inputs(inputs: str) -> None:
    """ValueError where it is not one of SCALINGS."""
    if inputs not in SCALINGS:
        raise ValueError(f"inputs: expected one of {', '.join(SCALINGS)}; received {inputs!r}")


def image_size(graph: ModelGraph, dataset: str) -> tuple[int, int]:
    """The (height, width) that a model takes; a side that it leaves open is the data set's.

    Raises UnfitError where the model does not take such images.
    """
    if len(graph.inputs) != 1:
        raise UnfitError(f"The model has {len(graph.inputs)} inputs; expected one, the image")
    usual = _usual_size(dataset)
    advice = ADVICE_SIZE.format(height=usual[0], width=usual[1])
    shape = graph.inputs[0].output_shape or ()
    if len(shape) != 4 or shape[3] not in (3, None):
        words = " × ".join("any" if size is None else str(size) for size in shape[1:])
        raise UnfitError(
            f"The model takes {words or 'something else than images'}; "
            "expected height × width × 3, colours last",
            advice,
        )
    height, width = (given or side for given, side in zip(shape[1:3], usual, strict=True))
    if dataset == "cifar10" and (height, width) != CIFAR10_SIZE:
        found = f"The model takes images of {height} × {width}; expected 32 × 32"
        raise UnfitError(found, advice)
    if max(height, width) > MAX_SIDE:
        found = f"The model takes images of {height} × {width}; at most {MAX_SIDE} × {MAX_SIDE}"
        raise UnfitError(found, advice)
    return height, width


def _usual_size(dataset: str) -> tuple[int, int]:
    from autograder.datasets import cats_dogs  # with all that reads archives

    return cats_dogs.image_size() if dataset == "cats_dogs" else CIFAR10_SIZE


def hidden(dataset: str, size: tuple[int, int], inputs: str) -> tuple[Fed, Pixels]:
    """The hidden images of this size as they are fed, and their labels. Raises DataError."""
    from autograder.datasets import evaluation

    images, labels = evaluation.load(dataset, size)
    key = f"{evaluation.key(dataset)} {size[0]}x{size[1]} {inputs}"
    return Fed(images, SCALINGS[inputs], key), labels
