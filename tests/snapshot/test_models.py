"""Models cross as config and weights; forged ones are errors, and none is an object of Keras."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers as kl

from autograder.artifacts import ModelData, NotDataError
from autograder.snapshot import Budget, SnapshotError, blob_name, load, save, write
from autograder.snapshot.models import parse_config
from autograder.snapshot.safetensors import to_safetensors
from tests.artifacts.models.build import images, small_cnn

from .crossing import refused

BUDGET = Budget(max_bytes=2_000_000, max_elements=200_000, max_depth=5, max_items=500)
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def model() -> Any:
    found = small_cnn()
    found.compile("adam", "binary_crossentropy")
    found.fit(images(), np.ones(5), verbose=0)
    return found


@pytest.fixture(scope="module")
def files(model: Any) -> Files:
    return save(write(model, BUDGET))


def document_of(files: Files) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(files["value.json"])
    return document


def changed(files: Files, **fields: Any) -> Files:
    document = {**document_of(files), **fields}
    return {**files, "value.json": json.dumps(document).encode()}


def with_config(files: Files, data: bytes) -> Files:
    """The same with another config."""
    old = document_of(files)["config"]
    name = blob_name(data, ".json")
    rest = {key: value for key, value in files.items() if key != old}
    return changed({**rest, name: data}, config=name)


def test_model_crosses(model: Any, files: Files) -> None:
    """Config, weights in their order, bit for bit, and steps; it computes the same."""
    found, live = load(files, BUDGET), ModelData.of(model)
    assert isinstance(found, ModelData)
    assert found.config == live.config
    assert list(found.tensors) == list(live.tensors)
    assert found.digests == live.digests
    assert found.steps == 1
    assert found.live is None
    np.testing.assert_allclose(found.predict(images()), live.predict(images()), atol=1e-5)


def test_model_crosses_inside_of_other_values(model: Any) -> None:
    """Lists and dicts may hold models; equal ones are one."""
    files = save(write({"a": model, "b": [model]}, BUDGET))
    found: Any = load(files, BUDGET)
    assert found["a"].digests == found["b"][0].digests
    assert len(files) == len(save(write(model, BUDGET)))


def test_layers_that_are_equal_are_one_file(model: Any, files: Files) -> None:
    """So a store keeps the frozen layers of a class once."""
    other = keras.models.clone_model(model)
    other.set_weights(model.get_weights())
    other.get_layer("out").bias.assign([7.0])
    shared = files.keys() & save(write(other, BUDGET)).keys()
    suffixes = sorted(name.rpartition(".")[2] for name in shared)
    assert suffixes == ["json", "json", "safetensors", "safetensors"]  # value.json is one of them


def test_equal_models_make_equal_bytes(model: Any, files: Files) -> None:
    assert save(write(model, BUDGET)) == files


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: keras.Sequential([kl.Dense(1)]), "the value has not been built"),
        (lambda: [type("Own", (keras.Model,), {})()], r"element \[0\] is of your own class Own"),
        (
            lambda: keras.Sequential([keras.Input((2,)), kl.Lambda(lambda x: x)]),
            "the value has Lambda in the layer",
        ),
        (
            lambda: keras.Sequential([keras.Input((500,)), kl.Dense(500)]),
            r"shape \(500, 500\), which goes beyond the 200,000 array entries",
        ),
    ],
)
def test_models_that_cannot_cross(make: Any, message: str) -> None:
    """The reason is the one that a student's own kernel gives."""
    pattern = pytest.raises(AssertionError, match=message)
    with pattern:
        raise AssertionError(refused(make(), BUDGET))


@pytest.mark.parametrize(
    ("module", "name", "message"),
    [
        ("torch.nn.modules.module", "Module", "the value is a PyTorch module; hand in a Keras"),
        ("keras.src.wrappers.sklearn_wrapper", "SKLBase", "around a model; hand in its .model_"),
    ],
)
def test_what_holds_a_model_is_not_data(module: str, name: str, message: str) -> None:
    """Judged by the class alone, as all that cannot cross."""
    base = type(name, (), {"__module__": module})
    assert message in refused(type("Own", (base,), {})(), BUDGET)


