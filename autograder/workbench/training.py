"""Training that is done once: the next run of the notebook reads what came of it."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from autograder.artifacts import NotDataError
from autograder.artifacts.generators.sources import is_generator
from autograder.workbench.contents import as_numpy
from autograder.workbench.identity import Identity, identity_of, weight_digests
from autograder.workbench.shelf import DamagedError, History, Shelf, Trained, read, stem_of

DAMAGED = "{name}: {path} is damaged or of another kind; trained anew"


def train_once(
    model: Any,
    x: Any,
    y: Any = None,
    *,
    epochs: int,
    validation_data: Any = None,
    callbacks: Any = (),
    name: str | None = None,
    **fit_arguments: Any,
) -> History:
    """Train a compiled Keras model in place, as model.fit does, or read it from a file.

    Returns the history: a list of one number per epoch under each name, {"loss": [0.7, 0.5], …}.

    The very same training is read: the same layers, initial weights, optimizer, loss, data,
    epochs, other arguments and callbacks, in this session or in another. So call
    keras.utils.set_random_seed before you build a model: then it starts from the same weights each
    time. What is done is told in one printed line, and so is what cannot be noticed: of images
    that change at random (augmentation) neither which they are nor how they change.

    name: what the line and the file are called, else the model's name; another name is another
    training. fit_arguments: as of model.fit, verbose=0 unless given. When it reads, callbacks are
    not called and the random numbers that training would have used are not drawn; compile the
    model again before you train it further.

    Files lie in the folder that AUTOGRADER_TRAINED names, else in .cache/autograder/trained of
    the home directory, 2 GB at most. A training that is interrupted is not kept.
    """
    fit = {
        "epochs": epochs,
        "validation_data": validation_data,
        "callbacks": _listed(callbacks),
        **fit_arguments,
    }
    called = name or re.sub(r"_\d+$", "", str(model.name))  # sequential_3 is another's next time
    return _Training(model, x, y, fit, called, stem_of(called)).done()


@dataclass(frozen=True)
class _Training:
    model: Any
    x: Any
    y: Any
    fit: dict[str, Any]
    name: str
    stem: str

    def done(self) -> History:
        shelf, hindrance = _shelf()
        identity: Identity | None = None
        if shelf is not None:
            identity, hindrance = self._identity()
        if shelf is None or identity is None:
            history, _, said = self._train()
            print(f"{self.name}: {said}; not kept: {hindrance}")
            return history
        return self._read(shelf, identity) or self._train_and_keep(shelf, identity)

    def _identity(self) -> tuple[Identity | None, str]:
        """What tells this training from others, or why nothing does."""
        told = {key: value for key, value in self.fit.items() if key != "verbose"}
        try:
            _build(self.model, self.x)
            return identity_of(self.model, self.x, self.y, told), ""
        except NotDataError as error:
            return None, f"the data {error}"
        except Exception as error:  # what is really wrong model.fit will say, and better
            return None, f"the training cannot be told from others: {_first_line(error)}"

    def _read(self, shelf: Shelf, identity: Identity) -> History | None:
        shapes = [tuple(weight.shape) for weight in self.model.weights]
        for path in shelf.candidates(self.stem, identity):
            try:
                found = read(path, identity, shapes)
            except DamagedError:
                print(DAMAGED.format(name=self.name, path=path))
                with contextlib.suppress(OSError):
                    path.unlink()
                continue
            if found is not None:
                self._restore(found)
                self._say(_read_line(path, found.when), identity)
                return found.history
        return None

    def _restore(self, found: Trained) -> None:
        import keras

        weights = self.model.weights
        for number, array in found.weights.items():
            weights[number].assign(array)
        history = keras.callbacks.History()
        history.history = found.history
        history.epoch = list(range(max(map(len, found.history.values()), default=0)))
        self.model.history = history

    def _train_and_keep(self, shelf: Shelf, identity: Identity) -> History:
        before = weight_digests(self.model)
        history, when, said = self._train()
        after = weight_digests(self.model)
        moved = [n for n, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
        try:
            shelf.keep(self.stem, identity, Trained(_arrays(self.model, moved), history, when))
        except OSError as error:
            print(f"{self.name}: {said}; not kept: {shelf.folder}: {error.strerror or error}")
        else:
            self._say(f"{said}, kept for the next run", identity)
        return history

    def _train(self) -> tuple[History, float, str]:
        arguments = {"verbose": 0, **self.fit}
        if not hasattr(self.x, "on_epoch_end") and (is_generator(self.x) or _is_iterator(self.x)):
            arguments.setdefault("shuffle", False)  # Keras' default would only make it warn
        started = time.perf_counter()
        recorded = self.model.fit(self.x, self.y, **arguments).history
        seconds = time.perf_counter() - started
        history = {str(key): np.asarray(value).tolist() for key, value in recorded.items()}
        count = max(map(len, history.values()), default=0)
        epochs = "1 epoch" if count == 1 else f"{count} epochs"
        return history, time.time(), f"trained {epochs} in {seconds:.0f} s"

    def _say(self, what: str, identity: Identity) -> None:
        print(f"{self.name}: {what}{'. ' if identity.unseen else ''}{identity.unseen}")


def _shelf() -> tuple[Shelf | None, str]:
    try:
        return Shelf.from_environment(), ""
    except RuntimeError as error:  # no home directory
        return None, _first_line(error)


def _listed(callbacks: Any) -> list[Any]:
    if callbacks is None:
        return []
    return list(callbacks) if isinstance(callbacks, Sequence) else [callbacks]


def _is_iterator(data: Any) -> bool:
    return hasattr(type(data), "__next__")


def _build(model: Any, x: Any) -> None:
    """Makes the weights of a model that waits for its first batch, as model.fit would."""
    if model.built:
        return
    first = next(iter(x)) if is_generator(x) else x
    images = first[0] if isinstance(first, tuple | list) else first
    model(np.asarray(images[:1]))


def _arrays(model: Any, numbers: list[int]) -> dict[int, Any]:
    return {number: as_numpy(model.weights[number]) for number in numbers}


def _read_line(path: Path, when: float) -> str:
    moment = datetime.fromtimestamp(when)
    day = f"{moment.day} {moment:%B %H:%M}"
    return f"read from {path}, trained {day}; delete it to train again"


def _first_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"[:200]
