"""The shape of what a layer puts out that looks through windows, pads, crops or enlarges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autograder.graphs import kinds
from autograder.graphs.errors import GraphError
from autograder.graphs.reading import (
    Shape,
    channels_first,
    numbers,
    on,
    pairs,
    show,
    show_shape,
    whole,
)

Settings = Mapping[str, Any]
Shapes = Sequence[Shape]


def spatial_rank(kind: str) -> int:
    """Conv2D → 2, GlobalMaxPooling1D → 1."""
    return int(next(letter for letter in kind if letter in "123"))


def _split(kind: str, settings: Settings, inputs: Shapes) -> tuple[Shape, int | None]:
    """The spatial axes and the number of channels of a picture-like input."""
    rank = spatial_rank(kind)
    if len(inputs[0]) != rank + 2:
        raise GraphError(f"expected an input of {rank + 2} axes, received {show_shape(inputs[0])}")
    if channels_first(settings):
        return inputs[0][2:], inputs[0][1]
    return inputs[0][1:-1], inputs[0][-1]


def _joined(settings: Settings, batch: int | None, spatial: Shape, channels: int | None) -> Shape:
    if channels_first(settings):
        return (batch, channels, *spatial)
    return (batch, *spatial, channels)


def _windows(spatial: Shape, sizes: Shape, steps: Shape, rates: Shape, padding: str) -> Shape:
    """How many windows fit along each axis."""
    result: list[int | None] = []
    for length, size, step, rate in zip(spatial, sizes, steps, rates, strict=True):
        assert size is not None and step is not None and rate is not None
        span = rate * (size - 1) + 1
        if length is None:
            result.append(None)
        elif padding in ("same", "causal"):
            result.append(-(-length // step))
        elif length < span:
            raise GraphError(f"a window of {span} does not fit into {length}")
        else:
            result.append((length - span) // step + 1)
    return tuple(result)


def padding_of(settings: Settings) -> str:
    padding = settings.get("padding", "valid")
    if not isinstance(padding, str) or padding.lower() not in ("valid", "same", "causal"):
        raise GraphError(f'padding: expected "valid" or "same", received {show(padding)}')
    return padding.lower()


def _convolution(kind: str, settings: Settings, inputs: Shapes) -> Shape:
    spatial, channels = _split(kind, settings, inputs)
    rank = len(spatial)
    sizes = numbers(settings, "kernel_size", rank, default=None)
    steps, rates = numbers(settings, "strides", rank), numbers(settings, "dilation_rate", rank)
    if kind.startswith("Depthwise"):
        multiplier = whole(settings, "depth_multiplier", default=1)
        filters = None if channels is None else channels * multiplier
    else:
        filters = whole(settings, "filters")
    places = _windows(spatial, sizes, steps, rates, padding_of(settings))
    return _joined(settings, inputs[0][0], places, filters)


def _transposed(kind: str, settings: Settings, inputs: Shapes) -> Shape:
    spatial, _ = _split(kind, settings, inputs)
    rank = len(spatial)
    sizes = numbers(settings, "kernel_size", rank, default=None)
    steps, rates = numbers(settings, "strides", rank), numbers(settings, "dilation_rate", rank)
    extra: Sequence[int | None] = (None,) * rank
    if settings.get("output_padding") is not None:
        extra = numbers(settings, "output_padding", rank, least=0)
    same = padding_of(settings) == "same"
    places: list[int | None] = []
    for length, size, step, rate, more in zip(spatial, sizes, steps, rates, extra, strict=True):
        span = rate * (size - 1) + 1
        if length is None:
            places.append(None)
        elif same:
            places.append(length * step if more is None else (length - 1) * step + span % 2 + more)
        else:
            more = max(span, step) - span if more is None else more
            places.append((length - 1) * step + span + more)
    return _joined(settings, inputs[0][0], tuple(places), whole(settings, "filters"))


def _pooling(kind: str, settings: Settings, inputs: Shapes) -> Shape:
    spatial, channels = _split(kind, settings, inputs)
    sizes = numbers(settings, "pool_size", len(spatial), default=2)
    steps = sizes
    if settings.get("strides") is not None:
        steps = numbers(settings, "strides", len(spatial))
    places = _windows(spatial, sizes, steps, (1,) * len(spatial), padding_of(settings))
    return _joined(settings, inputs[0][0], places, channels)


def _global_pooling(kind: str, settings: Settings, inputs: Shapes) -> Shape:
    spatial, channels = _split(kind, settings, inputs)
    if on(settings, "keepdims", False):
        return _joined(settings, inputs[0][0], (1,) * len(spatial), channels)
    return inputs[0][0], channels


def _adaptive_pooling(kind: str, settings: Settings, inputs: Shapes) -> Shape:
    spatial, channels = _split(kind, settings, inputs)
    places = numbers(settings, "output_size", len(spatial), default=None)
    return _joined(settings, inputs[0][0], places, channels)


def _zero_padding(kind: str, settings: Settings, inputs: Shapes) -> Shape:
    spatial, channels = _split(kind, settings, inputs)
    borders = pairs(settings, "padding", len(spatial))
    sizes = tuple(
        None if length is None else length + sum(ends)
        for length, ends in zip(spatial, borders, strict=True)
    )
    return _joined(settings, inputs[0][0], sizes, channels)


def _cropping(kind: str, settings: Settings, inputs: Shapes) -> Shape:
    spatial, channels = _split(kind, settings, inputs)
    borders = pairs(settings, "cropping", len(spatial))
    sizes = tuple(
        None if length is None else length - sum(ends)
        for length, ends in zip(spatial, borders, strict=True)
    )
    if any(size is not None and size <= 0 for size in sizes):
        raise GraphError(f"cropping leaves nothing of {show_shape(inputs[0])}")
    return _joined(settings, inputs[0][0], sizes, channels)


def _upsampling(kind: str, settings: Settings, inputs: Shapes) -> Shape:
    spatial, channels = _split(kind, settings, inputs)
    factors = numbers(settings, "size", len(spatial), default=2)
    sizes = tuple(
        None if length is None else length * factor
        for length, factor in zip(spatial, factors, strict=True)
    )
    return _joined(settings, inputs[0][0], sizes, channels)


Rule = Callable[[str, Settings, Shapes], Shape | None]
RULES: dict[str, Rule] = {
    **dict.fromkeys(kinds.CONVOLUTIONS, _convolution),
    **{kind: _transposed for kind in kinds.CONVOLUTIONS if kind.endswith("Transpose")},
    **dict.fromkeys(kinds.POOLINGS, _pooling),
    **dict.fromkeys(kinds.GLOBAL_POOLINGS, _global_pooling),
    **dict.fromkeys(kinds.ADAPTIVE_POOLINGS, _adaptive_pooling),
    **{f"ZeroPadding{rank}D": _zero_padding for rank in (1, 2, 3)},
    **{f"Cropping{rank}D": _cropping for rank in (1, 2, 3)},
    **{f"UpSampling{rank}D": _upsampling for rank in (1, 2, 3)},
}
