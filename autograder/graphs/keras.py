"""Reads what `json.loads(model.to_json())` gives with Keras 3, without Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from autograder.graphs.counts import Count, input_shape, parameter_count
from autograder.graphs.errors import GraphError
from autograder.graphs.graph import ModelGraph
from autograder.graphs.keras_calls import Call, Reference, call_order, references, triples
from autograder.graphs.keras_entries import by_name, is_functional, is_model, is_operation, kind_of
from autograder.graphs.kinds import WEIGHTLESS
from autograder.graphs.layer import Layer
from autograder.graphs.reading import Shape, mapping, sequence, shape, show
from autograder.graphs.shapes import output_shape

MAX_LAYERS = 5_000
MAX_EDGES = 20_000
MAX_DEPTH = 20

NOT_A_MODEL = (
    "this is not the config of a Keras model: expected what json.loads(model.to_json()) gives for "
    "a Sequential or a functional model"
)


# The shapes that are noted where a call's outputs are used.
_Recorded = dict[tuple[str, int], dict[int, Shape | None]]


class Tensor(NamedTuple):
    """One output of one call. `layer` is the call's id."""

    layer: str
    output: int
    shape: Shape | None


def read(config: object) -> ModelGraph:
    """The graph of a Sequential or functional model."""
    if not isinstance(config, dict) or not is_model(config):
        raise GraphError(NOT_A_MODEL)
    try:
        importer = _Importer()
        outputs = importer.model(config, _Place(), None)
        title = config["config"].get("name")
        return ModelGraph.build(
            title if isinstance(title, str) else "model",
            importer.layers,
            [tensor.layer for tensor in outputs],
        )
    except RecursionError:
        raise GraphError("the config is nested too deeply") from None


@dataclass(frozen=True)
class _Place:
    """Which model is being read: the names that lead to it, with and without call numbers."""

    prefix: str = ""
    path: tuple[str, ...] = ()
    trainable: bool = True
    call: int = 0

    def inside(self, called: str, call: int, trainable: bool) -> _Place:
        number = f"#{call + 1}" if call else ""
        return _Place(
            f"{self.prefix}{called}{number}/",
            (*self.path, called),
            self.trainable and trainable,
        )


