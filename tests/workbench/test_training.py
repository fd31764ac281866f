"""Training that is done once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.workbench import train_once
from tests.workbench.small import compile_it, dataset, network, pictures

keras = pytest.importorskip("keras")

ROOT = Path(__file__).parents[2]
Capture = pytest.CaptureFixture[str]


def test_same_training_is_read_the_second_time(capsys: Capture, shelf: Path) -> None:
    """Weights, batch normalisation's statistics and history are those of the first."""
    images, labels = pictures()
    first, second = network(), network()
    curves = train_once(first, images, labels, epochs=3, validation_data=(images, labels))
    assert "tiny: trained 3 epochs in " in (said := capsys.readouterr().out)
    assert said.endswith("s, kept for the next run\n")
    read = train_once(second, images, labels, epochs=3, validation_data=(images, labels))
    (file,) = shelf.iterdir()
    assert f"tiny: read from {file}, trained " in (said := capsys.readouterr().out)
    assert said.endswith("; delete it to train again\n")
    assert read == curves and set(curves) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(
        first.predict(images, verbose=0), second.predict(images, verbose=0)
    )
    assert second.history.history == curves and second.compiled


def test_it_trains_as_fit_does() -> None:
    """The same weights come out, and the same numbers."""
    images, labels = pictures()
    ours, keras_own = network(), network()
    keras.utils.set_random_seed(1)
    curves = train_once(ours, images, labels, epochs=2)
    keras.utils.set_random_seed(1)
    recorded = keras_own.fit(images, labels, epochs=2, verbose=0).history
    assert curves == recorded
    np.testing.assert_array_equal(ours.get_weights()[0], keras_own.get_weights()[0])


def _scheduled(epoch: int, rate: float) -> float:
    return rate / 2


def _scheduled_otherwise(epoch: int, rate: float) -> float:
    return rate / 4


_scheduled_otherwise.__qualname__ = _scheduled.__qualname__


def _changed_image(call: dict[str, Any]) -> None:
    call["x"] = call["x"].copy()
    call["x"][3, 0, 0, 0] += np.float32(1e-3)


def _changed_label(call: dict[str, Any]) -> None:
    call["y"] = call["y"].copy()
    call["y"][3] = 1 - call["y"][3]


def _changed_validation(call: dict[str, Any]) -> None:
    images, labels = call["validation_data"]
    call["validation_data"] = (images[::-1], labels)


def _another_loss(true: Any, predicted: Any) -> Any:
    return keras.ops.mean((keras.ops.cast(true, "float32") - predicted) ** 2)


