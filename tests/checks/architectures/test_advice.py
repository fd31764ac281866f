"""Whatever an architecture lacks, or has too much of, its finding says what to do about it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from autograder.checks import Outcome, architecture, at_least
from autograder.checks.architectures.adding import HOW_TO_ADD, how_to_add
from autograder.checks.architectures.layer_groups import GROUPS, group
from autograder.graphs import names

from .small_models import as_data

Demands = dict[str, Any]

advised: dict[str, tuple[str, Demands, str]] = {
    "no convolution": ("linear", {"Conv2D": 1}, r"Add layers\.Conv2D\(32, 3, padding="),
    "no pooling": ("linear", {"pooling": 1}, r"Add layers\.MaxPooling2D\(\) behind a conv"),
    "no normalization": ("small", {"normalization": 1}, r"Add layers\.BatchNormalization\(\)"),
    "the input normalized": (
        "normalized_input",
        {"normalization": 1},
        r"^Rescaling scales the model's input; .*BatchNormalization",
    ),
    "no dropout": ("small", {"Dropout": 1}, r"Add layers\.Dropout\(0\.5\) before the last Dense"),
    "no regularization": ("small", {"regularization": 1}, "kernel_regularizer"),
    "no augmentation": ("small", {"augmentation": 1}, "RandomFlip.* right behind the input"),
    "no Flatten": ("small", {"Flatten": 1}, r"Add layers\.Flatten\(\) between the last feature"),
    "a Reshape to maps": ("reshaped_to_maps", {"Flatten": 1}, r"Add layers\.Flatten\(\)"),
    "a global pooling for Flatten": (
        "wide",
        {"Flatten": 1},
        "^GlobalAveragePooling2D makes a vector as well, but the question asks for Flatten",
    ),
    "no Dense": ("anything", {"Dense": 2}, r"Add layers\.Dense\(…\) behind Flatten"),
    "none of another kind": (
        "small",
        {"Cropping2D": 1},
        r"^Add layers\.Cropping2D\(…\) on the way",
    ),
    "one that leads nowhere": ("dead_end", {"pooling": 1}, r"^max_pooling2d .*leads nowhere: give"),
    "a Dense too many": ("two_heads", {"Dense": 1}, "^Remove one of them; the last Dense gives"),
    "five too many": ("both", {"Conv2D": 1}, r"^Remove 5 of them\.$"),
    "one that must not be": ("cnn", {"dropout": 0}, "model without any: remove it"),
    "two that must not be": ("cnn", {"Conv2D": 0}, "model without any: remove them"),
    "inception kept": ("both", {"inception": 0}, "^Remove merged and its branches"),
    "residual kept": ("both", {"residual": 0}, "^Remove sum and the shortcut that it adds"),
    "one inception more": ("inception", {"inception": 2}, "^Add another one behind merged"),
    "one residual more": ("residual", {"residual": 2}, "^Add another one behind sum"),
    "the first step missing": ("linear", {"order": ("Conv2D", "Dense")}, r"^Add layers\.Conv2D"),
    "a step missing": ("cnn", {"order": ("Conv2D", "Add")}, r"^Add layers\.Add\(…\)"),
    "units": (
        "augmented",
        {"output": ("softmax", 2)},
        r'^End the model with Dense\(2, activation="softmax"\)',
    ),
    "another activation": (
        "rectified",
        {"output": [("softmax", 10), ("logits", 10)]},
        r'^End the model with Dense\(10, activation="softmax"\) or Dense\(10\)\.',
    ),
    "an activation where none is asked for": (
        "cnn",
        {"output": ("logits", 1)},
        r"^End the model with Dense\(1\)\.",
    ),
    "an output of any length": ("open_end", {"output": ("logits", 3)}, "^Say the input's size"),
    "another input": ("cnn", {"input_shape": (9, 9, 3)}, r"keras\.Input\(\(9, 9, 3\)\)\.$"),
    "a flat input": ("cnn", {"input_shape": (192,)}, r"with keras\.Input\(\(192,\)\)\."),
    "channels first": (
        "channels_first",
        {"input_shape": (8, None, 3)},
        r"keras\.Input\(\(8, None, 3\)\): the channels come last",
    ),
    "two inputs": ("two_inputs", {"input_shape": (8, 8, 3)}, "^Build the model with one input"),
    "too few parameters": ("linear", {"parameters": at_least(1000)}, "^Take more filters"),
}


@pytest.mark.parametrize("name, demands, message", advised.values(), ids=advised)
def test_every_miss_has_a_next_step(name: str, demands: Demands, message: str) -> None:
    """One sentence that says what to write or what to take out."""
    finding = architecture(as_data(name), **demands)
    assert finding.outcome is Outcome.INCORRECT
    assert re.search(message, finding.advice), finding.advice


def test_every_group_says_how_to_add_one() -> None:
    """And what is said names a layer that Keras has."""
    for name in GROUPS.keys() | HOW_TO_ADD.keys():
        text = how_to_add(group(name))
        assert set(re.findall(r"layers\.(\w+)", text)) <= names.LAYERS
        assert "layers." in text
    assert GROUPS.keys() <= HOW_TO_ADD.keys()
