import pytest

from autograder.graphs import Layer, ModelGraph, Reason, near_inception_blocks, near_residual_blocks

from .cases import FOUND, NOT_FOUND, graph_of

INCEPTION = {
    "along_rows": Reason.OTHER_AXIS,
    "flattened_before": Reason.FLATTENED,
    "three_equal_fields": Reason.SAME_FIELD,
    "two_branches": Reason.TWO_BRANCHES,
    "branches_are_averaged": Reason.NOT_CONCATENATED,
}
RESIDUAL = {
    "skip_over_an_activation": Reason.NO_CONVOLUTION,
    "skip_over_pooling": Reason.NO_CONVOLUTION,
    "both_sides_wide": Reason.NO_SHORTCUT,
    "shortcut_is_dense": Reason.NO_SHORTCUT,
    "dense_net": Reason.NOT_ADDED,
}


@pytest.mark.parametrize("name, reason", INCEPTION.items(), ids=INCEPTION)
def test_should_say_why_it_is_no_inception_block(name: str, reason: Reason) -> None:
    """With the layer in which the branches meet."""
    near = near_inception_blocks(graph_of(NOT_FOUND[name]))
    assert [each.reason for each in near] == [reason]
    assert near[0].merge.startswith(("concatenate", "average"))


@pytest.mark.parametrize("name, reason", RESIDUAL.items(), ids=RESIDUAL)
def test_should_say_why_it_is_no_residual_block(name: str, reason: Reason) -> None:
    """With the layer in which path and shortcut meet."""
    near = near_residual_blocks(graph_of(NOT_FOUND[name]))
    assert {each.reason for each in near} == {reason}


@pytest.mark.parametrize("name", ["inception_bottlenecks_and_pool", "residual_within_residual"])
def test_a_block_is_no_near_miss(name: str) -> None:
    """Of neither sort."""
    found = graph_of(FOUND[name][0])
    assert near_inception_blocks(found) == []
    assert near_residual_blocks(found) == []


def test_plain_models_come_near_to_nothing() -> None:
    """A chain has no merges."""
    layers = [Layer("x", "x", "InputLayer", {}), Layer("c", "c", "Conv2D", {}, ("x",))]
    found = ModelGraph.build("plain", layers, ["c"])
    assert near_inception_blocks(found) + near_residual_blocks(found) == []
