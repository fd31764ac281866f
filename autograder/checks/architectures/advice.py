"""What to try where a model's architecture is not as asked: where students often err."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.checks.amounts import Amount
from autograder.checks.wording import Shape, fits
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
MORE = "Take more filters and units, or more layers."
LAST_LAYER = "End the model with {layers}."
FIXED_SIZE = "Say the input's size, keras.Input((height, width, 3)), so that the output's is known."
ONE_INPUT = "Build the model with one input, the image: keras.Input({shape})."
BEGIN = "Begin the model with keras.Input({shape})."
CHANNELS_LAST = "Begin the model with keras.Input({shape}): the channels come last."
OTHER_ORDER = "Look at the order of the layers."

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
ANOTHER_BLOCK = "Add another one behind {merge}."
REMOVE_SHORTCUT = "Remove {merge} and the shortcut that it adds, so that only the path is left."
REMOVE_BLOCK = "Remove {merge} and its branches, so that one way alone leads from layer to layer."


def advice_on_inception(graph: ModelGraph, found: Sequence[str], wanted: Amount) -> str:
    """Why there are more or fewer inception blocks than wanted. found: their merges."""
    if len(found) > wanted.least:
        return REMOVE_BLOCK.format(merge=found[-1])
    near = _near(near_inception_blocks(graph), INCEPTION_ADVICE)
    return near or (ANOTHER_BLOCK.format(merge=found[-1]) if found else NO_INCEPTION)


def advice_on_residual(graph: ModelGraph, found: Sequence[str], wanted: Amount) -> str:
    """Why there are more or fewer residual blocks than wanted. found: their additions."""
    if len(found) > wanted.least:
        return REMOVE_SHORTCUT.format(merge=found[-1])
    near = _near(near_residual_blocks(graph), RESIDUAL_ADVICE)
    return near or (ANOTHER_BLOCK.format(merge=found[-1]) if found else NO_RESIDUAL)


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
    if last.output_shape is None or None in shape[1:]:
        return FIXED_SIZE
    return LAST_LAYER.format(layers=" or ".join(_written(*choice) for choice in choices))


def advice_on_input(graph: ModelGraph, wanted: Shape) -> str:
    """What the input should be, (height, width, channels), None for any length."""
    shape = f"({', '.join(map(str, wanted))}{',' if len(wanted) == 1 else ''})"
    if len(graph.inputs) != 1:
        return ONE_INPUT.format(shape=shape)
    given = (graph.inputs[0].output_shape or ())[1:]
    turned = (*given[1:], *given[:1])
    text = CHANNELS_LAST if given != turned and _fits(turned, wanted) else BEGIN
    return text.format(shape=shape)


def advice_on_order(graph: ModelGraph, before: Sequence[str], missing: str, exists: bool) -> str:
    """Why no `missing` comes after `before`, or ""; `exists`: there is one somewhere else."""
    if exists and before:
        return OTHER_PLACE.format(missing=missing, before=" → ".join(before))
    if exists:
        return OTHER_ORDER
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


def _fits(shape: Shape, wanted: Shape) -> bool:
    known = [length for length in shape if length is not None]
    return len(known) == len(shape) and fits(known, wanted)


def _written(activation: str, units: int) -> str:
    """Dense(10, activation="softmax")"""
    return (
        f"Dense({units})"
        if activation == "linear"
        else f'Dense({units}, activation="{activation}")'
    )


def _earlier_output(graph: ModelGraph, choices: Sequence[tuple[str, int]]) -> Layer | None:
    """A Dense that is what the output should be, but not the last one."""
    denses = [layer for layer in graph.used if layer.kind == "Dense"]
    return next((la for la in denses[:-1] if (la.activation, la.units) in choices), None)
