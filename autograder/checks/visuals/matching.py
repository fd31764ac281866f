"""Which of a model's layers puts an array out for an image; if none does, why not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.checks.numbers.reading import NotAnArray
from autograder.checks.visuals import layerwise
from autograder.checks.visuals.pictures import Floats, as_floats, correlation
from autograder.checks.wording import percent, shown, sizes
from autograder.graphs import ModelGraph

TOLERANCE = 0.02  # of the norm of a layer's output
SCALED = 0.95  # correlation with a layer's output, channel by channel, from which it was scaled
MAX_DIFFERENCE = 9.99  # that is told

IS_ANOTHER = "these are the activations of {other}"
TRANSPOSED = "the channels come first; they belong last, (height, width, channels)"
ONE_CHANNEL = "this is a single channel of {other}; hand in all of them"
SHAPE = "it has the shape {given}; expected {wanted}, as the layer puts it out"
NO_SHAPE = "it has the shape {given}, which none of the model's layers puts out"
SCALED_FOR_DISPLAY = "it follows {other} channel by channel, but its values are scaled for display"
CONSTANT = "every entry is {value:.4g}"
OTHER_RANGE = "these are the activations for the image {how}"
WRONG = (
    "it differs by {share} from what {other} puts out for this image: it belongs to another image, "
    "to another model, or to this one before it was trained further"
)

_RANGES: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "with its pixel values multiplied by 255": lambda image: image * 255,
    "with its pixel values divided by 255": lambda image: image / 255,
    "with its colour channels in reverse order": lambda image: image[..., ::-1],
}

Outputs = Mapping[str, Floats]  # (height, width, channels), by the layers' ids


@dataclass(frozen=True)
class Matched:
    """What an array is: the layer that puts it out and its depth, or the problem with it."""

    label: str
    layer: str = ""
    depth: int = 0
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Matching:
    """The outputs of one model for one image, and the depths of the layers that put out maps.

    again: computes the outputs anew for another image.
    """

    outputs: Outputs
    depths: Mapping[str, int]
    batch: NDArray[Any]
    again: Callable[[NDArray[Any]], Outputs]

    @classmethod
    def of(cls, graph: ModelGraph, model: Any, batch: NDArray[Any]) -> Matching:
        depths = _depths(graph)
        compute = partial(_outputs, model, depths)
        return cls(compute(batch), depths, batch, compute)

    def match(self, name: str | None, value: object) -> Matched:
        label = shown(name) if name is not None else ""
        array = as_floats(value)
        if isinstance(array, NotAnArray):
            return Matched(label, problem=f"it {array.reason}")
        plane = array[0] if array.ndim == 4 and len(array) == 1 else array
        layer = self._named(name)
        equal = [each for each, real in self.outputs.items() if same(plane, real)]
        if equal and (layer is None or layer in equal):
            found = layer or equal[0]
            return Matched(label or found, found, self.depths[found])
        return Matched(label, problem=self._problem(plane, layer, equal))

    def _named(self, name: str | None) -> str | None:
        """The layer with this name; None for a title that is no layer's name."""
        ends = [each for each in self.outputs if name in (each, each.rsplit("/", 1)[-1])]
        return ends[0] if len(ends) == 1 else None

    def _problem(self, plane: Floats, layer: str | None, equal: list[str]) -> str:
        if equal:
            return IS_ANOTHER.format(other=shown(equal[0]))
        if plane.size and np.ptp(plane) == 0:
            return CONSTANT.format(value=float(plane.flat[0]))
        near = {layer: self.outputs[layer]} if layer else self.outputs
        fitting = {each: real for each, real in near.items() if real.shape == plane.shape}
        if not fitting:
            return self._shape_problem(plane, layer)
        for how, change in _RANGES.items():
            again = self.again(change(self.batch))
            if any(same(plane, again[each]) for each in fitting):
                return OTHER_RANGE.format(how=how)
        for each, real in fitting.items():
            if _follows(plane, real):
                return SCALED_FOR_DISPLAY.format(other=shown(each))
        shares = {each: distance(plane, real) for each, real in fitting.items()}
        closest = min(shares, key=lambda each: shares[each])
        share = percent(min(shares[closest], MAX_DIFFERENCE))
        return WRONG.format(other=shown(closest), share=share)

    def _shape_problem(self, plane: Floats, layer: str | None) -> str:
        if plane.ndim == 3:
            turned = np.moveaxis(plane, 0, -1)
            if any(same(turned, real) for real in self.outputs.values()):
                return TRANSPOSED
        if plane.ndim == 2:
            for each, real in self.outputs.items():
                if real.shape[:2] == plane.shape and _is_channel(plane, real):
                    return ONE_CHANNEL.format(other=shown(each))
        given = sizes(plane.shape)
        if layer is None:
            return NO_SHAPE.format(given=given)
        return SHAPE.format(given=given, wanted=sizes(self.outputs[layer].shape))


def distance(array: Floats, real: Floats) -> float:
    """The norm of the difference of two arrays of one shape, as a share of the second's norm."""
    norm = float(np.linalg.norm(real.astype(np.float64)))
    apart = float(np.linalg.norm(array.astype(np.float64) - real))
    return apart / norm if norm > 0 else (np.inf if apart else 0.0)


def same(array: Floats, real: Floats) -> bool:
    """Whether an array is a layer's output, within the tolerance."""
    return array.shape == real.shape and distance(array, real) <= TOLERANCE


def _depths(graph: ModelGraph) -> dict[str, int]:
    """By the ids of the layers behind a convolution: the convolutions on the longest way there."""
    depth: dict[str, int] = {}
    for layer in graph.layers:
        before = max((depth[each] for each in layer.inputs), default=0)
        depth[layer.id] = before + layer.is_convolution
    return {
        layer.id: depth[layer.id] for layer in graph.layers if layer.on_path and depth[layer.id]
    }


def _outputs(model: Any, depths: Mapping[str, int], batch: NDArray[Any]) -> Outputs:
    found = layerwise.outputs_of(model, batch)
    return {name: np.asarray(found[name][0], np.float32) for name in depths if name in found}


def _follows(plane: Floats, real: Floats) -> bool:
    """Whether, channel by channel, the array rises and falls with the layer's output."""
    varying = [each for each in range(real.shape[-1]) if np.ptp(real[..., each]) > 0]
    found = [correlation(plane[..., each], real[..., each]) for each in varying]
    return bool(found) and float(np.median(found)) >= SCALED


def _is_channel(plane: Floats, real: Floats) -> bool:
    return any(
        real[..., each].any() and same(plane, real[..., each]) for each in range(real.shape[-1])
    )
