"""A model as a graph: its layers in the order in which a picture passes through them.

Importers make a `Layer` for every call of a layer and hand them to `ModelGraph.build`; kinds and
settings are spelled as Keras spells them. `keras.py` is one; another needs nothing from it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from autograder.graphs import kinds
from autograder.graphs.errors import GraphError
from autograder.graphs.reading import Shape, show

# The last activation is looked for behind these.
_AFTER_ACTIVATION = frozenset({"Reshape", "Flatten", "Identity", "Cast"}) | kinds.REGULARIZERS


@dataclass(frozen=True, eq=False)
class Layer:
    """One call of a layer. `id` is unique in the graph: the names from the outermost model in.

    `output_shape` counts the batch axis, None for a length that is not known; it is None, like
    `parameters`, where nothing is known. A layer that is called twice appears twice: `shares` is
    the id of its first call, and both tell the same `parameters`. `on_path`: lies on a way from an
    input to an output.
    """

    id: str
    name: str
    kind: str
    settings: Mapping[str, Any]
    inputs: tuple[str, ...] = ()
    input_tensors: tuple[int, ...] = ()  # which output of each input; () stands for all the first
    output_shape: Shape | None = None
    parameters: int | None = 0
    trainable_parameters: int | None = 0
    shares: str | None = None
    on_path: bool = True

    @property
    def filters(self) -> int | None:
        return _whole(self.settings.get("filters"))

    @property
    def units(self) -> int | None:
        return _whole(self.settings.get("units"))

    @property
    def kernel_size(self) -> tuple[int, ...] | None:
        """Of a convolution; a pooling's window is its `pool_size`."""
        return self._numbers("kernel_size")

    @property
    def pool_size(self) -> tuple[int, ...] | None:
        return self._numbers("pool_size")

    @property
    def strides(self) -> tuple[int, ...] | None:
        given = self._numbers("strides")
        return self.pool_size if given is None else given

    @property
    def dilation_rate(self) -> tuple[int, ...] | None:
        return self._numbers("dilation_rate")

    @property
    def padding(self) -> str | None:
        padding = self.settings.get("padding")
        return padding if isinstance(padding, str) else None

    @property
    def activation(self) -> str | None:
        """The function's name, "linear" for none; None where the layer can have none."""
        if self.kind in kinds.ACTIVATIONS:
            return kinds.ACTIVATIONS[self.kind]
        given = self.settings.get("activation")
        if isinstance(given, Mapping):  # a layer or a student's function
            inner, called = given.get("class_name"), given.get("config")
            given = called if inner == "function" else kinds.ACTIVATIONS.get(str(inner), inner)
        if given is None and "activation" in self.settings:
            return "linear"
        return given if isinstance(given, str) else None

    @property
    def is_convolution(self) -> bool:
        return self.kind in kinds.CONVOLUTIONS

    @property
    def details(self) -> tuple[str, ...]:
        """The settings that tell one such layer from another: ("3×3", "16", "relu")."""
        found = [times(self.kernel_size or self.pool_size or ())]
        if self.is_convolution or self.kind in kinds.POOLINGS:
            steps = self.strides
            if steps and max(steps) > 1 and steps != self.pool_size:
                found.append(f"strides {times(steps)}")
        found += [str(each) for each in (self.filters, self.units) if each is not None]
        rate = self.settings.get("rate")
        if self.kind in kinds.REGULARIZERS and isinstance(rate, float | int):
            found.append(f"{rate:.3g}" if abs(rate) < 1e9 else "?")
        activation = self.activation
        if activation not in (None, "linear") and self.kind not in kinds.ACTIVATIONS:
            found.append(activation[:40] if activation else "")
        return tuple(each for each in found if each)

    def describe(self) -> str:
        """conv2d (3×3, 16)"""
        details = f" ({', '.join(self.details)})" if self.details else ""
        return snake(self.kind) + details

    def _numbers(self, key: str) -> tuple[int, ...] | None:
        value = self.settings.get(key)
        if isinstance(value, list | tuple):
            found = [_whole(each) for each in value[:3]]
            known = tuple(each for each in found if each is not None)
            return known if len(known) == len(value) else None
        rank = next((int(letter) for letter in self.kind if letter in "123"), 1)
        single = _whole(value)
        return None if single is None else (single,) * rank


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
        order = _ordered(by_id)
        on_path = _between(order, set(outputs))
        placed = (replace(layer, on_path=layer.id in on_path) for layer in order)
        return cls(name, tuple(placed), tuple(dict.fromkeys(outputs)))

    def __getitem__(self, layer_id: str) -> Layer:
        return self._by_id[layer_id]

    def __repr__(self) -> str:
        return f"<ModelGraph {show(self.name)}: {len(self.layers)} layers>"

    @cached_property
    def _by_id(self) -> dict[str, Layer]:
        return {layer.id: layer for layer in self.layers}

    @property
    def inputs(self) -> tuple[Layer, ...]:
        return tuple(layer for layer in self.layers if layer.kind == "InputLayer")

    @property
    def outputs(self) -> tuple[Layer, ...]:
        return tuple(self._by_id[each] for each in self.output_ids)

    @property
    def distinct(self) -> tuple[Layer, ...]:
        """Each layer once, however often it is called."""
        return tuple(layer for layer in self.layers if layer.shares is None)

    @property
    def convolutions(self) -> tuple[Layer, ...]:
        """The distinct convolutional layers that lie on a way from an input to an output."""
        used = {layer.shares or layer.id for layer in self.layers if layer.on_path}
        return tuple(la for la in self.distinct if la.is_convolution and la.id in used)

    @property
    def parameters(self) -> int | None:
        """As `model.count_params()`; None when a layer's are not known."""
        return _sum(layer.parameters for layer in self.distinct)

    @property
    def trainable_parameters(self) -> int | None:
        return _sum(layer.trainable_parameters for layer in self.distinct)

    def kinds(self) -> Counter[str]:
        """How many layers there are of each kind, each counted once and only when `on_path`."""
        used = {layer.shares or layer.id for layer in self.layers if layer.on_path}
        return Counter(layer.kind for layer in self.distinct if layer.id in used)

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


def times(sizes: Iterable[int]) -> str:
    """(3, 3) → "3×3"; one number stands alone."""
    return "×".join(map(str, sizes))


def snake(kind: str) -> str:
    """MaxPooling2D → max_pooling2d, as Keras names its layers."""
    parted = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", kind)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", parted).lower()


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _sum(counts: Iterable[int | None]) -> int | None:
    total = 0
    for count in counts:
        if count is None:
            return None
        total += count
    return total


def _ordered(by_id: dict[str, Layer]) -> list[Layer]:
    """Every layer after its inputs, else in the order given."""
    waiting = {layer_id: len(layer.inputs) for layer_id, layer in by_id.items()}
    consumers: dict[str, list[str]] = {layer_id: [] for layer_id in by_id}
    for layer in by_id.values():
        for each in layer.inputs:
            consumers[each].append(layer.id)
    order = [layer_id for layer_id, count in waiting.items() if not count]
    for layer_id in order:  # grows while it is walked
        for consumer in consumers[layer_id]:
            waiting[consumer] -= 1
            if not waiting[consumer]:
                order.append(consumer)
    if len(order) != len(by_id):
        circle = next(layer_id for layer_id, count in waiting.items() if count)
        raise GraphError(f"the layers form a circle: {show(circle)} waits for its own output")
    return [by_id[layer_id] for layer_id in order]


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
