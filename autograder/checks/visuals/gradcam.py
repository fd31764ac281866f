"""Checks a Grad-CAM heatmap against the one that is computed again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts import NotDataError
from autograder.checks.findings import Finding, Outcome, incorrect
from autograder.checks.numbers.reading import NotAnArray
from autograder.checks.subjects import model_data, no_data
from autograder.checks.visuals import layerwise
from autograder.checks.visuals.class_maps import class_count, class_map, input_gradient, map_layers
from autograder.checks.visuals.pictures import Floats, as_floats, correlation, read_image
from autograder.checks.visuals.reference import resized
from autograder.checks.wording import count, sentences, shown, sizes
from autograder.graphs import ModelGraph

if TYPE_CHECKING:
    import keras

LIKE = 0.95  # Pearson's correlation
MAX_LAYERS = 8  # behind the last convolution
MAX_CLASSES = 10  # that are tried to explain a wrong heatmap
SIDES = (2, 2_048)
# How students bring a small map to the image's size.
UPSAMPLINGS = ("bilinear", "nearest", "bicubic")

FORM = "The heatmap has the shape {shape}; expected (height, width), from 2 to 2,048 a side."
OVERLAY = "The heatmap has the shape {shape}: it is a picture in colours."
ADVICE_HEATMAP = "Hand in the heatmap itself, (height, width), before it is laid over the image."
BLANK = "Every entry of the heatmap is {value:.4g}."
ADVICE_BLANK = (
    "Where the network is certain, the gradient of a probability vanishes: take that of the score "
    "before the softmax or sigmoid. Check as well that it belongs to the class asked for."
)
RIGHT = "The correlation with the heatmap computed again ({layer}) is {found:.2f}."
RIGHT_BLANK = "Nothing in the image speaks for the class; the heatmap is blank, as it should be."
WRONG = "The correlation with the heatmap computed again is {found:.2f}; expected at least {like}."
ADVICE = (
    "Weight the maps of the last convolution by the mean gradient of the class's score, add them "
    "up, cut off what is below 0. Use the model and the image of the question."
)
OTHER_CLASS = "This is the heatmap of class {other}, and class {asked} is asked for."
ADVICE_CLASS = "A single sigmoid output is the score of class 1; that of class 0 is its negative."
INVERTED = "The heatmap is inverted: low where the network looks, high where it does not."
ADVICE_INVERTED = "Let high values stand for what speaks for the class."
TURNED = "The heatmap is {how}."
ADVICE_TURNED = "Rows come first, as in the image."
UNWEIGHTED = "This is the mean of the maps; they are not weighted by the gradient of the class."
SALIENCY = "This is the gradient with respect to the image; Grad-CAM uses the maps of a layer."
NO_CLASS = "The model tells {classes} apart, numbered 0 to {last}; there is no class {asked}."
ADVICE_OUTPUT = "End the model with one output for each class, or a single sigmoid for two."


def gradcam(heatmap: object, model: object, image: object, class_index: int) -> Finding:
    """Whether a heatmap is Grad-CAM's (Selvaraju et al. 2017) for a class; it is computed again.

        gradcam(heatmap, cnn, image, class_index=1)

    heatmap: (height, width), of any size from 2×2, on any scale. image: as it is fed to the model,
    (height, width, channels). Right is a correlation of at least 0.95 (Pearson) with the heatmap
    of the last convolution or of what follows it (normalisation, activation, merging, pooling),
    with or without the ReLU at its end, from the score before or after softmax or sigmoid, brought
    to the handed-in size in one of three ways; other ways correlate above 0.95 with one of these.
    Where nothing speaks for the class, a blank heatmap is right.

    All the points or none. A wrong heatmap is told whether it is blank, in colours, inverted,
    turned, of another class, not weighted, or of the image's own gradient.
    """
    asked = f"the heatmap shows where the network sees class {class_index}"
    data = model_data(model, asked)
    if isinstance(data, Finding):
        return data
    plane = _read(heatmap, asked)
    if isinstance(plane, Finding):
        return plane
    try:
        graph, kmodel = layerwise.graph_of(data), layerwise.live(data)
        batch = read_image(image, kmodel, asked)
        if isinstance(batch, Finding):
            return batch
        if class_index >= (classes := class_count(kmodel)):
            told = {"classes": count(classes, "class", "classes"), "last": classes - 1}
            return incorrect(asked, NO_CLASS.format(asked=class_index, **told), ADVICE_OUTPUT)
        return _judged(plane, _Recomputed(graph, kmodel, batch, class_index), asked)
    except NotDataError as error:
        return incorrect(asked, f"The model {error}")


@dataclass(frozen=True, eq=False)
class _Recomputed:
    """The heatmaps of one image and class, one per layer and score, in order of likelihood."""

    graph: ModelGraph
    model: keras.Model
    batch: NDArray[Any]
    class_index: int

    @cached_property
    def layers(self) -> list[str]:
        return map_layers(self.model, self.graph, self.batch)[-MAX_LAYERS:]

    def maps(self, class_index: int) -> Iterator[tuple[str, Floats]]:
        """(layer, map of either sign), from the score before softmax or sigmoid and from it."""
        given = self.model, self.graph, self.batch, class_index
        for probability, layer in product((False, True), self.layers):
            yield layer, class_map(*given, layer, probability=probability)

    @cached_property
    def own(self) -> list[tuple[str, Floats]]:
        return list(self.maps(self.class_index))

    @cached_property
    def is_blank(self) -> bool:
        """Whether a blank heatmap is right, by one of the ways that are."""
        return any(found.max() <= 0 for _, found in self.own)


def _read(heatmap: object, asked: str) -> Floats | Finding:
    if finding := no_data(heatmap, asked, ADVICE_HEATMAP):
        return finding
    array = as_floats(heatmap)
    if isinstance(array, NotAnArray):
        return incorrect(asked, f"The heatmap {array.reason}", ADVICE_HEATMAP)
    shape = array.shape
    if len(shape) == 3 and shape[-1] in (3, 4):
        return incorrect(asked, OVERLAY.format(shape=sizes(shape)), ADVICE_HEATMAP)
    plane = array.reshape([size for size in shape if size != 1])
    if plane.ndim != 2 or not all(SIDES[0] <= side <= SIDES[1] for side in plane.shape):
        return incorrect(asked, FORM.format(shape=sizes(shape)), ADVICE_HEATMAP)
    return plane


def _judged(plane: Floats, again: _Recomputed, asked: str) -> Finding:
    if np.ptp(plane) <= 1e-6 * np.abs(plane).max():
        if again.is_blank:
            return Finding(Outcome.CORRECT, asked, RIGHT_BLANK)
        return incorrect(asked, BLANK.format(value=float(plane.flat[0])), ADVICE_BLANK)
    likeness, layer = max((_likeness(plane, each), name) for name, each in again.own)
    if likeness >= LIKE:
        return Finding(Outcome.CORRECT, asked, RIGHT.format(found=likeness, layer=shown(layer)))
    found, advice = _explained(plane, again) or ("", ADVICE)
    wrong = WRONG.format(found=likeness, like=LIKE)
    return incorrect(asked, sentences(found, wrong), advice)


def _likeness(plane: Floats, class_map: Floats) -> float:
    """The best correlation with a map, with and without what speaks against the class."""
    found = [-1.0]
    for each in (np.maximum(class_map, 0), class_map):
        if np.ptp(each) > 0:
            found += [correlation(plane, resized(each, plane.shape, how)) for how in UPSAMPLINGS]
    return max(found)


def _explained(plane: Floats, again: _Recomputed) -> tuple[str, str] | None:
    """What a wrong heatmap is instead, and what to do."""
    own = [each for _, each in again.own]
    others = [each for each in range(class_count(again.model)) if each != again.class_index]
    for other in others[:MAX_CLASSES]:
        if any(_likeness(plane, np.maximum(each, 0)) >= LIKE for _, each in again.maps(other)):
            return OTHER_CLASS.format(other=other, asked=again.class_index), ADVICE_CLASS
    if any(_likeness(-plane, each) >= LIKE for each in own):
        return INVERTED, ADVICE_INVERTED
    for how, turned in (
        ("transposed", plane.T),
        ("upside down", plane[::-1]),
        ("mirrored", plane[:, ::-1]),
    ):
        if any(_likeness(turned, each) >= LIKE for each in own):
            return TURNED.format(how=how), ADVICE_TURNED
    return _other_picture(plane, again)


def _other_picture(plane: Floats, again: _Recomputed) -> tuple[str, str] | None:
    outputs = layerwise.outputs_of(again.model, again.batch, set(again.layers))
    if any(_likeness(plane, maps[0].mean(axis=-1)) >= LIKE for maps in outputs.values()):
        return UNWEIGHTED, ADVICE
    slope = np.abs(input_gradient(again.model, again.graph, again.batch, again.class_index))
    if any(_likeness(plane, each) >= LIKE for each in (slope.max(axis=-1), slope.mean(axis=-1))):
        return SALIENCY, ADVICE
    return None
