"""Tensors cross as arrays, without their frameworks being imported."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from autograder.snapshot import SnapshotError, load, save, write

from .crossing import BUDGET, crossed, forged, named, refused, same


def test_no_framework_is_imported() -> None:
    """Importing the package takes neither TensorFlow's seconds nor its memory."""
    code = (
        "import sys, autograder.snapshot as s; s.write([object()], s.Budget());"
        "print({'tensorflow', 'keras', 'torch', 'jax', 'pandas', 'matplotlib'} & {*sys.modules})"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


@pytest.mark.filterwarnings("ignore")  # warnings on TensorFlow's import are not this project's
def test_tensorflow_and_keras() -> None:
    """Real tensors and variables cross; symbolic, ragged, sparse and text ones say why not."""
    tf = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    ones = np.ones((2, 2), np.float32)
    assert same(crossed(tf.constant([[1.0, 1.0], [1.0, 1.0]])), ones)
    assert same(crossed(tf.constant(45)), np.array(45, np.int32))
    assert same(crossed({"R": [tf.Variable(ones)]}), {"R": [ones]})
    assert same(crossed(keras.Variable(ones)), ones)
    assert same(crossed(keras.ops.ones((2, 2))), ones)
    assert same(crossed(tf.ones((2, 2), tf.bfloat16)), ones)
    assert same(crossed(tf.constant([1 + 2j])), np.array([1 + 2j]))
    assert save(write(tf.constant([1]), BUDGET)) == save(write(tf.constant([1]), BUDGET))

    assert "holds NaN, first at index [1]" in refused(tf.constant([1.0, float("nan")]))
    assert "shape (200, 100)" in refused(tf.zeros((200, 100)))
    assert "array of Python objects" in refused(tf.constant(["a"]))
    assert ".to_tensor()" in refused(tf.ragged.constant([[1], [2, 3]]))
    assert "tf.sparse.to_dense(...)" in refused(tf.sparse.from_dense([[1]]))
    assert "a placeholder of a model" in refused(keras.Input((2,)))
    assert "instance of the class keras.Dense" in refused(keras.layers.Dense(1))

    tensor = tf.constant([1])
    tensor.numpy = lambda: np.array([45])
    assert same(crossed(tensor), np.array([1], np.int32)), "the instance's own method was called"


def test_torch() -> None:
    """Real tensors and parameters cross; what has no plain entries says why not."""
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    ones = np.ones((2, 2), np.float32)
    assert same(crossed(torch.ones(2, 2)), ones)
    assert same(crossed(torch.nn.Parameter(torch.ones(2, 2))), ones)
    assert same(crossed(torch.ones(2, 2, dtype=torch.bfloat16)), ones)
    assert same(crossed(torch.tensor([1 + 2j]).conj()), np.array([1 - 2j], np.complex64))
    assert "shape (1000000, 1000000)" in refused(torch.ones(1).expand(10**6, 10**6))
    assert "convert it with .to_dense() first" in refused(torch.ones(2, 2).to_sparse())


def test_jax() -> None:
    """Real arrays cross; a traced one has no values."""
    jax = pytest.importorskip("jax", reason="JAX is not installed")
    assert same(crossed(jax.numpy.ones((2, 2))), np.ones((2, 2), np.float32))
    assert same(crossed(jax.numpy.ones(2, jax.numpy.bfloat16)), np.ones(2, np.float32))
    assert "holds NaN" in refused(jax.numpy.array([float("nan")]))


@pytest.mark.parametrize(
    ("array", "error"),
    [
        ([], "array: expected dict, received list"),
        ({"kind": "none"}, "tensor without an array"),
        ({"kind": "tensor", "array": {}}, "tensor without an array"),
        ({"kind": "array", "blob": named(0)}, "does not exist"),
    ],
    ids=["list", "none", "tensor", "dangling"],
)
def test_forged_documents_are_refused(array: object, error: str) -> None:
    """A tensor holds one array and nothing else."""
    with pytest.raises(SnapshotError, match=error):
        load(forged({"kind": "tensor", "array": array}), BUDGET)
