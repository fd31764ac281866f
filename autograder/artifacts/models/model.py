"""A Keras model as data: its config and its weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts.errors import NotDataError
from autograder.artifacts.models.describing import describe
from autograder.artifacts.models.predicting import batch_size_for, check_images, predict
from autograder.artifacts.models.restoring import restore
from autograder.artifacts.models.sizes import check_sizes, widest, with_input
from autograder.graphs import GraphError, ModelGraph

if TYPE_CHECKING:
    import keras

Tensors = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class ModelData:
    """A model that somebody handed in. Immutable, so test cells may share it.

    config: what json.loads(model.to_json()) gives, without how it was compiled. tensors: the
    weights by "layer/variable", such as "block1_conv1/kernel" or "conv2d/bias", in the model's
    order; for a layer in a nested model the name of that model goes before,
    "vgg16/block1_conv1/kernel", and the second kernel of one layer is "kernel_2". They are finite,
    read-only, and of the variables' dtypes, but for bfloat16, which becomes float32. Optimiser
    state, metrics and seeds are left out. steps: how often the optimiser says that it has moved
    them; None where there is none. live: the model itself, in the kernel that made it.

    What came from a student is checked as late as it is used: taking one of `tensors`, and
    `digests`, `restored` and `predict`, raise NotDataError for what a live model cannot have given.
    """

    config: Mapping[str, Any]
    tensors: Tensors
    steps: int | None = None
    live: keras.Model | None = None

    @classmethod
    def of(cls, model: object) -> ModelData:
        """The data of a live Keras model. Raises NotDataError that says what to change."""
        data = cls(*describe(model), live=model)
        try:
            assert data.graph
        except GraphError as error:
            raise NotDataError(f"cannot be read: {error}") from None
        return data

    @cached_property
    def graph(self) -> ModelGraph:
        """Raises GraphError where the config is no model's."""
        return ModelGraph.from_keras(dict(self.config))

    @cached_property
    def digests(self) -> dict[str, str]:
        """SHA-256 of each tensor, as autograder.datasets.vgg16.vgg16_digests has them."""
        from autograder.datasets.pretrained import tensor_digests

        return tensor_digests(self.tensors)

    @cached_property
    def identity(self) -> str:
        """SHA-256 of config and weights: models of one identity say the same to every image."""
        told = json.dumps([self.config, self.digests], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()

    @cached_property
    def restored(self) -> keras.Model:
        """A Keras model that computes the same: `live` where there is one, else built anew.

        Nothing that the student chose is deserialised: see autograder.artifacts.models.restoring.
        Raises NotDataError.
        """
        if self.live is not None:
            return self.live
        return restore(self.config, self.tensors)

    def predict(self, images: NDArray[Any], batch_size: int = 64) -> NDArray[np.float32]:
        """The outputs for (n, height, width, channels) images, in inference mode: (n, …).

        Every batch has the same size, so that a backend that compiles does so once; it is smaller
        than `batch_size` where the model's layers put out very much. Raises NotDataError where the
        model does not take such images, or has several inputs or outputs.
        """
        model = self.restored
        check_images(model, images)
        graph = self._graph_on(images.shape[1:])
        check_sizes(graph)
        return predict(model, images, batch_size_for(widest(graph), batch_size))

    def _graph_on(self, shape: tuple[int, ...]) -> ModelGraph:
        """The graph for images of this shape: that of the config may leave lengths free."""
        if all(None not in (each.output_shape or (None,))[1:] for each in self.graph.inputs):
            return self.graph
        try:
            return ModelGraph.from_keras(with_input(self.config, shape))
        except GraphError as error:
            raise NotDataError(f"does not take these images: {error}") from None
