"""Objects made to fool the grader are described, and not one of their methods is called."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from autograder.snapshot import write

from .crossing import BUDGET, refused

CALLED: list[str] = []

METHODS = (
    *("__eq__", "__ne__", "__lt__", "__hash__", "__bool__", "__len__", "__iter__", "__next__"),
    *("__contains__", "__getitem__", "__getattr__", "__getattribute__", "__repr__", "__str__"),
    *("__format__", "__index__", "__int__", "__float__", "__complex__", "__reduce__"),
    *("__reduce_ex__", "__getstate__", "__copy__", "__deepcopy__", "__array__", "__dir__"),
    *("__array_ufunc__", "__array_function__", "__array_wrap__", "__dlpack__", "__buffer__"),
    *("__sizeof__", "__fspath__", "__length_hint__", "__instancecheck__", "__subclasscheck__"),
    *("__call__", "keys", "items", "values", "numpy", "detach", "tolist", "encode", "bit_length"),
)
PROPERTIES = ("__class__", "__dict__", "__array_interface__", "__array_struct__", "shape", "dtype")
TYPE_PROPERTIES = ("__name__", "__mro__", "__bases__", "__basicsize__")


def trap(name: str) -> Callable[..., Any]:
    def method(*args: object, **kwargs: object) -> Any:
        CALLED.append(name)
        raise AssertionError(name)

    return method


def traps(*properties: str) -> dict[str, Any]:
    methods: dict[str, Any] = {name: trap(name) for name in METHODS}
    return methods | {name: property(trap(name)) for name in properties}


def trapped(
    base: type, arguments: tuple[Any, ...], name: str = "Trap", module: str = "__main__"
) -> tuple[type, Any]:
    """Returns a subclass of `base` and its instance; all is a trap, the class's class included."""
    namespace = traps(*PROPERTIES)
    meta = type("Meta", (type,), {name: property(trap(name)) for name in TYPE_PROPERTIES})
    cls: type = type.__new__(meta, name, (base,), namespace | {"__module__": module})
    value = base.__new__(cls, *arguments)
    for special in METHODS:  # only now: NumPy looks at the class when it makes an instance
        setattr(meta, special, trap(special))
    CALLED.clear()
    return cls, value


BASES: dict[str, tuple[type, tuple[Any, ...]]] = {
    "object": (object, ()),
    "list": (list, ()),
    "tuple": (tuple, ()),
    "dict": (dict, ()),
    "str": (str, ("q1",)),
    "int": (int, (45,)),
    "float": (float, (1.5,)),
    "set": (set, ()),
    "ndarray": (np.ndarray, ((2, 2),)),
    "float64": (np.float64, (1.5,)),
    "Exception": (Exception, ()),
}


@pytest.mark.parametrize(("base", "arguments"), BASES.values(), ids=BASES)
def test_no_method_of_a_students_class_is_called(base: type, arguments: tuple[Any, ...]) -> None:
    """Everything is decided by the identity of the class."""
    cls, value = trapped(base, arguments)
    reasons = [write(sent, BUDGET).reason for sent in (value, [[value]], {"R": (value,)}, cls)]
    assert CALLED == []
    assert all(reason is not None for reason in reasons)
    assert str(reasons[1]).startswith("element [0][0] is ")
    assert str(reasons[2]).startswith('element ["R"][0] is ')
    assert "Trap" in str(reasons[0])
    assert reasons[3] == "the value is a class; hand in a value, not the class itself"


class Key(str):
    """A key that a dict can hold and that tells on whoever looks at it."""

    def __hash__(self) -> int:
        CALLED.append("__hash__")
        return 0

    def __eq__(self, other: object) -> bool:
        CALLED.append("__eq__")
        return True

    def __repr__(self) -> str:
        CALLED.append("__repr__")
        return "q1"


@pytest.mark.parametrize(
    "value", [{Key("R"): 1}, {Key("R")}, {("a", Key("R")): 1}], ids=["key", "member", "in a tuple"]
)
def test_no_method_of_a_key_is_called(value: object) -> None:
    """Keys and members are judged before anything is looked up by them."""
    CALLED.clear()
    reason = write(value, BUDGET).reason
    assert CALLED == []
    assert "of type" in str(reason)


