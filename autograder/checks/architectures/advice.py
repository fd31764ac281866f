"""What to try where a model's architecture is not as asked: where students often err."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.graphs import (
    Layer,
    ModelGraph,
    NearMiss,
    Reason,
    near_inception_blocks,
    near_residual_blocks,
)

NEEDS_FLATTEN = (
    "The last Dense works on every place of the feature maps by itself; put Flatten or "
    "GlobalAveragePooling2D before it."
)
SOFTMAX_OF_ONE = "softmax over one unit is always 1; with one unit use sigmoid."
NEEDS_ACTIVATION = 'Give the last layer its activation: activation="{name}".'
BEHIND_OUTPUT = "{output} comes first and {last} after it: the output layer must be the last one."
ONE_OUTPUT = "Build the model with one output: keras.Model(inputs, outputs) with a single tensor."
OTHER_PLACE = "There is a {missing}, but not after {before}: look at the order of the layers."
LARGEST = "Most parameters, {count:,}, are in {layer}. {advice}"
SMALLER_DENSE = (
    "It has fewer with more pooling before it, or with GlobalAveragePooling2D in place of Flatten."
)
FEWER = "Take fewer filters and units."

# What to tell of a merge that is no block.
INCEPTION_ADVICE = {
    Reason.FLATTENED: "{merge} merges branches that are flattened already: merge the feature maps.",
    Reason.OTHER_AXIS: (
        "The branches that meet in {merge} are not merged along the channels: use "
        "Concatenate(axis=-1), and give all branches the same height and width."
    ),
    Reason.NOT_CONCATENATED: "The branches that meet in {merge} are merged, but not concatenated.",
    Reason.SAME_FIELD: (
        "The branches that meet in {merge} all look at a window of the same size: give them "
        "different kernel sizes, such as 1, 3 and 5."
    ),
    Reason.TWO_BRANCHES: (
        "Only two branches with a convolution or a pooling meet in {merge}: an inception block has "
        "three or more, side by side."
    ),
}
RESIDUAL_ADVICE = {
    Reason.NO_CONVOLUTION: (
        "What {merge} adds to the shortcut has no convolution: the main path needs at least one."
    ),
    Reason.NO_SHORTCUT: (
        "None of what {merge} adds is the block's input itself, or a 1×1 convolution of it."
    ),
    Reason.NOT_ADDED: "{merge} concatenates the shortcut and the path: add them.",
}
NO_INCEPTION = (
    "Lead one tensor into three or more branches with different kernel sizes and concatenate them."
)
NO_RESIDUAL = "Add a tensor to what at least one convolution makes of it."


def advice_on_inception(graph: ModelGraph) -> str:
    """Why there are fewer inception blocks than there should be."""
    return _near(near_inception_blocks(graph), INCEPTION_ADVICE) or NO_INCEPTION


def advice_on_residual(graph: ModelGraph) -> str:
    """Why there are fewer residual blocks than there should be."""
    return _near(near_residual_blocks(graph), RESIDUAL_ADVICE) or NO_RESIDUAL


def advice_on_output(graph: ModelGraph, choices: Sequence[tuple[str, int]]) -> str:
    """Why the output is none of `choices`, pairs of activation and units."""
    if len(graph.outputs) != 1:
        return ONE_OUTPUT
    last = graph.outputs[0]
    shape = last.output_shape or ()
    activation = graph.output_activation or "linear"
    if len(shape) > 2:
        return NEEDS_FLATTEN
    if activation == "softmax" and shape[1:] == (1,):
        return SOFTMAX_OF_ONE
    earlier = _earlier_output(graph, choices)
    if earlier is not None:
        return BEHIND_OUTPUT.format(output=earlier.describe(), last=last.describe())
    missing = [name for name, units in choices if shape[1:] == (units,) and name != "linear"]
    if activation == "linear" and missing:
        return NEEDS_ACTIVATION.format(name=missing[0])
    return ""


def advice_on_order(graph: ModelGraph, before: Sequence[str], missing: str, exists: bool) -> str:
    """Why no `missing` comes after `before`; `exists`: there is one somewhere else."""
    if exists and before:
        return OTHER_PLACE.format(missing=missing, before=" → ".join(before))
    widths = [len(layer.output_shape or ()) for layer in graph.used if layer.kind == "Dense"]
    return NEEDS_FLATTEN if "Flatten" in missing and widths and widths[-1] > 2 else ""


def advice_on_parameters(graph: ModelGraph, count: int) -> str:
    """Which layer has most of `count` parameters, where one has more than half of them."""
    largest = max(graph.distinct, key=lambda layer: layer.parameters or 0)
    if 2 * (largest.parameters or 0) <= count:
        return FEWER
    advice = SMALLER_DENSE if largest.kind == "Dense" else FEWER
    return LARGEST.format(count=largest.parameters, layer=largest.describe(), advice=advice)


def _near(near: Sequence[NearMiss], texts: dict[Reason, str]) -> str:
    """The texts of the first two near misses."""
    told = [texts[each.reason].format(merge=each.merge) for each in near[:2]]
    return " ".join(told)


def _earlier_output(graph: ModelGraph, choices: Sequence[tuple[str, int]]) -> Layer | None:
    """A Dense that is what the output should be, but not the last one."""
    denses = [layer for layer in graph.used if layer.kind == "Dense"]
    return next((la for la in denses[:-1] if (la.activation, la.units) in choices), None)
