"""What a model is made of, live and as data."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from typing import Any

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers as kl

from autograder.artifacts import ModelData
from autograder.checks import (
    Finding,
    Missing,
    NotUsable,
    Outcome,
    architecture,
    at_least,
    at_most,
    between,
    scorecard,
)
from autograder.graphs import names

from .small_models import as_data, model

Demands = dict[str, Any]


should_pass: dict[str, tuple[str, Demands]] = {
    "at least so many of a kind": ("cnn", {"Conv2D": at_least(2)}),
    "exactly so many": ("cnn", {"Dense": 1, "Conv3D": 0}),
    "another spelling of a kind": ("cnn", {"Convolution2D": 2, "MaxPool2D": 1}),
    "one to three": ("two_heads", {"Dense": between(1, 3)}),
    "groups": ("cnn", {"convolution": 2, "pooling": 1, "normalization": 1, "dropout": 1}),
    "a penalty on weights regularizes": ("cnn", {"regularization": 2}),
    "a global pooling is a pooling": ("inception", {"pooling": at_least(1)}),
    "augmentation": ("augmented", {"augmentation": 2}),
    "layers of nested models": ("nested", {"Conv2D": 2, "pooling": 1}),
    "a shared layer is one": ("shared", {"Conv2D": 1}),
    "what a wrapper holds": ("time_distributed", {"Conv2D": 1, "TimeDistributed": 1}),
    "a Reshape that flattens": ("reshaped", {"Flatten": 1, "order": ("Conv2D", "Flatten")}),
    "the operation that flattens": ("reshaped_by_ops", {"Flatten": 1}),
    "the output": ("cnn", {"output": ("sigmoid", 1)}),
    "one of two outputs": ("nested", {"output": [("sigmoid", 1), ("softmax", 2)]}),
    "an activation of its own layer": ("augmented", {"output": ("softmax", 10)}),
    "logits": ("linear", {"output": ("logits", 1)}),
    "no activation": ("anything", {"output": (None, 3)}),
    "an order": ("cnn", {"order": ("Conv2D", "Flatten", "Dense")}),
    "an order of groups": ("cnn", {"order": ("convolution", "pooling", "convolution")}),
    "an order with a choice": (
        "inception",
        {"order": ("Conv2D", ("Flatten", "GlobalAveragePooling2D"), "Dense")},
    ),
    "an order along one of many ways": (
        "both",
        {"order": ("Conv2D", "Concatenate", "BatchNormalization", "Add")},
    ),
    "the input": ("cnn", {"input_shape": (8, 8, 3)}),
    "an input of any size": ("cnn", {"input_shape": (None, None, 3)}),
    "a model for any size": ("anything", {"input_shape": (32, 32, 3)}),
    "an inception block": ("inception", {"inception": between(1, 2), "residual": 0}),
    "a residual block": ("residual", {"residual": 1, "inception": 0}),
    "both": ("both", {"residual": at_least(1), "inception": 1}),
    "few parameters": ("wide", {"parameters": at_most(3000)}),
}

should_fail: dict[str, tuple[str, Demands, str]] = {
    "too few": (
        "small",
        {"convolution": at_least(2)},
        r"^1 convolution: conv2d \(3×3, 16\); expected at least 2",
    ),
    "too many": ("two_heads", {"Dense": 1}, r"^2 Dense layers: dense \(1, sigmoid\) and .*ly 1"),
    "alike": ("inception", {"Conv2D": 1}, r"Conv2D layers: .*\d × conv2d \(.*expected exactly 1"),
    "none": ("small", {"Flatten": 1}, "^0 Flatten layers; expected exactly 1"),
    "one that must not be": ("cnn", {"dropout": 0}, r"1 dropout layer: dropout \(0\.5\).*none"),
    "another rank": ("cnn", {"Conv1D": 1}, "^0 Conv1D layers"),
    "named after it": ("inception", {"normalization": 1}, "^0 normalization layers"),
    "a number of units": (
        "augmented",
        {"output": ("softmax", 2)},
        "^An output of 10 units with softmax; expected 2 units with softmax",
    ),
    "an activation": (
        "linear",
        {"output": [("sigmoid", 1), ("softmax", 2)]},
        '1 unit with no activation; expected 1 unit with sigmoid or 2 .* activation="sigmoid"',
    ),
    "logits": ("cnn", {"output": ("logits", 1)}, "1 unit with sigmoid; expected 1 unit with no ac"),
    "softmax over one unit": (
        "softmax_of_one",
        {"output": ("sigmoid", 1)},
        "1 unit with softmax;.*always 1",
    ),
    "no Flatten": (
        "small",
        {"output": ("logits", 1)},
        "^An output of 3×3×1 with no activation; .*put Flatten or GlobalAveragePooling2D before it",
    ),
    "a layer behind the output": (
        "two_heads",
        {"output": ("sigmoid", 1)},
        r"dense \(1, sigmoid\) comes first and dense \(5\) after it",
    ),
    "two outputs": ("two_outputs", {"output": ("sigmoid", 1)}, "^2 outputs; .*one output"),
    "an order": (
        "small",
        {"order": ("Conv2D", "Flatten", "Dense")},
        "^Conv2D, but no Flatten after it; expected Conv2D → Flatten → Dense.*put Flatten",
    ),
    "an order from its first step": ("linear", {"order": ("Conv2D", "Dense")}, "^No Conv2D;"),
    "an order the other way": (
        "dense_first",
        {"order": ("Conv2D", "Flatten")},
        "^Conv2D, but no Flatten after it.*There is a Flatten, but not after Conv2D",
    ),
    "an order across branches": (
        "inception",
        {"order": ("Conv2D", "Conv2D", "Conv2D")},
        "^Conv2D → Conv2D, but no Conv2D after it",
    ),
    "another size": ("cnn", {"input_shape": (9, 9, 3)}, "^An input of 8×8×3; expected 9×9×3"),
    "another rank of input": ("cnn", {"input_shape": (192,)}, "8×8×3; expected 192"),
    "two inputs": ("two_inputs", {"input_shape": (8, 8, 3)}, "^2 inputs; expected one, of 8×8×3"),
    "too many parameters": (
        "large",
        {"parameters": at_most(50_000)},
        r"^97,001 parameters; .*at most 50,000.*96,500, are in dense \(500\)\. .*more pooling",
    ),
    "too many filters": (
        "wide",
        {"parameters": at_most(1000)},
        r"2,520, are in conv2d \(3×3, 90\)\. Take fewer filters",
    ),
    "too small": ("linear", {"parameters": at_least(1000)}, "^193 parameters; expected at least"),
    "no inception": ("cnn", {"inception": 1}, "^0 inception blocks;.*three or more branches"),
    "a block too many": (
        "both",
        {"inception": 0},
        "^1 inception block, ending in merged; expected none",
    ),
    "branches along another axis": (
        "other_axis",
        {"inception": 1},
        "meet in merged are not merged along the channels",
    ),
    "branches alike": ("same_field", {"inception": 1}, "merged all look at a window of the same"),
    "two branches": ("two_branches", {"inception": 1}, "Only two branches .*meet in merged"),
    "averaged branches": ("averaged", {"inception": 1}, "merged are merged, but not concatenated"),
    "flattened branches": ("flattened", {"inception": 1}, "merged merges branches .*flattened"),
    "no residual": ("cnn", {"residual": 1}, "^0 residual blocks;.*Add a tensor"),
    "a path without convolution": (
        "no_convolution",
        {"residual": 1},
        "What sum adds to the shortcut has no convolution",
    ),
    "no shortcut": ("no_shortcut", {"residual": 1}, "None of what sum adds is the block's input"),
    "a concatenated shortcut": ("not_added", {"residual": 1}, "sum concatenates the shortcut"),
}


@pytest.mark.parametrize("name, demands", should_pass.values(), ids=should_pass)
def test_should_pass(name: str, demands: Demands) -> None:
    """All points, and what was found."""
    finding = architecture(as_data(name), **demands)
    assert finding.outcome is Outcome.CORRECT, finding.details
    assert finding.found.endswith(".")
    assert finding.details == ()


@pytest.mark.parametrize("name, demands, message", should_fail.values(), ids=should_fail)
def test_should_fail(name: str, demands: Demands, message: str) -> None:
    """No points; the line says what was found and what was expected."""
    finding = architecture(as_data(name), **demands)
    assert finding.outcome is Outcome.INCORRECT
    assert_matches(finding, message)
    assert finding.advice, "there is always a next step"


def assert_matches(finding: Finding, message: str) -> None:
    text = " ".join([finding.found, *finding.details, finding.advice])
    assert re.search(message, text), text


def test_a_right_model_is_told_what_was_found() -> None:
    """Each demand in turn."""
    finding = architecture(as_data("small"), Conv2D=1, order=("Conv2D", "Dense"), inception=0)
    assert finding.found == (
        "1 Conv2D layer: conv2d (3×3, 16). Conv2D → Dense in this order. 0 inception blocks."
    )


MANY: Demands = {
    "Conv2D": at_least(2),
    "pooling": at_least(1),
    "Flatten": 1,
    "output": ("sigmoid", 1),
}


def test_a_live_model_and_its_data_give_the_same_finding() -> None:
    """In the student's kernel as where it is graded."""
    for name in ("cnn", "small", "nested", "both"):
        live = architecture(model(name), inception=0, **MANY)
        assert live == architecture(as_data(name), inception=0, **MANY)
        assert live.picture.startswith("<svg")


