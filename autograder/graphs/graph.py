"""A model as a graph: its layers in the order in which a picture passes through them.

Importers make a `Layer` for every call of a layer and hand them to `ModelGraph.build`; kinds and
settings are spelled as Keras spells them. `keras.py` is one; another needs nothing from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from autograder.graphs import kinds
from autograder.graphs.errors import GraphError
from autograder.graphs.layer import Layer
from autograder.graphs.order import after_needs
from autograder.graphs.reading import show

if TYPE_CHECKING:
    from autograder.graphs.flow import Flow

# The last activation is looked for behind these.
_AFTER_ACTIVATION = frozenset({"Reshape", "Flatten", "Identity", "Cast"}) | kinds.REGULARIZERS


@dataclass(frozen=True, eq=False)
class ModelGraph:
    """A model's layers, each after those it takes its inputs from.

    Nested models are dissolved into their layers; `inputs` and `outputs` are the outermost's.
    """

    name: str
    layers: tuple[Layer, ...]
    output_ids: tuple[str, ...]

    @classmethod
    def from_keras(cls, config: dict[str, Any]) -> ModelGraph:
        """The graph of `json.loads(model.to_json())`, Keras 3; Keras itself is not imported.

        GraphError when the config is not a model's: one line says what was expected where.
        """
        from autograder.graphs.keras import read

        return read(config)

    @classmethod
    def build(cls, name: str, layers: Sequence[Layer], outputs: Sequence[str]) -> ModelGraph:
        """A graph of layers in any order; finds their order and which are `on_path`.

        GraphError when an id is used twice or belongs to no layer, or the layers form a circle.
        """
        by_id = {layer.id: layer for layer in layers}
        if len(by_id) != len(layers):
            raise GraphError("two layers have the same id")
        for target in (*outputs, *(each for layer in layers for each in layer.inputs)):
            if target not in by_id:
                raise GraphError(f"no layer has the id {show(target)}")
        needs = {layer_id: layer.inputs for layer_id, layer in by_id.items()}
        order = [by_id[layer_id] for layer_id in after_needs(needs, str)]
        on_path = _between(order, set(outputs))
        found = [layer.id in on_path for layer in order]
        placed = (
            layer if layer.on_path is each else replace(layer, on_path=each)
            for layer, each in zip(order, found, strict=True)
        )
        return cls(name, tuple(placed), tuple(dict.fromkeys(outputs)))

    def __getitem__(self, layer_id: str) -> Layer:
        return self._by_id[layer_id]

    def __repr__(self) -> str:
        return f"<ModelGraph {show(self.name)}: {len(self.layers)} layers>"

    @cached_property
    def _by_id(self) -> dict[str, Layer]:
        return {layer.id: layer for layer in self.layers}

    @cached_property
    def flow(self) -> Flow:
        """Which layers a tensor passes on its way."""
        from autograder.graphs.flow import Flow

        return Flow.of(self)

    @property
    def inputs(self) -> tuple[Layer, ...]:
        return tuple(layer for layer in self.layers if layer.kind == "InputLayer")

    @property
    def outputs(self) -> tuple[Layer, ...]:
        return tuple(self._by_id[each] for each in self.output_ids)

    @cached_property
    def distinct(self) -> tuple[Layer, ...]:
        """Each layer once, however often it is called."""
        return tuple(layer for layer in self.layers if layer.shares is None)

    @cached_property
    def used(self) -> tuple[Layer, ...]:
        """The distinct layers of which a call lies on a way from an input to an output."""
        calls = {layer.shares or layer.id for layer in self.layers if layer.on_path}
        return tuple(layer for layer in self.distinct if layer.id in calls)

    @property
    def convolutions(self) -> tuple[Layer, ...]:
        """The used layers that are convolutions, or hold one."""
        return tuple(layer for layer in self.used if layer.is_convolution)

    @property
    def parameters(self) -> int | None:
        """As `model.count_params()`; None when a layer's are not known."""
        return _sum(layer.parameters for layer in self.distinct)

    @property
    def trainable_parameters(self) -> int | None:
        return _sum(layer.trainable_parameters for layer in self.distinct)

    def kinds(self) -> Counter[str]:
        """How many used layers there are of each kind; what a wrapper holds counts as well."""
        found = Counter(layer.kind for layer in self.used)
        found.update(layer.wrapped for layer in self.used if layer.wrapped)
        return found

    @property
    def output_activations(self) -> tuple[str | None, ...]:
        """The last activation before each output: its own or that of an Activation after it.

        "linear" where there is none, None where it cannot be known.
        """
        return tuple(self._activation_before(layer) for layer in self.outputs)

    @property
    def output_activation(self) -> str | None:
        """The first output's."""
        return next(iter(self.output_activations), None)

    def _activation_before(self, layer: Layer) -> str | None:
        while layer.kind in _AFTER_ACTIVATION or layer.activation == "linear":
            behind_a_layer = layer.kind not in _AFTER_ACTIVATION | {"Activation"}
            if behind_a_layer or len(layer.inputs) != 1:
                break
            layer = self._by_id[layer.inputs[0]]
        return layer.activation

    def _repr_svg_(self) -> str:
        from autograder.graphs.drawing import svg

        return svg(self)

    def _repr_html_(self) -> str:
        from autograder.graphs.drawing import html

        return html(self)


def _sum(counts: Iterable[int | None]) -> int | None:
    total = 0
    for count in counts:
        if count is None:
            return None
        total += count
    return total


def _between(order: list[Layer], outputs: set[str]) -> set[str]:
    """The ids that an input reaches and that reach an output."""
    reached: set[str] = set()
    for layer in order:
        if layer.kind == "InputLayer" or any(each in reached for each in layer.inputs):
            reached.add(layer.id)
    needed = set(outputs)
    for layer in reversed(order):
        if layer.id in needed:
            needed.update(layer.inputs)
    return reached & needed
