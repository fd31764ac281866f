"""The shape of what a layer puts out, worked out from its settings and its inputs' shapes."""

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from autograder.graphs import kinds, windows
from autograder.graphs.errors import GraphError
from autograder.graphs.reading import (
    MAX_NUMBER,
    Shape,
    axis,
    channels_first,
    mapping,
    name,
    on,
    sequence,
    shape,
    show_shape,
    whole,
)

Settings = Mapping[str, Any]
Shapes = Sequence[Shape]


def output_shape(kind: str, settings: Settings, inputs: Sequence[Shape | None]) -> Shape | None:
    """The first output's shape, batch axis included; None where it cannot be known.

    GraphError when the settings are no such layer's or do not fit to the inputs.
    """
    rule = RULES.get(kind)
    if rule is None or not inputs:
        return None
    known = [each for each in inputs if each is not None]
    if len(known) < len(inputs):
        return None
    result = rule(kind, settings, known)
    if result is not None and any(each is not None and each > MAX_NUMBER for each in result):
        raise GraphError("its output has an axis longer than 10⁹")
    return result


def _unchanged(_kind: str, _settings: Settings, inputs: Shapes) -> Shape:
    return inputs[0]


def _resized(_kind: str, settings: Settings, inputs: Shapes) -> Shape | None:
    if len(inputs[0]) not in (3, 4):
        return None
    height, width = whole(settings, "height"), whole(settings, "width")
    if channels_first(settings):
        return (*inputs[0][:-2], height, width)
    return (*inputs[0][:-3], height, width, inputs[0][-1])


def _dense(_kind: str, settings: Settings, inputs: Shapes) -> Shape:
    if len(inputs[0]) < 2:
        raise GraphError(f"expected an input of 2 axes or more, received {show_shape(inputs[0])}")
    return (*inputs[0][:-1], whole(settings, "units"))


def _embedding(_kind: str, settings: Settings, inputs: Shapes) -> Shape:
    return (*inputs[0], whole(settings, "output_dim"))


def _flatten(_kind: str, _settings: Settings, inputs: Shapes) -> Shape:
    return (*inputs[0][:1], _size(inputs[0][1:]))


def _size(entries: Shape) -> int | None:
    known = [each for each in entries if each is not None]
    return prod(known) if len(known) == len(entries) else None


def _reshape(kind: str, settings: Settings, inputs: Shapes) -> Shape | None:
    if "newshape" in settings:  # the operation counts the batch axis too
        return None
    target = sequence(settings.get("target_shape"), "target_shape")
    total = _size(inputs[0][1:])
    shape([None if each == -1 else each for each in target], "target_shape")
    rest = _size(tuple(each for each in target if each not in (-1, None)))
    missing = total // rest if total is not None and rest else None
    return inputs[0][:1] + tuple(missing if each in (-1, None) else each for each in target)


def _permute(_kind: str, settings: Settings, inputs: Shapes) -> Shape:
    dims = sequence(settings.get("dims"), "dims")
    order = [axis(each, len(inputs[0]), "dims") for each in dims]
    return (inputs[0][0], *(inputs[0][each] for each in order))


def _repeat(_kind: str, settings: Settings, inputs: Shapes) -> Shape:
    return (inputs[0][0], whole(settings, "n"), *inputs[0][1:])


def _merged(_kind: str, _settings: Settings, inputs: Shapes) -> Shape:
    """Entry by entry, with axes of length 1 stretched."""
    rank = max(len(each) for each in inputs)
    result: list[int | None] = []
    for place in range(-rank, 0):
        lengths = {each[place] for each in inputs if len(each) >= -place} - {1}
        result.append(lengths.pop() if len(lengths) == 1 else (None if lengths else 1))
    return tuple(result)


def concatenation_axis(settings: Settings, rank: int) -> int:
    return axis(settings.get("axis", -1), rank)


def _concatenated(_kind: str, settings: Settings, inputs: Shapes) -> Shape:
    ranks = {len(each) for each in inputs}
    if len(ranks) != 1:
        raise GraphError(
            f"expected inputs of as many axes, received {' and '.join(map(show_shape, inputs[:3]))}"
        )
    along = concatenation_axis(settings, ranks.pop())
    lengths = [each[along] for each in inputs]
    known = [length for length in lengths if length is not None]
    merged = list(_merged("", settings, inputs))
    merged[along] = sum(known) if len(known) == len(lengths) else None
    return tuple(merged)


def _recurrent(_kind: str, settings: Settings, inputs: Shapes) -> Shape | None:
    if len(inputs[0]) != 3:
        raise GraphError(f"expected an input of 3 axes, received {show_shape(inputs[0])}")
    units = whole(settings, "units")
    steps = inputs[0][1:2] if on(settings, "return_sequences", False) else ()
    return (inputs[0][0], *steps, units)


def inner_layer(settings: Settings, key: str = "layer") -> tuple[str, dict[str, Any]]:
    """Kind and settings of the layer that a wrapper holds."""
    inner = mapping(settings.get(key), key)
    return name(inner.get("class_name"), "class_name"), mapping(inner.get("config"), key)


def _bidirectional(_kind: str, settings: Settings, inputs: Shapes) -> Shape | None:
    kind, config = inner_layer(settings)
    result = _recurrent(kind, config, inputs) if kind in RECURRENT else None
    if result is None or settings.get("merge_mode") != "concat" or result[-1] is None:
        return result if settings.get("merge_mode") in ("sum", "mul", "ave") else None
    return (*result[:-1], 2 * result[-1])


def _time_distributed(_kind: str, settings: Settings, inputs: Shapes) -> Shape | None:
    kind, config = inner_layer(settings)
    if len(inputs[0]) < 3 or kind == "TimeDistributed":
        return None
    result = output_shape(kind, config, [inputs[0][:1] + inputs[0][2:]])
    return None if result is None else result[:1] + inputs[0][1:2] + result[1:]


def _attention(_kind: str, settings: Settings, inputs: Shapes) -> Shape | None:
    return inputs[0] if settings.get("output_shape") is None else None


RECURRENT = frozenset({"SimpleRNN", "LSTM", "GRU"})
Rule = Callable[[str, Settings, Shapes], Shape | None]
RULES: dict[str, Rule] = {
    **windows.RULES,
    **dict.fromkeys(kinds.UNCHANGED, _unchanged),
    **dict.fromkeys(("Resizing", "CenterCrop", "RandomCrop"), _resized),
    **dict.fromkeys(kinds.MERGES | kinds.ARITHMETIC | {"CustomScaleLayer"}, _merged),
    **dict.fromkeys(RECURRENT, _recurrent),
    "Bidirectional": _bidirectional,
    "TimeDistributed": _time_distributed,
    "MultiHeadAttention": _attention,
    "Concatenate": _concatenated,
    "Dense": _dense,
    "Embedding": _embedding,
    "Flatten": _flatten,
    "Permute": _permute,
    "RepeatVector": _repeat,
    "Reshape": _reshape,
}