def _set(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda call: call.update({name: value})


def _model(**settings: Any) -> Callable[[dict[str, Any]], None]:
    return lambda call: call.update(model=network(**settings))


def _half_frozen(call: dict[str, Any]) -> None:
    call["model"].layers[0].trainable = False
    compile_it(call["model"])


def _moved_learning_rate(call: dict[str, Any]) -> None:
    call["model"].optimizer.learning_rate = 0.5


def _stopping(**settings: Any) -> Callable[[dict[str, Any]], None]:
    chosen = {"monitor": "val_loss", "patience": 5, **settings}
    return lambda call: call.update(callbacks=[keras.callbacks.EarlyStopping(**chosen)])


def _schedule(function: Any) -> Callable[[dict[str, Any]], None]:
    return lambda call: call.update(callbacks=[keras.callbacks.LearningRateScheduler(function)])


CHANGES = {
    "initial weights": (_model(), _model(seed=1)),
    "layers": (_model(), _model(filters=5)),
    "learning rate": (_model(), _model(learning_rate=0.02)),
    "learning rate, set later": (_model(), _moved_learning_rate),
    "loss": (_model(), _model(loss="mse")),
    "a loss of one's own": (_model(loss="mse"), _model(loss=_another_loss)),
    "metrics": (_model(), _model(metrics=["accuracy", "mae"])),
    "frozen layers": (_model(), _half_frozen),
    "epochs": (_model(), _set("epochs", 2)),
    "batch size": (_set("batch_size", 8), _set("batch_size", 12)),
    "class weights": (_model(), _set("class_weight", {0: 1.0, 1: 2.0})),
    "sample weights": (_model(), _set("sample_weight", np.linspace(0, 1, 24))),
    "a training image": (_model(), _changed_image),
    "a label": (_model(), _changed_label),
    "validation data": (_model(), _changed_validation),
    "no validation data": (_model(), _set("validation_data", None)),
    "a callback": (_model(), _stopping()),
    "its patience": (_stopping(), _stopping(patience=4)),
    "its least step": (_stopping(min_delta=0.1), _stopping(min_delta=0.2)),
    "a schedule": (_schedule(_scheduled), _schedule(_scheduled_otherwise)),
    "name": (_set("name", "trial_1"), _set("name", "trial_2")),
}


@pytest.mark.parametrize(("one", "other"), CHANGES.values(), ids=CHANGES)
def test_another_training_is_not_read(
    one: Callable[[dict[str, Any]], None],
    other: Callable[[dict[str, Any]], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    """Whatever is changed of what a training starts from; without the change it is read."""
    for change, expected in ((one, "trained"), (one, "read from"), (other, "trained")):
        images, labels = pictures()
        call: dict[str, Any] = {"model": network(), "x": images, "y": labels, "epochs": 1}
        call["validation_data"] = pictures(8, seed=1)
        change(call)
        _without_training(monkeypatch, call["model"])
        train_once(call.pop("model"), call.pop("x"), call.pop("y"), **call)
        assert f": {expected} " in capsys.readouterr().out


def _without_training(monkeypatch: pytest.MonkeyPatch, model: Any) -> None:
    """Compiling a training step takes a second, and what it finds is not asked here."""
    recorded = keras.callbacks.History()
    recorded.history = {"loss": [1.0]}
    monkeypatch.setattr(type(model), "fit", lambda *_, **__: recorded)


def test_layers_are_known_by_another_sessions_names(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """conv2d_7 is conv2d there; but which layer feeds which counts."""
    images, labels = pictures()
    for branch, expected in ((0, "trained"), (0, "read"), (1, "trained"), (1, "read")):
        keras.utils.set_random_seed(0)
        inputs = keras.Input((8, 8, 3))
        branches = [keras.layers.Conv2D(3, 1)(inputs) for _ in range(2)]
        joined = keras.layers.Add()([branches[branch], inputs])
        both = keras.layers.Concatenate()([joined, *branches])
        pooled = keras.layers.GlobalAveragePooling2D()(both)
        model = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(pooled))
        compile_it(model)
        _without_training(monkeypatch, model)
        train_once(model, images, labels, epochs=1)
        assert f"functional: {expected} " in capsys.readouterr().out


def test_number_formats_are_told_apart(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    """Half precision is another training."""
    images, labels = pictures()
    for policy in ("float32", "mixed_float16"):
        keras.config.set_dtype_policy(policy)
        try:
            model = network()
        finally:
            keras.config.set_dtype_policy("float32")
        _without_training(monkeypatch, model)
        train_once(model, images, labels, epochs=1)
        assert ": trained " in capsys.readouterr().out


def test_callback_that_was_used_is_known_again(capsys: Capture) -> None:
    """What it remembers of an earlier training does not count; the best weights are restored."""
    images, labels = pictures()
    stop = keras.callbacks.EarlyStopping("loss", min_delta=9, patience=1, restore_best_weights=True)
    first, second = network(), network()
    curves = train_once(first, images, labels, epochs=9, callbacks=[stop])
    assert "trained 2 epochs" in capsys.readouterr().out
    assert train_once(second, images, labels, epochs=9, callbacks=stop) == curves
    assert "read from" in capsys.readouterr().out
    np.testing.assert_array_equal(first.get_weights()[0], second.get_weights()[0])


def test_shuffled_dataset_is_known_again(capsys: Capture) -> None:
    """Order does not count, a label does; and nothing warns that Keras does not shuffle it."""
    images, labels = pictures()
    for shuffle, expected in ((True, "trained"), (True, "read"), (False, "read")):
        data = dataset(images, labels, shuffle)
        train_once(network(), data, epochs=1, validation_data=dataset(images, labels))
        assert f"tiny: {expected} " in (said := capsys.readouterr().out)
        assert "at random" not in said
    train_once(network(), dataset(images, labels[::-1], True), epochs=1)
    assert "tiny: trained " in capsys.readouterr().out


def test_augmented_dataset_is_read_and_told(capsys: Capture) -> None:
    """Its images are others each time; the line says what is not noticed. A label still is."""
    images, labels = pictures()
    for its, expected in ((labels, "trained"), (labels, "read"), (0 * labels, "trained")):
        turned = keras.layers.RandomRotation(0.2)
        data = dataset(images, its).map(lambda batch, its, turned=turned: (turned(batch), its))
        train_once(network(), data, epochs=1)
        assert f"tiny: {expected} " in (said := capsys.readouterr().out)
        assert "The training images change at random: a change to them is not noticed" in said


def test_frozen_base_is_not_kept(shelf: Path) -> None:
    """Only weights that moved lie in the file, also where the base is a nested model."""
    images, labels = pictures()

    def transfer() -> Any:
        keras.utils.set_random_seed(0)
        base = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(500, 3)])
        base.trainable = False
        head = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1, "sigmoid")]
        model = keras.Sequential([keras.Input((8, 8, 3)), base, *head])
        compile_it(model)
        return model

    first, second = transfer(), transfer()
    train_once(first, images, labels, epochs=1, name="frozen")
    train_once(second, images, labels, epochs=1, name="frozen")
    (file,) = shelf.iterdir()
    with np.load(file) as kept:
        assert sorted(kept.files) == ["2", "3", "told"]
    np.testing.assert_array_equal(first.get_weights()[2], second.get_weights()[2])


