"""Why a value is not data, in a sentence that tells its author what to do instead."""

from __future__ import annotations

import enum
import functools
import types

import numpy as np

from autograder.snapshot.typenames import mro_of, names_of, type_name

A_FUNCTION = "is a function; hand in what it returns, not the function itself"
AN_ITERATOR = "is of type {name}, which has no values until it is run; convert it with list(...)"
A_VIEW = "is of type {name}; convert it with list(...)"
A_SUBCLASS = "is of type {name}, a subclass of {base}; convert it with {base}(...)"
AN_ENUM = "is a member of the enum {name}; hand in its .value"
RAW_BYTES = "is of type {name}; hand in text with .decode() or numbers with list(...)"
AN_INSTANCE = (
    "is an instance of the class {name}, which is not data; "
    "hand in numbers, text, lists, dicts or arrays"
)

# The first base class of a value that stands here decides, so a subclass comes to its own line.
BY_BASE: tuple[tuple[type, str], ...] = (
    (types.FunctionType, A_FUNCTION),
    (types.BuiltinFunctionType, A_FUNCTION),
    (types.MethodType, A_FUNCTION),
    (functools.partial, A_FUNCTION),
    (np.ufunc, A_FUNCTION),
    (type, "is a class; hand in a value, not the class itself"),
    (types.ModuleType, "is a module; hand in a value"),
    (types.GeneratorType, AN_ITERATOR),
    (types.CoroutineType, "is a coroutine that has not been awaited; put await before it"),
    (types.AsyncGeneratorType, "is an async generator; hand in the values it yields, as a list"),
    (map, AN_ITERATOR),
    (zip, AN_ITERATOR),
    (filter, AN_ITERATOR),
    (enumerate, AN_ITERATOR),
    (reversed, AN_ITERATOR),
    (type(iter([])), AN_ITERATOR),
    (type(iter(())), AN_ITERATOR),
    (type(iter({})), AN_ITERATOR),
    (type(iter(range(0))), AN_ITERATOR),
    (range, A_VIEW),
    (type({}.keys()), A_VIEW),
    (type({}.values()), A_VIEW),
    (type({}.items()), A_VIEW),
    (bytes, RAW_BYTES),
    (bytearray, RAW_BYTES),
    (memoryview, RAW_BYTES),
    (np.ma.MaskedArray, "is a masked array; fill the gaps with .filled(...) first"),
    (np.matrix, "is a numpy.matrix; convert it with numpy.asarray(...)"),
    (
        np.ndarray,
        "is of type {name}, a subclass of numpy.ndarray; convert it with numpy.array(...)",
    ),
    (enum.IntEnum, AN_ENUM),
    (enum.IntFlag, AN_ENUM),
    (enum.StrEnum, AN_ENUM),
    (enum.Enum, AN_ENUM),
    (list, A_SUBCLASS),
    (tuple, A_SUBCLASS),
    (dict, A_SUBCLASS),
    (set, A_SUBCLASS),
    (frozenset, A_SUBCLASS),
    (str, A_SUBCLASS),
    (int, A_SUBCLASS),
    (float, A_SUBCLASS),
    (complex, A_SUBCLASS),
    (np.generic, "is of type {name}, which is not a number; convert it to numbers or text"),
)

TO_DENSE = "is of type {name}; convert it to an ordinary tensor with {how} first"
SYMBOLIC = "is of type {name}, a placeholder of a model without values; hand in computed values"
TO_NUMPY = "is of type {name}; convert it with .to_numpy()"

# Module (or the package that it is in), class, reason. An empty class stands for any.
BY_NAME: tuple[tuple[str, str, str], ...] = (
    ("tensorflow", "RaggedTensor", TO_DENSE.replace("{how}", ".to_tensor()")),
    ("tensorflow", "SparseTensor", TO_DENSE.replace("{how}", "tf.sparse.to_dense(...)")),
    ("tensorflow", "IndexedSlices", TO_DENSE.replace("{how}", "tf.convert_to_tensor(...)")),
    ("tensorflow", "SymbolicTensor", SYMBOLIC),
    ("keras", "KerasTensor", SYMBOLIC),
    ("jax", "Tracer", SYMBOLIC),
    ("torch.nn", "Module", "is a PyTorch module; hand in a Keras model"),
    ("keras.src.wrappers", "SKLBase", "is a wrapper around a model; hand in its .model_"),
    ("torch", "Tensor", "is of type {name}, a subclass of torch.Tensor; convert it with .numpy()"),
    ("pandas", "Series", TO_NUMPY + " or, with its names, .to_dict()"),
    ("pandas", "Index", TO_NUMPY),
    ("scipy.sparse", "", "is of type {name}; convert it with .toarray()"),
    ("itertools", "", AN_ITERATOR),
    ("decimal", "Decimal", "is of type {name}; convert it with float(...)"),
    ("fractions", "Fraction", "is of type {name}; convert it with float(...)"),
    ("pathlib", "", "is of type {name}; convert it with str(...)"),
)


def why_not_data(value: object) -> str:
    """Returns a reason that continues "the value …", found from the value's class alone."""
    cls = type(value)
    name = type_name(cls)
    for base in mro_of(cls):
        reason = _by_base(base) or _by_name(base)
        if reason is not None:
            return reason.format(name=name, base=type_name(base))
    return AN_INSTANCE.format(name=name)


def _by_base(cls: type) -> str | None:
    return next((reason for base, reason in BY_BASE if base is cls), None)


def _by_name(cls: type) -> str | None:
    module, name = names_of(cls)
    for package, class_name, reason in BY_NAME:
        inside = module == package or module.startswith(package + ".")
        if inside and class_name in ("", name):
            return reason
    return None
