"""A model's config in two: a base that others have too, and the head that is behind it.

    Sequential: RandomFlip, Rescaling, vgg16, Flatten, Dense
          base: Rescaling, the 18 layers of vgg16            head: Flatten, Dense

Works on configs alone. The base is flat, its layers have numbers for names, and what changes
nothing when a model only predicts is left out: however the same base was put into a model, the
same config comes out. A cut goes through one tensor that everything behind depends on, and nothing
behind depends on anything else in front. It may lie within a nested model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from autograder.artifacts.models.wiring import (
    KIND,
    Config,
    ancestors,
    input_layer,
    is_sequential,
    name_of,
    rewired,
    segments,
    sources_of,
    with_shapes,
)
from autograder.graphs import GraphError, ModelGraph
from autograder.graphs.keras_calls import triples
from autograder.graphs.keras_entries import is_model

Path = tuple[str, ...]  # the names that lead to a layer, the outermost model's first

# They do nothing when a model predicts.
_IDLE = frozenset(
    {
        "AlphaDropout",
        "Dropout",
        "GaussianDropout",
        "GaussianNoise",
        "RandomBrightness",
        "RandomContrast",
        "RandomFlip",
        "RandomHue",
        "RandomRotation",
        "RandomSaturation",
        "RandomTranslation",
        "RandomZoom",
        "SpatialDropout2D",
    }
)
_FOR_TRAINING = ("_initializer", "_regularizer", "_constraint")
_MALFORMED = (AttributeError, GraphError, LookupError, RecursionError, TypeError, ValueError)
_CALLED = ("name", "inbound_nodes")


@dataclass(frozen=True)
class Split:
    """base, head: configs of models. shape: of what goes from one to the other, for one image.

    paths: where each layer of the base was, by its new name.
    """

    base: Config
    head: Config
    shape: tuple[int, ...]
    paths: Mapping[str, Path]


@dataclass(frozen=True)
class _Node:
    """One layer of the base; `ends`: everything behind depends on its output alone."""

    path: Path
    entry: Config
    call: Config
    ends: bool


@dataclass
class _Base:
    """The layers of a base as they are found. `wanted` is split()'s."""

    wanted: Callable[[Path], bool | None]
    nodes: list[_Node] = field(default_factory=list)

    def follow(self, model: Config, path: Path, source: str) -> str | None:
        """Add the model's layers as far as they may belong to the base.

        source: the name of the tensor that the model is called on. Returns the name of its output;
        None where it does not belong to the base as a whole.
        """
        names: dict[str, str] = {}
        last, parts = source, segments(model)
        for segment in parts:
            for entry in segment:
                here = (*path, name_of(entry))
                # Keras looks at no calls in a Sequential, whatever is noted there
                call = rewired({} if is_sequential(model) else entry, names, last)
                added = self._add(entry, here, last, call, segment)
                if added is None:
                    return None
                names[here[-1]] = added
            last = added or last
        return last if parts else None

    def _add(
        self,
        entry: Config,
        path: Path,
        last: str,
        call: Config | None,
        segment: tuple[Config, ...],
    ) -> str | None:
        """Add one layer; the name of what it gives, None where it does not belong to the base."""
        alone = len(segment) == 1
        if call is None or not _is_float32(entry):
            return None
        if entry["class_name"] == "InputLayer":
            return last
        if is_model(entry):
            return self.follow(entry, path, last) if alone else None
        if entry["class_name"] in _IDLE and alone:
            return last
        if self.wanted(path) is False:
            return None
        self.nodes.append(_Node(path, entry, call, ends=entry is segment[-1]))
        return str(len(self.nodes))

    def end(self) -> int:
        """How many of the nodes are the base: up to the last wanted one, and a pooling behind."""
        ends = [n for n, node in enumerate(self.nodes, 1) if node.ends and self.wanted(node.path)]
        if not ends:
            return 0
        end = ends[-1]
        behind = self.nodes[end] if end < len(self.nodes) else None
        is_pooling = behind and behind.ends and behind.entry["class_name"] == "MaxPooling2D"
        return end + 1 if is_pooling else end


