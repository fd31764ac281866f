"""Checks activations that a student has visualised: are they what the model's layers put out?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts import NotDataError
from autograder.checks.amounts import Amount, amount, at_least
from autograder.checks.findings import Finding, Outcome
from autograder.checks.numbers.reading import NotAnArray
from autograder.checks.subjects import model_data
from autograder.checks.visuals import layerwise
from autograder.checks.visuals.pictures import (
    Floats,
    as_floats,
    correlation,
    read_image,
    unreadable,
)
from autograder.checks.wording import count, legible, sentences, sizes
from autograder.graphs import ModelGraph

TWO_OR_MORE = at_least(2)
TOLERANCE = 0.02  # of the norm of a layer's output
SCALED = 0.95  # correlation with a layer's output, channel by channel, from which it was scaled
MAX_MAPS = 64
MAX_NAME = 60

ADVICE = (
    "Take the arrays from a model whose outputs are the layers' outputs, for this very image, and "
    "hand them in before they are scaled for display."
)
ADVICE_DEPTHS = "Choose convolution layers at different depths: one near the input, one further on."
ADVICE_FORM = "Hand in a dict from layer names to arrays, such as {'conv2d': activation}."

IS_ANOTHER = "these are the activations of {other}"
TRANSPOSED = "the channels come first; they belong last, (height, width, channels)"
ONE_CHANNEL = "this is a single channel of {other}; hand in all of them"
SHAPE = "it has the shape {given}, and the layer puts out {wanted}"
NO_SHAPE = "it has the shape {given}, which none of the model's layers puts out"
SCALED_FOR_DISPLAY = "it follows {other} channel by channel, but its values are scaled for display"
CONSTANT = "every entry is {value:.4g}"
OTHER_RANGE = "these are the activations for the image {how}"
WRONG = (
    "it differs from what {other} puts out for this image by {share:.0%}: it belongs to another "
    "image, or to the model before it was trained further"
)
TOO_MANY = f"There are more than {MAX_MAPS} arrays; choose some of them."
NONE = "There are no arrays in it."

_RANGES: dict[str, Callable[[NDArray[Any]], NDArray[Any]]] = {
    "with its pixel values multiplied by 255": lambda image: image * 255,
    "with its pixel values divided by 255": lambda image: image / 255,
    "with its colour channels in reverse order": lambda image: image[..., ::-1],
}

Outputs = Mapping[str, Floats]  # (height, width, channels), by the layers' ids


def activations(
    maps: object, model: object, image: object, depths: int | Amount = TWO_OR_MORE
) -> Finding:
    """Whether arrays are what a model's layers put out for an image; they are computed again.

        activations({"conv2d": a, "conv2d_2": b}, cnn, image)     # at two depths
        activations([a, b, c], cnn, image, depths=at_least(3))    # matched by shape and value
        activations({"block1_conv1": a}, vgg, image, depths=1)    # a layer of a nested model

    maps: a dict from layer names to arrays, a list of arrays, or one array; each (height, width,
    channels), a batch axis of 1 in front or not. image: as it is fed to the model. The outputs of
    convolutions and of what follows them count: normalisation, activation, pooling, merging. A
    layer's depth is the number of convolutions on the longest way to it, itself included.

    An array is right if its distance from the layer's output is at most 2 % of the output's norm.
    Through VGG16's 13 layers float16 comes to 0.1 % and bfloat16 to 0.7 %; in the first layer of a
    small CNN, the nearest of 200 other images and one more epoch of training both come to 13 %.

    The fraction is the share of arrays that are right, less where there are too few depths.
    """
    wanted = amount(depths)
    asked = f"the arrays are the activations of layers at {wanted} depths"
    data = model_data(model, asked)
    if isinstance(data, Finding):
        return data
    if finding := unreadable(maps, asked):
        return finding
    named = _named(maps)
    if isinstance(named, str):
        return Finding(Outcome.INCORRECT, asked, named, ADVICE_FORM)
    try:
        graph, kmodel = layerwise.graph_of(data), layerwise.live(data)
        batch = read_image(image, kmodel, asked)
        if isinstance(batch, Finding):
            return batch
        judge = _Judge.of(graph, kmodel, batch)
        return _finding([judge.judged(name, value) for name, value in named], wanted, asked)
    except NotDataError as error:
        return Finding(Outcome.INCORRECT, asked, sentences(f"The model {error}"))


@dataclass(frozen=True)
class _Judged:
    """What an array is: the layer that puts it out and its depth, or the problem with it."""

    label: str
    layer: str = ""
    depth: int = 0
    problem: str = ""


@dataclass(frozen=True, eq=False)
class _Judge:
    """The outputs of one model for one image, and the depths of the layers that put out maps.

    again: computes the outputs anew for another image.
    """

    outputs: Outputs
    depths: Mapping[str, int]
    batch: NDArray[Any]
    again: Callable[[NDArray[Any]], Outputs]

    @classmethod
    def of(cls, graph: ModelGraph, model: Any, batch: NDArray[Any]) -> _Judge:
        depths = _depths(graph)
        compute = partial(_outputs, model, depths)
        return cls(compute(batch), depths, batch, compute)

    def judged(self, name: str | None, value: object) -> _Judged:
        label = legible(name, MAX_NAME) if name is not None else ""
        array = as_floats(value)
        if isinstance(array, NotAnArray):
            return _Judged(label, problem=f"it {array.reason}")
        plane = array[0] if array.ndim == 4 and len(array) == 1 else array
        layer = self._named(name)
        equal = [each for each, real in self.outputs.items() if same(plane, real)]
        if equal and (layer is None or layer in equal):
            found = layer or equal[0]
            return _Judged(label or found, found, self.depths[found])
        return _Judged(label, problem=self._problem(plane, layer, equal))

    def _named(self, name: str | None) -> str | None:
        """The layer with this name; None for a title that is no layer's name."""
        ends = [each for each in self.outputs if name in (each, each.rsplit("/", 1)[-1])]
        return ends[0] if len(ends) == 1 else None

    def _problem(self, plane: Floats, layer: str | None, equal: list[str]) -> str:
        if equal:
            return IS_ANOTHER.format(other=_shown(equal[0]))
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
                return SCALED_FOR_DISPLAY.format(other=_shown(each))
        shares = {each: distance(plane, real) for each, real in fitting.items()}
        closest = min(shares, key=lambda each: shares[each])
        return WRONG.format(other=_shown(closest), share=min(shares[closest], 9.99))

    def _shape_problem(self, plane: Floats, layer: str | None) -> str:
        if plane.ndim == 3:
            turned = np.moveaxis(plane, 0, -1)
            if any(same(turned, real) for real in self.outputs.values()):
                return TRANSPOSED
        if plane.ndim == 2:
            for each, real in self.outputs.items():
                if real.shape[:2] == plane.shape and _is_channel(plane, real):
                    return ONE_CHANNEL.format(other=_shown(each))
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