@dataclass
class _Importer:
    """Collects the layers of a model and of those nested in it."""

    layers: list[Layer] = field(default_factory=list)
    first_calls: dict[tuple[str, ...], str] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    edges: int = 0
    visited: int = 0
    budget: list[int] = field(default_factory=lambda: [20 * MAX_EDGES])

    def model(
        self, entry: dict[str, Any], place: _Place, given: Sequence[Tensor] | None
    ) -> list[Tensor]:
        """Read a model that is called on `given`; None at the outermost. Returns its outputs."""
        if len(place.path) > MAX_DEPTH:
            raise GraphError(f"models are nested more than {MAX_DEPTH} deep")
        where = f"model {show(place.path[-1])}" if place.path else "the model"
        config = mapping(entry.get("config"), where)
        entries = sequence(config.get("layers"), f"{where}, layers")
        if len(entries) > MAX_LAYERS:
            raise GraphError(f"{where} has {len(entries)} layers; at most {MAX_LAYERS} are read")
        self.visited += 1 + len(entries)
        if self.visited > 4 * MAX_LAYERS:
            raise GraphError(f"the model has too many layers; at most {MAX_LAYERS} are read")
        named = by_name(entries, where)
        if is_functional(entry):
            return self._functional(config, named, place, given)
        return self._sequential(entry, named, place, given)

    def _sequential(
        self,
        entry: dict[str, Any],
        named: dict[str, dict[str, Any]],
        place: _Place,
        given: Sequence[Tensor] | None,
    ) -> list[Tensor]:
        if given is not None and len(given) != 1:
            raise GraphError(f"model {show(place.path[-1])}: expected one input")
        tensors = list(given) if given is not None else []
        for called, layer in named.items():
            if layer.get("class_name") == "InputLayer":
                if not tensors:
                    tensors = [self._input(called, layer, place)]
                continue
            if not tensors:
                tensors = [self._input_without_layer(entry, layer, place)]
            outputs = self._call(layer, called, place, tensors, None)
            tensors = outputs if isinstance(outputs, list) else [outputs.first]
        if not tensors:
            raise GraphError("the model has no layers")
        return tensors

    def _functional(
        self,
        config: dict[str, Any],
        named: dict[str, dict[str, Any]],
        place: _Place,
        given: Sequence[Tensor] | None,
    ) -> list[Tensor]:
        inputs = [each[0] for each in triples(config["input_layers"], "input_layers")]
        if given is not None and len(given) != len(inputs):
            raise GraphError(
                f"model {show(place.path[-1])}: expected {len(inputs)} inputs, "
                f"received {len(given)}"
            )
        made: dict[tuple[str, int], list[Tensor] | _Outputs] = {}
        calls: dict[tuple[str, int], Call] = {}
        for called, entry in named.items():
            if entry.get("class_name") == "InputLayer":
                if given is not None and called in inputs:
                    made[called, 0] = [given[inputs.index(called)]]
                else:
                    made[called, 0] = [self._input(called, entry, place)]
                continue
            where = f"layer {show(called)}"
            nodes = sequence(entry.get("inbound_nodes"), f"{where}, inbound_nodes")
            for number, node in enumerate(nodes):
                calls[called, number] = references(node, where, self.budget)
        recorded: _Recorded = {}
        for call in calls.values():
            for ref in call.tensors_from:
                recorded.setdefault((ref.layer, ref.call), {})[ref.output] = ref.shape
        for key in call_order(calls, made.keys(), named):
            called, number = key
            entry, call = named[called], calls[key]
            tensors = [self._pick(made, ref) for ref in call.tensors_from]
            if not tensors and given is None:
                continue  # never called on a tensor
            if is_functional(entry):
                tensors = _matched(entry, call, tensors)
            inside = _Place(place.prefix, place.path, place.trainable, number)
            made[key] = self._call(entry, called, inside, tensors, recorded)
        ends = []
        for called, number, index in triples(config["output_layers"], "output_layers"):
            if called in named and is_functional(named[called]):
                number -= 1  # Keras counts a functional model's making as its call 0, but only here
            ends.append(self._pick(made, Reference(called, number, index, None)))
        if not ends:
            raise GraphError("output_layers: expected at least one output")
        return ends

    def _pick(self, made: dict[tuple[str, int], list[Tensor] | _Outputs], ref: Reference) -> Tensor:
        outputs = made.get((ref.layer, ref.call))
        if outputs is None or not 0 <= ref.output < len(outputs):
            raise GraphError(
                f"keras_history points to output {show(ref.output)} of call {show(ref.call)} of "
                f"{show(ref.layer)}, which is not there"
            )
        return outputs[ref.output]

    def _input(self, called: str, entry: dict[str, Any], place: _Place) -> Tensor:
        settings = mapping(entry.get("config"), f"layer {show(called)}, config")
        given = settings.get("batch_shape", settings.get("batch_input_shape"))
        known = None if given is None else shape(given, f"layer {show(called)}, batch_shape")
        return self._add(called, "InputLayer", settings, place, (), known, (0, 0))

    def _input_without_layer(
        self, entry: dict[str, Any], first: dict[str, Any], place: _Place
    ) -> Tensor:
        """A Sequential model that was built without an Input."""
        given = entry["config"].get("build_input_shape") or input_shape(first.get("build_config"))
        known = None if given is None else shape(given, "build_input_shape")
        return self._add("input", "InputLayer", {"name": "input"}, place, (), known, (0, 0))

    def _call(
        self,
        entry: dict[str, Any],
        called: str,
        place: _Place,
        tensors: list[Tensor],
        recorded: _Recorded | None,
    ) -> list[Tensor] | _Outputs:
        """What a layer or a nested model puts out."""
        settings = mapping(entry.get("config"), f"layer {show(called)}, config")
        if is_model(entry):
            trainable = settings.get("trainable") is not False
            return self.model(entry, place.inside(called, place.call, trainable), tensors)
        kind, known = kind_of(entry, called)
        shapes = [tensor.shape for tensor in tensors]
        result: Shape | None = None
        count: Count | None = None
        if known:
            try:
                result = output_shape(kind, settings, shapes)
                count = self._count(kind, entry, settings, shapes)
            except GraphError as error:
                raise GraphError(f"layer {show(called)} ({kind}): {error}") from None
        noted = (recorded or {}).get((called, place.call), {})
        if result is None:
            result = noted.get(0)
        first = self._add(called, kind, settings, place, tuple(tensors), result, count)
        return _Outputs(first, noted)

    def _count(
        self, kind: str, entry: dict[str, Any], settings: Mapping[str, Any], shapes: list[Any]
    ) -> Count | None:
        if kind not in WEIGHTLESS and is_operation(entry):
            return 0, 0
        given = shapes[0] if shapes else None
        if given is None and (built := input_shape(entry.get("build_config"))) is not None:
            given = shape(built, "build_config")
        if kind == "MultiHeadAttention" and any(each != given for each in shapes):
            return None
        return parameter_count(kind, settings, given)

    def _add(
        self,
        called: str,
        kind: str,
        settings: Mapping[str, Any],
        place: _Place,
        inputs: tuple[Tensor, ...],
        result: Shape | None,
        count: Count | None,
    ) -> Tensor:
        self.edges += len(inputs)
        if len(self.layers) >= MAX_LAYERS or self.edges > MAX_EDGES:
            raise GraphError(
                f"the model is too large: at most {MAX_LAYERS} layers and {MAX_EDGES} connections "
                "are read"
            )
        number = f"#{place.call + 1}" if place.call else ""
        layer_id = f"{place.prefix}{called}{number}"
        while layer_id in self.ids:
            layer_id = f"{layer_id}~{len(self.ids)}"
        self.ids.add(layer_id)
        first = self.first_calls.setdefault((*place.path, called), layer_id)
        trains = place.trainable and settings.get("trainable") is not False
        self.layers.append(
            Layer(
                id=layer_id,
                name=called,
                kind=kind,
                settings=MappingProxyType(dict(settings)),
                inputs=tuple(tensor.layer for tensor in inputs),
                input_tensors=tuple(tensor.output for tensor in inputs),
                output_shape=result,
                parameters=None if count is None else sum(count),
                trainable_parameters=None if count is None else count[0] * trains,
                shares=None if first == layer_id else first,
            )
        )
        return Tensor(layer_id, 0, result)


@dataclass(frozen=True)
class _Outputs:
    """A layer's outputs: how many there are is not in its config."""

    first: Tensor
    noted: Mapping[int, Shape | None]

    def __len__(self) -> int:
        return 1_000

    def __getitem__(self, index: int) -> Tensor:
        if not index:
            return self.first
        return Tensor(self.first.layer, index, self.noted.get(index))


def _matched(entry: dict[str, Any], call: Call, tensors: list[Tensor]) -> list[Tensor]:
    """A nested model's inputs in its own order, where it was called with a dict of them."""
    wanted = entry["config"]["input_layers"]
    if not call.keys or isinstance(wanted, dict):
        return tensors
    by_key = dict(zip(call.keys, tensors, strict=True)) if len(call.keys) == len(tensors) else {}
    names = [each[0] for each in triples(wanted, "input_layers")]
    return [by_key[each] for each in names] if set(names) <= by_key.keys() else tensors
