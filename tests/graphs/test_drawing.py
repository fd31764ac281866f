import re
from typing import Any
from xml.etree import ElementTree

import pytest

from autograder.graphs import Layer, ModelGraph

from .cases import bottlenecks, config, graph_of, inception_in_residual, model


def chain(count: int, kind: str = "Custom", **settings: Any) -> ModelGraph:
    layers = [Layer("0", "0", "InputLayer", {}, ())]
    layers += [Layer(str(n), str(n), kind, settings, (str(n - 1),)) for n in range(1, count)]
    return ModelGraph.build("chain", layers, [str(count - 1)])


def texts(graph: ModelGraph) -> list[str]:
    """All the text in the diagram, which must be well-formed."""
    return [text for text in ElementTree.fromstring(graph._repr_svg_()).itertext() if text]


def test_layers_stand_in_boxes() -> None:
    """Kind, short settings and shape."""
    shown = texts(graph_of(bottlenecks))
    assert "Conv2D 1×1, 8" in shown
    assert "MaxPooling2D 3×3" in shown
    assert "8×8×32" in shown


def test_blocks_are_framed_and_explained() -> None:
    """A dashed frame per block, and a legend."""
    drawn = graph_of(inception_in_residual)._repr_svg_()
    assert drawn.count("<title>inception block</title>") == 1
    assert drawn.count("<title>residual block</title>") == 1
    assert ">residual block</text>" in drawn


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a\x00\ud800b", "]]>"],
)
def test_names_are_escaped(hostile: str) -> None:
    """Whatever a student calls the model, a layer or a class."""
    read = config(model(bottlenecks))
    read["config"]["name"] = hostile
    read["config"]["layers"][1].update(class_name=hostile, module=None)
    read["config"]["layers"][2]["config"]["activation"] = hostile
    drawn = ModelGraph.from_keras(read)
    texts(drawn)
    html = drawn._repr_html_()
    html.encode()
    assert "<script" not in html
    assert "<img" not in html


def test_a_long_shortcut_runs_straight_around_what_it_passes() -> None:
    """The shortcut of a residual block does not cross the inception block inside it."""
    drawn = graph_of(inception_in_residual)._repr_svg_()
    frame = re.search(
        r'<rect x="([\d.-]+)" y="[\d.-]+" width="([\d.]+)"[^>]*><title>inception block', drawn
    )
    assert frame is not None
    right = float(frame[1]) + float(frame[2])
    straight = re.findall(r" L([\d.]+),", drawn)
    outside = [float(x) for x in straight if float(x) > right]
    assert len(outside) == 4
    assert len(set(outside)) == 1


def test_large_models_are_folded_and_cut() -> None:
    """Activations join the box before them; a long chain ends in a count."""
    folded = texts(chain(100, "ReLU"))
    assert len(folded) < 10
    cut = chain(5000)
    assert any(text.endswith("more layers") for text in texts(cut))
    assert len(cut._repr_svg_()) < 200_000


def test_another_importer_is_a_list_of_layers() -> None:
    """Layers in any order, unused ones drawn faded; mistakes are refused."""
    layers = [
        Layer("out", "out", "Dense", {"units": 2}, ("in",)),
        Layer("dead", "dead", "Conv2D", {"filters": 2}, ("in",)),
        Layer("in", "in", "InputLayer", {}, ()),
    ]
    graph = ModelGraph.build("other", layers, ["out"])
    assert [layer.id for layer in graph.layers if layer.on_path] == ["in", "out"]
    assert graph.kinds() == {"InputLayer": 1, "Dense": 1}
    assert "faded: not on a way to the output" in texts(graph)