def test_reading_imports_no_framework(files: Files, tmp_path: Any) -> None:
    """Architecture can be judged where there is NumPy alone."""
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    code = (
        "import sys, pathlib\nfrom autograder.snapshot import Budget, load\n"
        f"files = {{p.name: p.read_bytes() for p in pathlib.Path({str(tmp_path)!r}).iterdir()}}\n"
        "model = load(files, Budget())\n"
        "assert model.graph.parameters == 193, model.graph.parameters\n"
        "assert len(model.digests) == 8\n"
        "print({'keras', 'tensorflow', 'torch', 'jax', 'safetensors'} & sys.modules.keys())"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (found.stdout.strip(), found.stderr) == ("set()", "")


def test_weights_that_are_not_finite(files: Files) -> None:
    """They are found when they are used; the architecture can be judged."""
    data = to_safetensors({"kernel": np.ones((64, 1), np.float32), "bias": np.array([np.inf])})
    forged = with_weights(files, "out", data)
    found: Any = load(forged, BUDGET)
    assert found.graph.parameters == 193
    for use in (lambda: found.digests, lambda: found.restored, lambda: found.predict(images())):
        with pytest.raises(
            NotDataError, match="has weights in out/bias that are no finite numbers"
        ):
            use()


def with_weights(files: Files, layer: str, data: bytes, names: Any = None) -> Files:
    """The same with another file for a layer."""
    name = blob_name(data, ".safetensors")
    document = document_of(files)
    entry = next(each for each in document["weights"] if each[0] == layer)
    rest = {key: value for key, value in files.items() if key != entry[1]}
    entry[1], entry[2] = name, entry[2] if names is None else names
    return changed({**rest, name: data}, weights=document["weights"])


fields_should_fail: dict[str, tuple[dict[str, Any], str]] = {
    "a field too many": ({"live": 1}, "expected the fields"),
    "steps as text": ({"steps": "1"}, "steps: expected None or a count"),
    "negative steps": ({"steps": -1}, "steps: expected None or a count"),
    "steps as bool": ({"steps": True}, "steps: expected None or a count"),
    "steps beyond all bounds": ({"steps": 10**13}, "steps: expected None or a count"),
    "config in place": ({"config": {}}, "config: expected str"),
    "another blob": ({"config": "0.json"}, "does not exist"),
    "a blob of another kind": ({"config": "0" * 64 + ".npy"}, "ends in .json"),
    "weights by name": ({"weights": {}}, "weights: expected list"),
    "weights without names": ({"weights": [["conv", "x"]]}, r"expected \[layer, blob, names\]"),
    "weights of no layer": ({"weights": [["x", "y", []]]}, "'x', which is no layer or has come"),
    "weights of a model": ({"weights": [["inside", "y", []]]}, "'inside', which is no layer"),
    "weights of nothing": ({"weights": [["conv", "x.safetensors", []]]}, "does not exist"),
    "weights of another kind": ({"weights": [["conv", "x.npy", []]]}, "ends in .safetensors"),
    "no weights": ({"weights": []}, "blobs that nothing refers to"),
}


@pytest.mark.parametrize("name", fields_should_fail)
def test_forged_documents(name: str, files: Files) -> None:
    """One line, without a traceback."""
    fields, message = fields_should_fail[name]
    assert_error(changed(files, **fields), message)


def test_a_layer_twice(files: Files) -> None:
    weights = document_of(files)["weights"]
    assert_error(changed(files, weights=weights + weights[:1]), "has come before")


weights_should_fail: dict[str, tuple[bytes, Any, str]] = {
    "a .keras file": (b"PK\x03\x04" + bytes(60), ["kernel", "bias"], "of another length"),
    "other names": (to_safetensors({"k": np.ones(2)}), ["kernel", "bias"], "other names than"),
    "a name twice": (to_safetensors({"k": np.ones(2)}), ["k", "k"], "other names than"),
    "a name left out": (to_safetensors({"k": np.ones(2), "b": np.ones(2)}), ["k"], "other names"),
    "a name twice, one left out": (
        to_safetensors({"k": np.ones(2), "b": np.ones(2)}),
        ["k", "k"],
        "other names",
    ),
    "names that are lists": (to_safetensors({"k": np.ones(2)}), [["k"]], "other names than"),
    "too many entries": (to_safetensors({"k": np.ones(200_001, bool)}), ["k"], "200,000 array"),
}


@pytest.mark.parametrize("name", weights_should_fail)
def test_forged_weights(name: str, files: Files) -> None:
    """Another format, names that do not fit, and more than the budget allows."""
    data, names, message = weights_should_fail[name]
    assert_error(with_weights(files, "conv", data, names), message)


configs_should_fail: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not JSON"),
    "a zip file": (b"PK\x03\x04", "not JSON"),
    "not ASCII": (b'{"name": "\xc3\xa4"}', "byte 10 is not ASCII"),
    "a list": (b"[]", "not an object"),
    "no model": (b"{}", "not that of a model"),
    "a layer": (b'{"config": {"units": 1}}', "not that of a model"),
    "NaN": (b'{"a": NaN}', "NaN is not a number"),
    "infinity": (b'{"a": -Infinity}', "-Infinity is not a number"),
    "a float beyond all": (b'{"a": 1e999}', "a number that is too long or too large"),
    "a long int": (b'{"a": ' + b"9" * 4_000 + b"}", "a number of 4,000 digits"),
    "a long float": (b'{"a": 0.' + b"9" * 4_000 + b"}", "a number that is too long"),
    "a field twice": (b'{"a": 1, "a": 2}', "an object with the same field twice"),
    "deep lists": (b"[" * 100_000, "(nested too deeply|not JSON)"),
    "deep objects": (b'{"a":' * 100_000, "(nested too deeply|not JSON)"),
    "many values": (b"[" + b"1," * 400_001 + b"1]", "too large"),
    "many empty lists": (b"[" + b"[]," * 200_001 + b"1]", "too large"),
    "a layer that is none": (b'{"config": {"layers": [1]}}', "a layer without a config"),
    "a layer without a name": (
        b'{"config": {"layers": [{"config": {}}]}}',
        "a layer without a name",
    ),
    "a name that is a list": (
        b'{"config": {"layers": [{"config": {"name": []}}]}}',
        "a layer without a name",
    ),
    "too many layers": (
        json.dumps({"config": {"layers": [{"config": {"name": "a"}}] * 2_001}}).encode(),
        "not that of a model, or one that is too large",
    ),
}


