"""What to try where a model has too few or too many layers of a sort."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.checks.amounts import Amount
from autograder.checks.architectures.layer_groups import Group
from autograder.graphs import Layer, ModelGraph, kinds

UNUSED = "{layers} leads nowhere: give what it returns to the next layer."
REMOVE = "Remove {number} of them."
REMOVE_ALL = "The question asks for a model without any: remove {them}."
REMOVE_DENSE = "Remove {number} of them; the last Dense gives the output."
GLOBAL_POOLING = (
    "{layer} makes a vector as well, but the question asks for Flatten: put it in that place."
)
SCALES_INPUT = (
    "{layer} scales the model's input; what is asked for stands between layers, such as "
    "layers.BatchNormalization() behind a convolution."
)
ANY_KIND = "Add layers.{kind}(…) on the way from the input to the output."

# By the names of groups and of Keras' kinds.
HOW_TO_ADD = {
    "Conv2D": 'Add layers.Conv2D(32, 3, padding="same", activation="relu") on feature maps.',
    "convolution": 'Add layers.Conv2D(32, 3, padding="same", activation="relu") on feature maps.',
    "MaxPooling2D": "Add layers.MaxPooling2D() behind a convolution.",
    "pooling": "Add layers.MaxPooling2D() behind a convolution: it halves height and width.",
    "BatchNormalization": "Add layers.BatchNormalization() behind a convolution.",
    "normalization": "Add layers.BatchNormalization() behind a convolution.",
    "Flatten": "Add layers.Flatten() between the last feature maps and the first Dense.",
    "Dense": "Add layers.Dense(…) behind Flatten; the last one gives the output.",
    "Dropout": "Add layers.Dropout(0.5) before the last Dense.",
    "dropout": "Add layers.Dropout(0.5) before the last Dense.",
    "augmentation": 'Add layers such as layers.RandomFlip("horizontal") right behind the input.',
    "regularization": (
        'Add layers.Dropout(0.5), or give layers a penalty: kernel_regularizer="l2".'
    ),
}


def advice_on_count(
    graph: ModelGraph, group: Group, wanted: Amount, used: Sequence[Layer], unused: Sequence[Layer]
) -> str:
    """What to add or remove, where the `used` layers of a group are not as many as wanted.

    unused: those on no way from the input to the output.
    """
    if len(used) > wanted.least:
        return _advice_on_too_many(group, wanted, len(used))
    if unused:
        return UNUSED.format(layers=unused[0].describe())
    return _near(graph, group) or how_to_add(group)


def how_to_add(group: Group) -> str:
    """What one of the group's layers is written as, and where it belongs."""
    return HOW_TO_ADD.get(group.name) or ANY_KIND.format(kind=group.name)


def _advice_on_too_many(group: Group, wanted: Amount, number: int) -> str:
    if wanted.most == 0:
        return REMOVE_ALL.format(them="it" if number == 1 else "them")
    surplus = number - (wanted.most or 0)
    words = "one" if surplus == 1 else f"{surplus:,}"
    return (REMOVE_DENSE if group.name == "Dense" else REMOVE).format(number=words)


def _near(graph: ModelGraph, group: Group) -> str:
    """Of a layer that is there and does nearly the same."""
    if group.name == "Flatten":
        return _first(graph, kinds.GLOBAL_POOLINGS, GLOBAL_POOLING)
    if group.name == "normalization":
        return _first(graph, frozenset({"Normalization", "Rescaling"}), SCALES_INPUT)
    return ""


def _first(graph: ModelGraph, wanted: frozenset[str], text: str) -> str:
    found = next((layer for layer in graph.used if layer.kind in wanted), None)
    return text.format(layer=found.kind) if found else ""