def split(
    config: Config, image_shape: tuple[int, int, int], wanted: Callable[[Path], bool | None]
) -> Split | None:
    """A model's base and head; None where it has no such base, or no head behind it.

    config: one that ModelGraph.from_keras reads. image_shape: (height, width, channels) of the
    images. wanted: whether the weights of a layer belong to the base, None for a layer without any.
    """
    try:
        return _split(config, image_shape, wanted)
    except _MALFORMED:
        return None  # a forged config: restoring it says what is the matter


def _split(
    config: Config, image_shape: tuple[int, int, int], wanted: Callable[[Path], bool | None]
) -> Split | None:
    found = _Base(wanted)
    found.follow(config, (), "0")
    nodes = found.nodes[: found.end()]
    if not nodes:
        return None
    base = _flat(nodes, image_shape)
    graph = ModelGraph.from_keras(dict(base))
    (output,) = graph.outputs
    if output.output_shape is None or None in output.output_shape[1:]:
        return None
    shape = tuple(size or 0 for size in output.output_shape[1:])
    head = _behind(config, nodes[-1].path, shape)
    if head is None:
        return None
    paths = {str(number): node.path for number, node in enumerate(nodes, 1)}
    return Split(with_shapes(base, graph), head, shape, paths)


def _is_float32(entry: Config) -> bool:
    policy = entry["config"].get("dtype", "float32")
    if isinstance(policy, Mapping):
        policy = policy.get("config", {}).get("name")
    return bool(policy == "float32")


def _flat(nodes: list[_Node], image_shape: tuple[int, int, int]) -> Config:
    layers = [{**input_layer("0", list(image_shape)), "name": "0", "inbound_nodes": []}]
    for number, node in enumerate(nodes, 1):
        kept = {
            key: value
            for key, value in node.entry["config"].items()
            if key != "trainable" and not key.endswith(_FOR_TRAINING)
        }
        entry = {key: node.entry.get(key) for key in KIND}
        name = str(number)
        layers.append(
            entry | {"config": kept | {"name": name}, "name": name, "inbound_nodes": [node.call]}
        )
    inner = {
        "name": "base",
        "trainable": False,
        "layers": layers,
        "input_layers": ["0", 0, 0],
        "output_layers": [str(len(nodes)), 0, 0],
    }
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": inner,
        "registered_name": "Functional",
    }


def _behind(model: Config, path: Path, shape: tuple[int, ...]) -> Config | None:
    """The model without the layer at `path` and all in front of it; None where nothing is left.

    Its input has the shape of what that layer gives.
    """
    layers = {name_of(entry): entry for entry in model["config"]["layers"]}
    within = _behind(layers[path[0]], path[1:], shape) if len(path) > 1 else None
    if within is not None:
        called = {key: layers[path[0]][key] for key in _CALLED if key in layers[path[0]]}
        layers[path[0]] = {**within, **called}
    if is_sequential(model):
        names = list(layers)
        gone = set(names[: names.index(path[0]) + (within is None)])
        name = names[0]
        rest = [entry for each, entry in layers.items() if each not in gone]
    else:
        sources = sources_of(model)
        ((output, _, _),) = triples(model["config"]["output_layers"], "output_layers")
        name = path[0] if within is None else sources[path[0]][0]
        kept = ancestors(sources, output) - ancestors(sources, name)
        rest = [entry for each, entry in layers.items() if each in kept]
    if not rest:
        return None
    # under the name of what stood there, so that what was called on that is called on this
    first = {**input_layer(name, list(shape)), "name": name, "inbound_nodes": []}
    inner = {key: value for key, value in model["config"].items() if key != "build_input_shape"}
    if not is_sequential(model):
        inner["input_layers"] = [name, 0, 0]
    return {**{key: model.get(key) for key in KIND}, "config": {**inner, "layers": [first, *rest]}}