def test_every_mismatch_is_told_and_the_rest_earns_its_share() -> None:
    """Three of four demands are not met: a quarter of the points."""
    finding = architecture(as_data("small"), **MANY)
    assert finding.outcome is Outcome.PARTLY_CORRECT
    assert finding.fraction == 1 / 4
    assert finding.found == "3 of 4 things are not as asked."
    assert [detail.split(";")[0] for detail in finding.details] == [
        "1 Conv2D layer: conv2d (3×3, 16)",
        "0 Flatten layers",
        "An output of 3×3×1 with no activation",
    ]
    assert finding.asked == (
        "the model has at least 2 Conv2D layers, at least 1 pooling layer, exactly 1 Flatten "
        "layer, an output of 1 unit with sigmoid"
    )


def test_all_or_nothing_gives_no_share() -> None:
    """Where the question says so."""
    finding = architecture(as_data("small"), all_or_nothing=True, **MANY)
    assert (finding.outcome, finding.fraction) == (Outcome.INCORRECT, 0)
    assert len(finding.details) == 3
    assert architecture(as_data("cnn"), all_or_nothing=True, Conv2D=2).outcome is Outcome.CORRECT


def test_a_layer_on_no_way_to_the_output_does_not_count() -> None:
    """It is told."""
    finding = architecture(as_data("dead_end"), MaxPooling2D=1)
    assert "0 MaxPooling2D layers (1 more on no way from the input to the output)" in finding.found