@pytest.mark.parametrize("name", configs_should_fail)
def test_forged_configs(name: str, files: Files) -> None:
    """What is not the config of a model is refused before anything is made of it."""
    data, message = configs_should_fail[name]
    assert_error(with_config(files, data), f"config: {message}")


def test_a_config_of_many_bytes(files: Files) -> None:
    data = b'{"a": "' + b"x" * 4_000_000 + b'"}'
    with pytest.raises(SnapshotError, match="config: too large"):
        load(with_config(files, data), Budget())


def test_many_models_of_one_large_config(files: Files) -> None:
    """Each of them would be an object of its own: what stands in it counts as often."""
    layers = [{"config": {"name": f"{n}"}} for n in range(1_900)]
    config = json.dumps({"config": {"layers": layers, "more": [{}] * 180_000}}).encode()
    blob = blob_name(config, ".json")
    model = {"kind": "model", "config": blob, "steps": None, "weights": []}
    one = {"value.json": json.dumps(model).encode(), blob: config}
    assert isinstance(load(one, Budget()), ModelData)
    six = {**one, "value.json": json.dumps({"kind": "list", "items": [model] * 6}).encode()}
    with pytest.raises(SnapshotError, match="Python values"):
        load(six, Budget())


def test_configs_of_models_in_models(files: Files) -> None:
    """They are as deep as is allowed, or refused."""
    config = {"config": {"name": "a", "layers": []}}
    for _ in range(11):
        config = {"config": {"name": "a", "layers": [config]}}
    assert_error(with_config(files, json.dumps(config).encode()), "too large")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 5_000))
def test_damaged_configs(files: Files, noise: bytes, place: int) -> None:
    """A change anywhere gives an object or the one error."""
    data = files[document_of(files)["config"]]
    with contextlib.suppress(SnapshotError):
        assert type(parse_config(data[:place] + noise + data[place + len(noise) :])) is dict


def assert_error(files: Files, message: str) -> None:
    with pytest.raises(SnapshotError, match=message) as error:
        load(files, BUDGET)
    assert "\n" not in str(error.value)