def test_a_class_that_lies_about_its_class_is_no_list() -> None:
    """isinstance would believe it."""

    class Liar:
        __class__ = list  # type: ignore[assignment]

        def __len__(self) -> int:
            CALLED.append("__len__")
            return 10**18

    CALLED.clear()
    assert isinstance(Liar(), list)
    assert "Liar" in refused(Liar())
    assert CALLED == []


FRAMEWORKS = [
    ("torch", "Tensor"),
    ("torch.nn.parameter", "Parameter"),
    ("tensorflow.python.framework.ops", "EagerTensor"),
    ("tensorflow.python.ops.resource_variable_ops", "ResourceVariable"),
    ("jaxlib._jax", "ArrayImpl"),
    ("keras.src.backend.common.variables", "Variable"),
    ("ml_dtypes", "bfloat16"),
    ("numpy", "ndarray"),
]


@pytest.mark.parametrize(("module", "name"), FRAMEWORKS)
def test_a_class_that_names_a_framework_as_its_own_is_not_believed(module: str, name: str) -> None:
    """A tensor is a tensor only if the framework's module holds its class."""
    _, value = trapped(object, (), name, module)
    assert write(value, BUDGET).reason is not None
    assert CALLED == []


def fake_torch(monkeypatch: pytest.MonkeyPatch, numpy: Callable[[Any], Any]) -> object:
    """Returns a tensor of a module `torch` that a student has put into sys.modules."""

    class Tensor:
        layout = "torch.strided"
        dtype = "torch.float32"
        shape = (2,)

        def detach(self) -> Any:
            return self

        cpu = resolve_conj = resolve_neg = detach

    Tensor.__module__ = "torch"
    Tensor.numpy = numpy  # type: ignore[attr-defined]
    torch = ModuleType("torch")
    torch.Tensor = Tensor  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch", torch)
    return Tensor()


def raising(error: type[BaseException]) -> Callable[[Any], Any]:
    def numpy(self: Any) -> Any:
        raise error("\n" * 1_000)

    return numpy


def endless(self: Any) -> Any:
    return endless(self)


class Unspeakable(BaseException):
    def __str__(self) -> str:
        raise SystemExit

    __repr__ = __str__


LIES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "raises": (raising(ValueError), "ValueError was raised on the way"),
    "exits": (raising(SystemExit), "SystemExit was raised"),
    "interrupts": (raising(KeyboardInterrupt), "KeyboardInterrupt was raised"),
    "fills the memory": (raising(MemoryError), "MemoryError was raised"),
    "never returns": (endless, "RecursionError was raised"),
    "raises what cannot be shown": (raising(Unspeakable), "Unspeakable was raised"),
    "returns text": (lambda self: "full marks", "a tensor that turned into a str, not an array"),
    "returns objects": (lambda self: np.array([None]), "an array of Python objects"),
    "returns NaN": (lambda self: np.array([np.nan]), "holds NaN"),
    "returns more than it said": (lambda self: np.zeros(20_000), "goes beyond the 10,000"),
}


@pytest.mark.parametrize(("numpy", "reason"), LIES.values(), ids=LIES)
def test_a_tensor_that_lies_is_described(
    numpy: Callable[[Any], Any], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a framework's method does, `write` returns a description."""
    assert reason in refused(fake_torch(monkeypatch, numpy))


def test_a_list_that_grows_while_it_is_written_ends() -> None:
    """A thread of the student's cannot keep the scribe busy for ever."""
    value: list[Any] = [0]
    stop = threading.Event()

    def grow() -> None:
        while not stop.is_set() and len(value) < 100_000:
            value.append(0)

    thread = threading.Thread(target=grow)
    thread.start()
    try:
        assert len(str(write(value, BUDGET).reason)) <= 300
    finally:
        stop.set()
        thread.join()
