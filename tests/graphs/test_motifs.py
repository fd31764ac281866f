import time
from collections.abc import Callable
from typing import Any

import keras
import pytest

from autograder.graphs import Layer, ModelGraph, inception_blocks, residual_blocks

from .cases import (
    FOUND,
    NOT_FOUND,
    NOT_FOUND_OF_TWO,
    Body,
    agrees_with_keras,
    basic,
    bottlenecks,
    config,
    conv,
    graph,
    graph_of,
)


@pytest.mark.parametrize("body, inception, residual", FOUND.values(), ids=FOUND)
def test_should_find(body: Body, inception: int, residual: int) -> None:
    """As many blocks of each sort as there are, no more."""
    found = graph_of(body)
    assert (len(inception_blocks(found)), len(residual_blocks(found))) == (inception, residual)


@pytest.mark.parametrize("body", NOT_FOUND.values(), ids=NOT_FOUND)
def test_should_not_find(body: Body) -> None:
    """What only looks like a block is none."""
    found = graph_of(body)
    assert inception_blocks(found) == []
    assert residual_blocks(found) == []


@pytest.mark.parametrize("build", NOT_FOUND_OF_TWO.values(), ids=NOT_FOUND_OF_TWO)
def test_should_not_find_across_inputs(build: Callable[[], Any]) -> None:
    """A block has one source."""
    found = graph(build())
    assert inception_blocks(found) == []
    assert residual_blocks(found) == []


@pytest.mark.parametrize(
    "name, inception, residual",
    [("VGG16", 0, 0), ("ResNet50", 0, 16), ("InceptionV3", 11, 0), ("MobileNetV2", 0, 10)],
)
def test_known_architectures(name: str, inception: int, residual: int) -> None:
    """The blocks that the papers count, and Keras' shapes and counts for every layer."""
    built = getattr(keras.applications, name)(weights=None)
    found = graph(built)
    agrees_with_keras(found, built)
    assert len(inception_blocks(found)) == inception
    assert len(residual_blocks(found)) == residual
    if inception:
        merges = [block.merge for block in inception_blocks(found)]
        assert merges == [f"mixed{number}" for number in range(11)]


def test_names_do_not_matter() -> None:
    """Layers called after something else are found, and lie about nothing."""
    misleading = config(
        keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(2, 3, name="inception_add")])
    )
    assert inception_blocks(ModelGraph.from_keras(misleading)) == []


def test_an_inception_block_tells_its_parts() -> None:
    """Source, merge, branches in order and what each sees."""
    (block,) = inception_blocks(graph_of(bottlenecks))
    assert block.source == "input_layer"
    assert block.merge == "concatenate"
    assert block.branches[0] == ("conv2d",)
    assert block.branches[3] == ("max_pooling2d", "conv2d_5")
    assert block.receptive_fields == ((1, 1), (3, 3), (5, 5), (3, 3))
    assert "4 branches from input_layer to concatenate" in str(block)
    assert hash(block)


def test_a_residual_block_tells_its_parts() -> None:
    """Source, merge, path and an empty shortcut where the source itself is added."""
    (block,) = residual_blocks(graph_of(basic))
    assert (block.source, block.merge, block.shortcut) == ("input_layer", "add", ())
    assert block.path == ("conv2d", "conv2d_1")
    assert str(block) == (
        "residual block: input_layer is added as it is to a path of 2 layers in add"
    )


def test_channels_first_counts_axis_1() -> None:
    """Along the channels means axis 1 where the layers say so."""

    def body(x: Any) -> Any:
        first = {"data_format": "channels_first"}
        return keras.layers.Concatenate(axis=1)([conv(x, k, **first) for k in (1, 3, 5)])

    assert len(inception_blocks(graph_of(body))) == 1


def layer(layer_id: str, kind: str, *inputs: str, **settings: Any) -> Layer:
    return Layer(layer_id, layer_id, kind, settings, inputs)


def timed(layers: list[Layer], end: str) -> tuple[float, int]:
    found = ModelGraph.build("hostile", layers, [end])
    began = time.perf_counter()
    blocks = len(inception_blocks(found)) + len(residual_blocks(found))
    return time.perf_counter() - began, blocks


def test_exponentially_many_paths_are_fast() -> None:
    """2^1000 ways from input to output."""
    layers, last = [layer("x0", "InputLayer")], "x0"
    for n in range(1, 1001):
        layers.append(layer(f"a{n}", "Conv2D", last, kernel_size=[3, 3]))
        layers.append(layer(f"b{n}", "Conv2D", last, kernel_size=[3, 3]))
        layers.append(layer(f"x{n}", "Add", f"a{n}", f"b{n}"))
        last = f"x{n}"
    wall_s, blocks = timed(layers, last)
    assert blocks == 0
    assert wall_s < 5


def test_blocks_around_blocks_are_fast() -> None:
    """1,600 additions that all reach back to the input, and 1,200 wide concatenations."""
    layers, last = [layer("x0", "InputLayer"), layer("c0", "Conv2D", "x0", kernel_size=[3])], "c0"
    for n in range(1, 1601):
        layers.append(layer(f"r{n}", "ReLU", last))
        layers.append(layer(f"x{n}", "Add", "x0", f"r{n}"))
        last = f"x{n}"
    wall_s, blocks = timed(layers, last)
    assert blocks == 1600
    assert wall_s < 10
    layers, last = [layer("x0", "InputLayer")], "x0"
    for n in range(1, 1201):
        layers.append(layer(f"a{n}", "Conv2D", "x0", kernel_size=[1, 1]))
        layers.append(layer(f"b{n}", "Conv2D", last, kernel_size=[3, 3]))
        layers.append(layer(f"c{n}", "Conv2D", "x0", kernel_size=[5, 5]))
        layers.append(layer(f"x{n}", "Concatenate", f"a{n}", f"b{n}", f"c{n}"))
        last = f"x{n}"
    wall_s, blocks = timed(layers, last)
    assert blocks >= 1199
    assert wall_s < 10