def _named(maps: Any) -> list[tuple[str | None, object]] | str:
    """The arrays with their names, where they have any; a sentence where there are none."""
    if isinstance(maps, dict):
        found = [(key if isinstance(key, str) else None, each) for key, each in maps.items()]
    else:
        found = [(None, each) for each in (maps if isinstance(maps, list | tuple) else [maps])]
    if not found:
        return NONE
    return TOO_MANY if len(found) > MAX_MAPS else found


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


def _shown(layer: str) -> str:
    return legible(layer, MAX_NAME)


def _finding(judged: list[_Judged], wanted: Amount, asked: str) -> Finding:
    right = [each for each in judged if each.layer]
    depths = sorted({each.depth for each in right})
    details = [
        f"{each.label or f'array {number}'}: {each.problem}"
        for number, each in enumerate(judged, start=1)
        if each.problem
    ]
    layers = ", ".join(dict.fromkeys(_shown(each.layer) for each in right)) or "none"
    found = (
        f"{len(right)} of {count(len(judged), 'array')} are what the model puts out for the image "
        f"({layers}), at {count(len(depths), 'depth')}."
    )
    enough = wanted.allows(len(depths))
    if enough and not details:
        return Finding(Outcome.CORRECT, asked, found)
    if not enough:
        details.append(f"layers at {wanted} depths are asked for, found {len(depths)}")
    share = len(right) / len(judged) * (1 if enough else min(1, len(depths) / max(wanted.least, 1)))
    return Finding(
        Outcome.PARTLY_CORRECT if share else Outcome.INCORRECT,
        asked,
        found,
        ADVICE if len(right) < len(judged) else ADVICE_DEPTHS,
        share,
        details=tuple(details),
    )