@pytest.mark.parametrize("answer", [None, ..., Missing("cnn")])
def test_no_answer_is_not_attempted(answer: object) -> None:
    """Nothing is found wrong with it."""
    finding = architecture(answer, Conv2D=2)
    assert finding.outcome is Outcome.NOT_ATTEMPTED
    assert finding.advice


@pytest.mark.parametrize(
    "answer, message",
    [
        (NotUsable("cnn", "it has not been built"), "cnn cannot be used .*not been built"),
        (keras.Sequential([kl.Dense(1)]), "^The model .*built"),
        ("a model", "^The model "),
        (ModelData(config={"config": 3}, tensors={}), "^The model cannot be read: .*Keras model"),
    ],
    ids=["unusable", "unbuilt", "text", "forged"],
)
def test_what_is_no_model_is_told(answer: object, message: str) -> None:
    """In one sentence, without a traceback."""
    finding = architecture(answer, Conv2D=2, parameters=at_most(10))
    assert finding.outcome is Outcome.INCORRECT
    assert_matches(finding, message)
    assert "Hand in the model itself" in finding.advice


@pytest.mark.parametrize(
    "demands, message",
    [
        ({}, "asked for nothing"),
        ({"Conv2d": 2}, "'Conv2d' is neither .*did you mean 'Conv2D'"),
        ({"poolings": 2}, "did you mean 'pooling'"),
        ({"order": "Conv2D"}, "order is a tuple"),
        ({"order": ()}, "order is a tuple"),
        ({"order": ("Conv2D", "Flaten")}, "'Flaten' is neither .*'Flatten'"),
        ({"output": ("sigmod", 1)}, "output is a pair .*'sigmod'"),
        ({"output": ("sigmoid", 0)}, "output is a pair"),
        ({"output": []}, "output is an empty list"),
    ],
)
def test_what_no_model_can_be_asked_for_is_the_authors_mistake(
    demands: Demands, message: str
) -> None:
    """It is told even where there is no answer yet, that is when the release is made."""
    with pytest.raises(ValueError, match=message):
        architecture(None, **demands)


@pytest.mark.parametrize("wanted", [1.5, "2", True])
def test_what_is_no_amount_is_the_authors_mistake(wanted: Any) -> None:
    """Whole numbers and at_least, at_most, between."""
    with pytest.raises(TypeError, match="expected whole numbers"):
        architecture(None, Conv2D=wanted)