def test_trained_model_goes_on_from_its_own_weights(capsys: Capture) -> None:
    """A second call on the same model is another training, not the first one again."""
    images, labels = pictures()
    model = network()
    train_once(model, images, labels, epochs=1)
    after = model.get_weights()[0]
    train_once(model, images, labels, epochs=1)
    assert capsys.readouterr().out.count("trained 1 epoch ") == 2
    assert not np.array_equal(after, model.get_weights()[0])


def test_unbuilt_model_is_known_again(capsys: Capture) -> None:
    """Its first weights are drawn before they are digested."""
    images, labels = pictures()
    for expected in ("trained", "read"):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)], name="late")
        model.compile("sgd", "mse")
        train_once(model, images, labels, epochs=1)
        assert f"late: {expected} " in capsys.readouterr().out


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"{}", None])
def test_damaged_file_is_trained_anew(damage: bytes | None, capsys: Capture, shelf: Path) -> None:
    """With a line that says so; then it is whole again. None: one of another kind, and a half."""
    images, labels = pictures()
    train_once(network(), images, labels, epochs=1)
    (file,) = shelf.iterdir()
    if damage is None:
        np.savez(file, other=np.zeros(3))
    else:
        file.write_bytes(damage or file.read_bytes()[:-100])
    capsys.readouterr()
    train_once(network(), images, labels, epochs=1)
    said = capsys.readouterr().out
    assert f"{file} is damaged or of another kind; trained anew" in said
    assert "trained 1 epoch" in said
    train_once(network(), images, labels, epochs=1)
    assert "read from" in capsys.readouterr().out


def test_folder_that_cannot_be_written(capsys: Capture, shelf: Path) -> None:
    """It is trained all the same."""
    images, labels = pictures()
    shelf.write_text("a file stands in its place")
    curves = train_once(network(), images, labels, epochs=1)
    assert len(curves["loss"]) == 1
    assert f"not kept: {shelf}: " in capsys.readouterr().out


def test_interrupted_training_is_not_kept(shelf: Path) -> None:
    """Neither it nor a temporary file."""

    class Interrupt(keras.callbacks.Callback):  # type: ignore[misc,name-defined]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            raise KeyboardInterrupt

    images, labels = pictures()
    with pytest.raises(KeyboardInterrupt):
        train_once(network(), images, labels, epochs=3, callbacks=[Interrupt()])
    assert not shelf.exists() or not list(shelf.iterdir())


def test_interrupted_writing_leaves_nothing(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the notebook were stopped in the middle of it."""

    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    images, labels = pictures()
    monkeypatch.setattr(np, "savez", stopped)
    with pytest.raises(KeyboardInterrupt):
        train_once(network(), images, labels, epochs=1)
    assert list(shelf.iterdir()) == []


def test_plain_generator_is_trained_and_not_kept(capsys: Capture, shelf: Path) -> None:
    """It can be gone through only once."""
    images, labels = pictures()
    batches = ((images[n % 24 :][:8], labels[n % 24 :][:8]) for n in range(0, 96, 8))
    curves = train_once(network(), batches, epochs=1, steps_per_epoch=3)
    assert len(curves["loss"]) == 1
    assert "not kept: the data is a plain Python generator" in capsys.readouterr().out
    assert not shelf.exists()


def test_what_fit_refuses_is_said_by_fit() -> None:
    """A model that was not compiled, images of another size."""
    images, labels = pictures()
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()])
    with pytest.raises(ValueError, match=r"compile\(\)"):
        train_once(model, images, labels, epochs=1)
    with pytest.raises(ValueError, match="incompatible"):
        train_once(network(), images[..., :2], labels, epochs=1)


PROGRAM = """
from autograder.workbench import train_once
from tests.workbench.small import dataset, network, pictures
import keras
if {first}:
    keras.layers.Conv2D(1, 1)  # so that names differ
images, labels = pictures()
stop = keras.callbacks.EarlyStopping(patience=3)
data = dataset(images, labels, shuffle=True)
train_once(network(), data, epochs=1, validation_data=data, callbacks=[stop])
"""


def test_another_session_knows_it() -> None:
    """The digests hold nothing of a process: no address, no order of a set, no numbered name."""
    said = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM.format(first=first)],
            env={**os.environ, "PYTHONHASHSEED": str(first), "TF_CPP_MIN_LOG_LEVEL": "3"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for first in (0, 1)
    ]
    assert "tiny: trained " in said[0].stdout
    assert "tiny: read from " in said[1].stdout, said[1].stdout
    assert "Warning" not in said[0].stderr
