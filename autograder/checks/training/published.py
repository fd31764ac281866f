"""A pre-trained base as it was published, and which tensors of a model are its."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from autograder.artifacts import ModelData, NotDataError
from autograder.artifacts.models.model import Tensors
from autograder.checks.numbers.reading import Array

LEAST_COSINE = 0.3


@dataclass(frozen=True)
class Published:
    """A base's tensors in order. `values` reads them, which takes longer than their digests."""

    name: str
    digests: Mapping[str, str]
    shapes: Mapping[str, tuple[int, ...]]
    values: Callable[[], Tensors]

    @property
    def kernels(self) -> list[str]:
        return [name for name, shape in self.shapes.items() if len(shape) > 1]


def published(base: object) -> Published:
    """The base that is called so ("vgg16"), or that a model is. ValueError for anything else."""
    if isinstance(base, str):
        if base != "vgg16":
            raise ValueError(f'base is "vgg16" or a model; received {base!r}')
        return _vgg16()
    try:
        data = base if isinstance(base, ModelData) else ModelData.of(base)
    except NotDataError as error:
        raise ValueError(f"base is no model that can be compared with: it {error}") from error
    shapes = {name: tensor.shape for name, tensor in data.tensors.items()}
    return Published("the base", data.digests, shapes, lambda: data.tensors)


def find_in(model: ModelData, base: Published) -> dict[str, str]:
    """What the model calls each of the base's tensors; left out are those that it does not have.

    Found by digest; else, since it may have been trained, by the names of its layer and variable;
    else by its shape, behind the tensor that stands before it in the base.
    """
    shapes = {key: tensor.shape for key, tensor in model.tensors.items()}
    places = {key: place for place, key in enumerate(shapes)}
    search = _Search(base, model.digests, shapes, places, dict(places))
    found: dict[str, str] = {}
    for rule in (search.same_digest, search.same_name, search.same_place):
        before = -1
        for name in base.digests:
            key = found.get(name) or rule(name, before)
            if key is not None:
                found[name], before = key, places[key]
                search.free.pop(key, None)
    return {name: found[name] for name in base.digests if name in found}


def started_from(pairs: Iterable[tuple[Array, Array]]) -> bool:
    """Whether kernels (after, before) were trained on from there rather than made anew.

    By the cosine of the angle between all their entries before and after. Measured on a network of
    six convolutions with five heads: what was trained on keeps 0.84 and more at learning rates up
    to 0.001, 0.39 at 0.01, which ruins it; what was made anew comes to 0.05 in convolutions and to
    0.04 in heads with a hidden layer. A head of one layer made anew comes to 0.11 in three epochs,
    but in thirty to 0.7, to the same solution; it passes then. Biases are not looked at: they are
    few, and start from nought. True where there is no kernel.
    """
    inner, after_squared, before_squared = 0.0, 0.0, 0.0
    kernels = [(after, before) for after, before in pairs if before.ndim > 1]
    for one, other in ((_flat(after), _flat(before)) for after, before in kernels):
        inner += float(one @ other)
        after_squared += float(one @ one)
        before_squared += float(other @ other)
    lengths = math.sqrt(after_squared) * math.sqrt(before_squared)
    return not kernels or (lengths > 0 and inner / lengths >= LEAST_COSINE)


def moved_by(after: Array, before: Array) -> float:
    """How far a tensor lies from where it was, as a share of its length; if that is 0, as it is."""
    distance = float(np.linalg.norm(_flat(after) - _flat(before)))
    return distance / (float(np.linalg.norm(_flat(before))) or 1.0)


def layer_of(name: str) -> str:
    """ "block1_conv1" of "vgg16/block1_conv1/kernel"."""
    return name.rpartition("/")[0].rpartition("/")[2]


@dataclass
class _Search:
    """Looks for the base's tensors among those of a model that are still `free`."""

    base: Published
    digests: Mapping[str, str]
    shapes: Mapping[str, tuple[int, ...]]
    places: Mapping[str, int]
    free: dict[str, int]

    def same_digest(self, name: str, before: int) -> str | None:
        """Of equal tensors, such as biases that are all nought, the one of the same name."""
        keys = [key for key in self.free if self.digests[key] == self.base.digests[name]]
        return next((key for key in keys if _ends_alike(key, name)), keys[0] if keys else None)

    def same_name(self, name: str, before: int) -> str | None:
        return next((key for key in self._of_shape(name) if _ends_alike(key, name)), None)

    def same_place(self, name: str, before: int) -> str | None:
        """`before`: the place of the tensor that stands before it in the base."""
        return next((key for key in self._of_shape(name) if self.places[key] > before), None)

    def _of_shape(self, name: str) -> Iterator[str]:
        return (key for key in self.free if self.shapes[key] == self.base.shapes[name])


def _ends_alike(one: str, other: str) -> bool:
    """Whether layer and variable have the same names, in whatever model."""
    return one.split("/")[-2:] == other.split("/")[-2:]


def _flat(array: Array) -> Array:
    return np.asarray(array, np.float64).reshape(-1)


def _vgg16() -> Published:
    from autograder.datasets import vgg16  # with all that reads archives
    from autograder.datasets.pretrained import VGG16_TENSORS

    return Published("VGG16", vgg16.vgg16_digests(), dict(VGG16_TENSORS), vgg16.vgg16_tensors)
