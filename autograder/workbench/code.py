"""What a function or class of a student's own does, as text that is the same in every session."""

from __future__ import annotations

import inspect
from types import CodeType, FunctionType
from typing import Any

Told = list[Any]

LIBRARIES = ("keras", "builtins", "abc", "numpy", "tensorflow", "torch", "jax")


def is_own(value: Any) -> bool:
    """Whether a function or class is not one of a library's."""
    return (getattr(value, "__module__", None) or "").split(".")[0] not in LIBRARIES


def code_of(value: Any) -> Told:
    """The instructions of a function, or of all methods of a class and of its own bases.

    What they call in turn is not looked into.
    """
    if isinstance(value, type):
        return [_of_class(base) for base in value.__mro__ if is_own(base)]
    return _of_function(value)


def _of_class(cls: type) -> Told:
    members = ((name, inspect.unwrap(_function(member))) for name, member in vars(cls).items())
    found = [_of_function(each) for _, each in sorted(members, key=_name) if _is_function(each)]
    return [cls.__qualname__, *found]


def _name(member: tuple[str, Any]) -> str:
    return member[0]


def _function(member: Any) -> Any:
    """What stands behind a staticmethod, classmethod or property."""
    return getattr(member, "__func__", None) or getattr(member, "fget", None) or member


def _is_function(member: Any) -> bool:
    return isinstance(member, FunctionType)


def _of_function(function: Any) -> Told:
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        return [getattr(function, "__qualname__", type(function).__qualname__)]
    closure = [_constant(_content(cell)) for cell in function.__closure__ or ()]
    defaults = [_constant(value) for value in function.__defaults__ or ()]
    return [*_instructions(code), defaults, _constant(function.__kwdefaults__), closure]


def _instructions(code: CodeType) -> Told:
    constants = [_constant(constant) for constant in code.co_consts]
    return [code.co_qualname, code.co_code.hex(), list(code.co_names), constants]


def _constant(value: Any) -> Any:
    if isinstance(value, CodeType):
        return _instructions(value)
    if isinstance(value, frozenset | set):
        return sorted(map(repr, value))
    if isinstance(value, tuple | list):
        return [_constant(part) for part in value]
    if isinstance(value, dict):
        return sorted((str(name), _constant(part)) for name, part in value.items())
    plain = value is None or isinstance(value, bool | int | float | complex | str | bytes)
    return repr(value) if plain or value is ... else type(value).__qualname__


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not bound yet
        return None
