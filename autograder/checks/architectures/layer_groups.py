"""Which layers a question counts: of one kind, or of a group such as all poolings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from autograder.graphs import Layer, ModelGraph, kinds, names


@dataclass(frozen=True)
class Group:
    """Layers that count alike. name: the author's word for them; one: what one is called."""

    name: str
    one: str
    holds: Callable[[Layer], bool]

    def members(self, graph: ModelGraph) -> list[Layer]:
        """The layers of the group, each once however often it is called, dead ones too."""
        return [layer for layer in graph.distinct if self.holds(layer)]


def group(name: str) -> Group:
    """A group by its name, or the layers of one Keras kind.

    group("pooling")      # max, average, global and adaptive poolings of any rank
    group("Conv2D")       # Conv2D alone; also the one in a TimeDistributed
    group("Flatten")      # Flatten, and a Reshape that makes a vector

    ValueError for a name that is neither.
    """
    if name in GROUPS:
        return GROUPS[name]
    kind = names.canonical(name)
    if kind not in names.LAYERS:
        near = get_close_matches(name, [*GROUPS, *names.LAYERS], 1, 0.5)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{name!r} is neither a Keras layer nor a group of layers{hint}")
    holds = _flattens if kind == "Flatten" else _of(frozenset({kind}))
    return Group(kind, f"{kind} layer", holds)


def _of(wanted: frozenset[str]) -> Callable[[Layer], bool]:
    return lambda layer: layer.kind in wanted or layer.wrapped in wanted


def _flattens(layer: Layer) -> bool:
    """Reshape((-1,)) and keras.ops.reshape(x, (batch, -1)) do as Flatten does."""
    is_vector = len(layer.output_shape or ()) == 2
    return layer.kind == "Flatten" or (layer.kind == "Reshape" and is_vector)


def _is_regularized(layer: Layer) -> bool:
    settings = layer.settings
    penalties = ("kernel_regularizer", "bias_regularizer", "activity_regularizer")
    return layer.kind in kinds.REGULARIZERS or any(settings.get(key) for key in penalties)


_POOLINGS = kinds.POOLINGS | kinds.GLOBAL_POOLINGS | kinds.ADAPTIVE_POOLINGS
_GROUPS = (
    Group("convolution", "convolution", _of(kinds.CONVOLUTIONS)),
    Group("pooling", "pooling layer", _of(_POOLINGS)),
    Group("normalization", "normalization layer", _of(kinds.NORMALIZATIONS)),
    Group("augmentation", "augmentation layer", _of(kinds.AUGMENTATIONS)),
    Group("dropout", "dropout layer", _of(kinds.DROPOUTS)),
    Group("regularization", "regularized layer", _is_regularized),
)
GROUPS = {each.name: each for each in _GROUPS}
