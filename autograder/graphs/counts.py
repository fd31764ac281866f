"""How many weights a layer has, worked out from its settings and its input's shape."""

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from autograder.graphs import kinds
from autograder.graphs.errors import GraphError
from autograder.graphs.reading import Shape, axes, channels_first, numbers, on, whole
from autograder.graphs.shapes import inner_layer
from autograder.graphs.windows import spatial_rank

Settings = Mapping[str, Any]
Count = tuple[int, int]  # trainable, not trainable


def parameter_count(kind: str, settings: Settings, given: Shape | None) -> Count | None:
    """(trainable, not trainable) of a layer that is given a tensor of this shape.

    None for an unknown kind or where the shape would be needed. Whether the layer is frozen is
    not asked. GraphError when the settings are no such layer's.
    """
    if kind in kinds.WEIGHTLESS:
        return 0, 0
    if kind == "Embedding":
        return whole(settings, "input_dim") * whole(settings, "output_dim"), 0
    rule = RULES.get(kind)
    return None if rule is None or given is None else rule(kind, settings, given)


def _channels(kind: str, settings: Settings, given: Shape) -> int | None:
    if len(given) != spatial_rank(kind) + 2:
        raise GraphError(f"expected an input of {spatial_rank(kind) + 2} axes, received {given}")
    return given[1] if channels_first(settings) else given[-1]


def _convolution(kind: str, settings: Settings, given: Shape) -> Count | None:
    channels = _channels(kind, settings, given)
    if channels is None:
        return None
    window = prod(numbers(settings, "kernel_size", spatial_rank(kind), default=None))
    bias = on(settings, "use_bias")
    multiplier = whole(settings, "depth_multiplier", default=1)
    if kind.startswith("Depthwise"):
        return channels * multiplier * (window + bias), 0
    filters = whole(settings, "filters")
    if kind.startswith("Separable"):
        return channels * multiplier * (window + filters) + bias * filters, 0
    groups = whole(settings, "groups", default=1)
    if channels % groups or filters % groups:
        raise GraphError(
            f"groups: {groups} do not divide {channels} channels and {filters} filters"
        )
    return (window * (channels // groups) + bias) * filters, 0


def _dense(_kind: str, settings: Settings, given: Shape) -> Count | None:
    if not given or given[-1] is None:
        return None
    return (given[-1] + on(settings, "use_bias")) * whole(settings, "units"), 0


def _along(settings: Settings, given: Shape) -> int | None:
    """How many entries the axes of a normalization have."""
    lengths = [given[each] for each in axes(settings.get("axis", -1), len(given))]
    known = [length for length in lengths if length is not None]
    return prod(known) if len(known) == len(lengths) else None


def _batch_normalization(_kind: str, settings: Settings, given: Shape) -> Count | None:
    size = _along(settings, given)
    return None if size is None else (size * _affine(settings), 2 * size)


def _normalization(kind: str, settings: Settings, given: Shape) -> Count | None:
    size = _along(settings, given)
    if size is None:
        return None
    if kind == "RMSNormalization":
        return size, 0
    if settings.get("rms_scaling") is True:
        return size, 0
    return size * _affine(settings), 0


def _affine(settings: Settings) -> int:
    return on(settings, "scale") + on(settings, "center")


def _adapted(_kind: str, settings: Settings, given: Shape) -> Count | None:
    """Normalization, the preprocessing layer: mean, variance and how many it has seen."""
    if settings.get("mean") is not None:
        return 0, 0
    if settings.get("axis") is None:
        return 0, 3
    size = _along(settings, given)
    return None if size is None else (0, 2 * size + 1)


def _prelu(_kind: str, settings: Settings, given: Shape) -> Count | None:
    shared = settings.get("shared_axes")
    together = axes(shared, len(given)) if shared else ()
    lengths = [1 if place in together else given[place] for place in range(1, len(given))]
    known = [length for length in lengths if length is not None]
    return (prod(known), 0) if len(known) == len(lengths) else None


def _recurrent(kind: str, settings: Settings, given: Shape) -> Count | None:
    if not given or given[-1] is None:
        return None
    units, bias = whole(settings, "units"), on(settings, "use_bias")
    gates = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}[kind]
    biases = 2 if kind == "GRU" and on(settings, "reset_after") else 1
    return gates * units * (given[-1] + units + bias * biases), 0


def _bidirectional(_kind: str, settings: Settings, given: Shape) -> Count | None:
    kind, config = inner_layer(settings)
    if kind not in ("SimpleRNN", "LSTM", "GRU"):
        return None
    ways = [_recurrent(kind, config, given)]
    if settings.get("backward_layer") is None:
        ways *= 2
    else:
        kind, config = inner_layer(settings, "backward_layer")
        ways.append(parameter_count(kind, config, given))
    known = [way[0] for way in ways if way is not None]
    return (sum(known), 0) if len(known) == 2 else None


def _time_distributed(_kind: str, settings: Settings, given: Shape) -> Count | None:
    kind, config = inner_layer(settings)
    if kind == "TimeDistributed":
        return None
    return parameter_count(kind, config, given[:1] + given[2:])


def _attention(_kind: str, settings: Settings, given: Shape) -> Count | None:
    """MultiHeadAttention of a tensor with itself; else the importer's shapes differ."""
    if not given or given[-1] is None or settings.get("output_shape") is not None:
        return None
    if settings.get("use_gate"):
        return None
    heads, key = whole(settings, "num_heads"), whole(settings, "key_dim")
    value = whole(settings, "value_dim", default=key)
    size, bias = given[-1], on(settings, "use_bias")
    projections = (size + bias) * heads * (2 * key + value)
    return projections + heads * value * size + bias * size, 0


def _layer_scale(_kind: str, settings: Settings, _given: Shape) -> Count:
    return whole(settings, "projection_dim"), 0


def input_shape(build_config: object) -> object:
    """What a build_config says the layer was given; None where it says nothing usable."""
    if not isinstance(build_config, dict):
        return None
    found = build_config.get("input_shape")
    if isinstance(found, list | tuple) and not any(isinstance(e, list | tuple) for e in found):
        return found
    return None


Rule = Callable[[str, Settings, Shape], Count | None]
RULES: dict[str, Rule] = {
    **dict.fromkeys(kinds.CONVOLUTIONS, _convolution),
    **dict.fromkeys(
        ("LayerNormalization", "GroupNormalization", "RMSNormalization"), _normalization
    ),
    **dict.fromkeys(("SimpleRNN", "LSTM", "GRU"), _recurrent),
    "BatchNormalization": _batch_normalization,
    "Bidirectional": _bidirectional,
    "Dense": _dense,
    "LayerScale": _layer_scale,
    "MultiHeadAttention": _attention,
    "Normalization": _adapted,
    "PReLU": _prelu,
    "TimeDistributed": _time_distributed,
}
