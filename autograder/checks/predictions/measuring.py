"""What a model makes of the hidden images. Numbers about all of them leave here, no image does."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from autograder.artifacts import ModelData, NotDataError
from autograder.artifacts.models import features
from autograder.checks.findings import Finding, Outcome
from autograder.checks.predictions import feeding
from autograder.checks.predictions.conventions import Convention, UnfitError, choose, classes
from autograder.checks.subjects import model_data
from autograder.checks.wording import opening, sentences
from autograder.graphs import GraphError, ModelGraph

T = TypeVar("T")

NO_IMAGES = "The hidden images are only where hand-ins are graded."
ADVICE_NO_IMAGES = "Whoever grades: autograder data prepare makes them."

_AT_ONCE = 4  # models whose outputs are kept, for cells that ask about the same


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of a model. inputs: of feeding.SCALINGS; outputs: the conventions allowed."""

    dataset: str
    inputs: str
    outputs: tuple[Convention, ...]


@dataclass(frozen=True, eq=False)
class Measured:
    """A model's classes for the hidden images, (n,), and the right ones.

    size: (height, width) of the images that it was given.
    """

    model: ModelData
    question: Question
    size: tuple[int, int]
    labels: NDArray[np.uint8]
    predicted: NDArray[np.intp]
    classes: int

    @property
    def images(self) -> int:
        return len(self.labels)

    @property
    def accuracy(self) -> float:
        """The share that is right, to 0.1 %: neither text nor points tell more."""
        return round(float((self.predicted == self.labels).mean()), 3)


def measure(answer: object, question: Question, asked: str, what: str) -> Measured | Finding:
    """What the model gives for the hidden images; a Finding says why it gives nothing to count."""
    from autograder.datasets import DataError  # with all that reads archives

    model = model_data(answer, asked, what)
    if isinstance(model, Finding):
        return model
    try:
        return _or_told(lambda: _measured(model, question), asked, what)
    except DataError:
        return Finding(Outcome.COULD_NOT_BE_GRADED, asked, NO_IMAGES, ADVICE_NO_IMAGES)


def predicted_classes(
    answer: object, fed: features.Fed, outputs: tuple[Convention, ...], asked: str, what: str
) -> NDArray[np.intp] | Finding:
    """The class of each of the given images, (n,); a Finding says why there is none."""
    model = model_data(answer, asked, what)
    if isinstance(model, Finding):
        return model
    return _or_told(lambda: _classes(model, fed, outputs), asked, what)


def _or_told(work: Callable[[], T], asked: str, what: str) -> T | Finding:
    """What the work gives, or why the model does not let itself be used for it."""
    try:
        return work()
    except UnfitError as error:
        return Finding(Outcome.INCORRECT, asked, f"{error}.", error.advice)
    except NotDataError as error:
        return Finding(Outcome.INCORRECT, asked, sentences(opening(f"{what} {error}")))
    except GraphError as error:
        found = sentences(opening(f"{what} cannot be read: {error}"))
        return Finding(Outcome.INCORRECT, asked, found)


def accuracy_if(measured: Measured, inputs: str, most: int) -> tuple[float, float]:
    """The accuracy as the question feeds images and as `inputs` would, on the same `most` images.

    0 where the outputs cannot be read. The images are taken evenly from all of them.
    """
    question = measured.question
    fed, labels = feeding.hidden(question.dataset, measured.size, inputs)
    rows = np.linspace(0, len(labels) - 1, min(most, len(labels))).astype(np.intp)
    some = features.Fed(fed.images[rows], fed.scale, f"{fed.key}, {len(rows)} of them")
    stated = float((measured.predicted == labels)[rows].mean())
    try:
        predicted, _ = classes(
            features.predict(measured.model, some, _published()), question.outputs
        )
    except UnfitError:
        return stated, 0.0
    return stated, float((predicted == labels[rows]).mean())


def _measured(model: ModelData, question: Question) -> Measured:
    from autograder.datasets import evaluation

    graph = model.graph
    size = feeding.image_size(graph, question.dataset)
    _check_output(graph, question.outputs)
    key = evaluation.key(question.dataset)
    asked = _Asked(model.identity, question.dataset, size, question.inputs, key, model)
    outputs, labels = _outputs(asked)
    predicted, convention = classes(outputs, question.outputs)
    return Measured(model, question, size, labels, predicted, convention.classes)


def _check_output(graph: ModelGraph, outputs: tuple[Convention, ...]) -> None:
    """Before any work is done. Raises UnfitError."""
    if len(graph.outputs) != 1:
        raise UnfitError(f"The model has {len(graph.outputs)} outputs; expected one")
    shape = graph.outputs[0].output_shape
    if shape is not None and None not in shape[1:]:
        choose(outputs, shape, graph.output_activation)


def _classes(
    model: ModelData, fed: features.Fed, outputs: tuple[Convention, ...]
) -> NDArray[np.intp]:
    """Of images that are one student's own: features of a shared base are not kept for them."""
    _check_output(model.graph, outputs)
    return classes(_outputs_for(_Given(model.identity, fed.key, model, fed)), outputs)[0]


@dataclass(frozen=True)
class _Given:
    """A model and the images that a question gives it."""

    identity: str
    key: str
    model: ModelData = field(compare=False)
    fed: features.Fed = field(compare=False)


@functools.lru_cache(1)  # it holds the images as well
def _outputs_for(given: _Given) -> NDArray[np.float32]:
    return features.predict(given.model, given.fed, {})


@dataclass(frozen=True)
class _Asked:
    """Whatever a model's outputs depend on; key: tells hidden images from others."""

    identity: str
    dataset: str
    size: tuple[int, int]
    inputs: str
    key: str
    model: ModelData = field(compare=False)  # one of this identity, live or read


@functools.lru_cache(_AT_ONCE)
def _outputs(asked: _Asked) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """The model's outputs for the hidden images, and the labels."""
    fed, labels = feeding.hidden(asked.dataset, asked.size, asked.inputs)
    return features.predict(asked.model, fed, _published()), labels


def _published() -> dict[str, str]:
    """The digests of the pre-trained base, where it is there; nothing is prepared for them."""
    from autograder.datasets.store import Store, read_manifest

    manifest = read_manifest(Store.from_environment().students("vgg16"))
    return dict(manifest["digests"]) if manifest else {}
