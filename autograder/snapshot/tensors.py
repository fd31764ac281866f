"""Tensors and variables of TensorFlow, Keras, PyTorch and JAX: they cross as NumPy arrays.

No framework is imported. A class is recognised by the module and name that it states, and only if
that module really holds it. Methods are called on the class, because an instance may carry a
student's own attribute of the same name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.snapshot.kind import Document, Kind
from autograder.snapshot.npy import Array
from autograder.snapshot.outcome import RefusedError
from autograder.snapshot.reader import Reader
from autograder.snapshot.scribe import Scribe
from autograder.snapshot.typenames import is_genuine, mro_of, names_of, type_name

TF_TENSOR = ("tensorflow.python.framework.ops", "EagerTensor")
TF_VARIABLE = ("tensorflow.python.ops.resource_variable_ops", "ResourceVariable")
TORCH_TENSOR = ("torch", "Tensor")
TORCH_PARAMETER = ("torch.nn.parameter", "Parameter")
KERAS_VARIABLE = ("keras.src.backend.common.variables", "Variable")
TORCH_LAYOUT = "is a tensor with layout {layout}; convert it with .to_dense() first"

Convert = Callable[[Any], object]


def _from_tensorflow(value: Any) -> object:
    return type(value).numpy(value)


def _from_torch(value: Any) -> object:
    if str(value.layout) != "torch.strided":
        raise RefusedError(TORCH_LAYOUT.format(layout=str(value.layout)))
    cls = type(value)
    tensor = cls.detach(value).cpu().resolve_conj().resolve_neg()
    if str(tensor.dtype) == "torch.bfloat16":  # which NumPy does not have
        tensor = tensor.float()
    return tensor.numpy()


def _from_jax(value: Any) -> object:
    return np.asarray(value)


def _from_keras(value: Any) -> object:
    inner = value.value  # the backend's own tensor or variable
    return inner if type(inner) is np.ndarray else _converter(type(inner))(inner)


def _converter(cls: type) -> Convert:
    convert = _converter_or_none(cls)
    if convert is None:
        raise RefusedError(f"is a variable that holds a {type_name(cls)}, not a tensor")
    return convert


def _converter_or_none(cls: type) -> Convert | None:
    module, name = names_of(cls)
    if not module.startswith(("tensorflow.", "torch", "jaxlib", "keras.src.")):
        return None
    if not is_genuine(cls):
        return None
    if (module, name) in (TF_TENSOR, TF_VARIABLE):
        return _from_tensorflow
    if (module, name) in (TORCH_TENSOR, TORCH_PARAMETER):
        return _from_torch
    if module.split(".")[0] == "jaxlib" and name == "ArrayImpl":
        return _from_jax
    if any(names_of(base) == KERAS_VARIABLE and is_genuine(base) for base in mro_of(cls)):
        return _from_keras
    return None


def _matches(value: object) -> bool:
    return _converter_or_none(type(value)) is not None


def _write_tensor(value: Any, scribe: Scribe) -> Document:
    scribe.meter.check_shape(tuple(int(length) for length in value.shape))
    return {"array": scribe.write(_as_array(_converter(type(value))(value)))}


def _as_array(value: object) -> Array:
    if type(value) is np.ndarray:
        return value
    if np.generic in mro_of(type(value)):  # TensorFlow's scalars
        return np.asarray(value)
    raise RefusedError(f"is a tensor that turned into a {type_name(type(value))}, not an array")


def _read_tensor(document: Document, reader: Reader) -> object:
    (array,) = reader.fields(document, array=dict)
    if array.get("kind") != "array":
        reader.fail("tensor without an array")
    return reader.read(array)


TENSOR = Kind("tensor", _matches, _write_tensor, _read_tensor)