def test_the_known_layers_are_keras() -> None:
    """All that Keras has but its abstract ones, so that a new release is noticed."""
    found = {
        each.__name__
        for each in vars(kl).values()
        if isinstance(each, type) and issubclass(each, kl.Layer)
    }
    assert found - {"Layer", "Wrapper"} == names.LAYERS
    aliases = {name for name, each in vars(kl).items() if isinstance(each, type)} - found
    assert {names.canonical(alias) for alias in aliases} - names.LAYERS == {
        "GroupQueryAttention",
        "InputSpec",
    }


def test_names_of_students_are_bounded_and_make_no_markup() -> None:
    """On the card, as in the picture."""
    config = json.loads(model("inception").to_json())
    text = json.dumps(config).replace("merged", "<script>alert(1)</script>" + "x" * 200)
    hostile = ModelData(config=json.loads(text), tensors={})
    card = scorecard("Question 1", 1)
    card.expect(1, architecture(hostile, inception=0))
    html = card._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html


JUNK: list[Any] = [
    None,
    -1,
    0,
    10**400,
    0.5,
    float("nan"),
    "",
    "x" * 999,
    "<b>",
    [],
    [[3]],
    {},
    True,
]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_a_forged_config_is_judged_or_told(seed: int) -> None:
    """Whatever stands in it: a finding with short lines, never a traceback."""
    rng = random.Random(seed)
    config = json.loads(model(rng.choice(["cnn", "both", "nested"])).to_json())
    for _ in range(rng.randint(1, 3)):
        holder, key = rng.choice(places(config))
        holder[key] = rng.choice(JUNK)
    data = ModelData(config=config, tensors={})
    card = scorecard("Question 1", 1)
    finding = architecture(
        data, order=("Conv2D", "Dense"), inception=1, residual=1, parameters=1, **MANY
    )
    card.expect(1, finding)
    assert finding.outcome in (Outcome.INCORRECT, Outcome.PARTLY_CORRECT)
    assert max(map(len, finding.details), default=0) < 1000
    card._repr_html_().encode()


def places(config: Any) -> list[tuple[Any, Any]]:
    """Every place in a config, as what holds it and its key there."""
    found: list[tuple[Any, Any]] = []
    for key, value in config.items() if isinstance(config, dict) else enumerate(config):
        found.append((config, key))
        found += places(value) if isinstance(value, dict | list) else []
    return found


def test_large_models_are_not_drawn() -> None:
    """What is judged is the same."""
    layers: list[Any] = [{"class_name": "InputLayer", "config": {"name": "i"}}]
    layers += [{"class_name": "ReLU", "config": {"name": f"r{n}"}} for n in range(4000)]
    data = ModelData(
        config={"class_name": "Sequential", "config": {"name": "m", "layers": layers}}, tensors={}
    )
    finding = architecture(data, ReLU=4000)
    assert (finding.outcome, finding.picture) == (Outcome.CORRECT, "")
    assert architecture(as_data("cnn"), Conv2D=2, picture=False).picture == ""


def test_no_framework_is_imported() -> None:
    """Judging a model that a snapshot gave needs NumPy alone."""
    program = (
        "import json, sys; from autograder.artifacts import ModelData;"
        "from autograder.checks import architecture;"
        "data = ModelData(config=json.load(sys.stdin), tensors={});"
        "print(architecture(data, Conv2D=1, inception=1, residual=1).found);"
        "sys.exit(str({'keras', 'tensorflow', 'torch', 'jax'} & sys.modules.keys() or ''))"
    )
    text = model("both").to_json()
    done = subprocess.run(
        [sys.executable, "-c", program], input=text, capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == ""
    assert done.stdout.startswith("6 Conv2D layers: ")


@pytest.mark.parametrize(
    "demands, fraction",
    [
        ({"Conv2D": at_least(2), "residual": 0, "Flatten": 1}, 0.5),
        ({"Conv2D": 1, "Flatten": 1, "Dense": at_most(0)}, 0.5),
        ({"Dense": 0, "Conv2D": 0}, 0),
    ],
)
def test_limits_earn_nothing_beside_needs(demands: dict[str, Any], fraction: float) -> None:
    """A model of one convolution, Flatten and Dense: what it lacks is no merit."""
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), kl.Conv2D(4, 3), kl.Flatten(), kl.Dense(1, "sigmoid")]
    )
    assert architecture(model, **demands).fraction == pytest.approx(fraction)
