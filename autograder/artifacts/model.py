"""A Keras model as data: its config and its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograder.graphs import ModelGraph

if TYPE_CHECKING:
    import keras

Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class ModelData:
    """A model that somebody handed in. Immutable, so test cells may share it.

    config: what json.loads(model.to_json()) gives. tensors: the weights by "layer/variable", such
    as "block1_conv1/kernel" or "conv2d/bias", in the model's order; for a layer in a nested model
    the name of that model goes before, "vgg16/block1_conv1/kernel". Optimiser state, metrics and
    seeds are left out. steps: how often the optimiser says that it has moved them; None where there
    is none. live: the model itself, in the kernel that made it.
    """

    config: Mapping[str, Any]
    tensors: Tensors
    steps: int | None = None
    live: keras.Model | None = None

    @classmethod
    def of(cls, model: object) -> ModelData:
        """The data of a live Keras model. Raises NotDataError that says what to change."""
        raise NotImplementedError

    @cached_property
    def graph(self) -> ModelGraph:
        """Raises GraphError where the config is no model's."""
        return ModelGraph.from_keras(dict(self.config))

    @cached_property
    def digests(self) -> dict[str, str]:
        """SHA-256 of each tensor, as autograder.datasets.vgg16.vgg16_digests has them."""
        raise NotImplementedError

    @cached_property
    def restored(self) -> keras.Model:
        """A Keras model that computes the same: `live` where there is one, else built anew.

        Nothing that the student chose is deserialised: see autograder.artifacts.restoring. Raises
        NotDataError.
        """
        raise NotImplementedError

    def predict(self, images: NDArray[Any], batch_size: int = 64) -> NDArray[np.float32]:
        """The outputs for (n, height, width, channels) images, in inference mode, as an array."""
        raise NotImplementedError
