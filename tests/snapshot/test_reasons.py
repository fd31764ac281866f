"""What is not data is described by its class, with what to do instead."""

from __future__ import annotations

import decimal
import enum
import fractions
import functools
import itertools
import math
import pathlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from .crossing import refused


class Equal:
    """Equal to every expected answer."""

    def __eq__(self, other: object) -> bool:
        return True


class Colour(enum.IntEnum):
    RED = 1


class Rows(list[int]):
    pass


class Count(int):
    pass


class Meta(type):
    pass


class OfMeta(metaclass=Meta):
    pass


def endless() -> Iterator[int]:
    while True:
        yield 1


async def awaited() -> None:
    pass


FUNCTION = "is a function; hand in what it returns, not the function itself"
AS_LIST = "which has no values until it is run; convert it with list(...)"

SHOULD_FAIL: dict[str, tuple[Any, str]] = {
    "own __eq__": (Equal(), "Equal, which is not data; hand in numbers, text, lists"),
    "lambda": (lambda: 1, FUNCTION),
    "built-in function": (len, FUNCTION),
    "method": ([].append, FUNCTION),
    "partial": (functools.partial(len), FUNCTION),
    "ufunc": (np.add, FUNCTION),
    "class": (Equal, "is a class; hand in a value"),
    "class of a metaclass": (OfMeta, "is a class; hand in a value"),
    "module": (math, "is a module; hand in a value"),
    "generator": (endless(), f"is of type generator, {AS_LIST}"),
    "map": (map(len, []), f"is of type map, {AS_LIST}"),
    "endless iterator": (itertools.count(), f"is of type itertools.count, {AS_LIST}"),
    "list iterator": (iter([1]), f"is of type list_iterator, {AS_LIST}"),
    "range": (range(3), "is of type range; convert it with list(...)"),
    "dict's keys": ({}.keys(), "is of type dict_keys; convert it with list(...)"),
    "bytearray": (bytearray(1), "is of type bytearray; hand in text with .decode()"),
    "subclass of list": (Rows(), "Rows, a subclass of list; convert it with list(...)"),
    "subclass of int": (Count(1), "Count, a subclass of int; convert it with int(...)"),
    "enum": (Colour.RED, "Colour; hand in its .value"),
    "Decimal": (decimal.Decimal(1), "decimal.Decimal; convert it with float(...)"),
    "Fraction": (fractions.Fraction(1), "fractions.Fraction; convert it with float(...)"),
    "path": (pathlib.Path("a"), "PosixPath; convert it with str(...)"),
    "object": (object(), "is an instance of the class object"),
    "NotImplemented": (NotImplemented, "is an instance of the class NotImplementedType"),
}


@pytest.mark.parametrize(("value", "reason"), SHOULD_FAIL.values(), ids=SHOULD_FAIL)
def test_should_fail(value: object, reason: str) -> None:
    """The sentence starts with the place, names the type and fits into a table's row."""
    found = refused(value)
    assert found.startswith("the value is ")
    assert reason in found
    assert len(found) <= 300
    assert refused([value]) == found.replace("the value", "element [0]", 1)


def test_a_coroutine_is_told_to_be_awaited() -> None:
    """A forgotten await is the likely cause."""
    coroutine = awaited()
    assert "put await before it" in refused(coroutine)
    coroutine.close()


def test_a_generator_is_never_run() -> None:
    """Neither to look at it nor to count it."""
    seen: list[int] = []
    value = (seen.append(i) for i in itertools.count())  # type: ignore[func-returns-value]
    assert "is of type generator" in refused({"q1": value})
    assert seen == []


def of_package(module: str, name: str, monkeypatch: pytest.MonkeyPatch) -> object:
    """Returns an instance of a class that stands in a package which is not installed here."""
    cls = type(name, (), {"__module__": module})
    home = ModuleType(module)
    vars(home)[name] = cls
    monkeypatch.setitem(sys.modules, module, home)
    return cls()


PACKAGES = {
    "Series": ("pandas.core.series", "is of type pandas.Series; convert it with .to_numpy()"),
    "csr_array": ("scipy.sparse._csr", "scipy.csr_array; convert it with .toarray()"),
}


@pytest.mark.parametrize(("name", "expected"), PACKAGES.items(), ids=PACKAGES)
def test_classes_of_packages_should_fail(
    name: str, expected: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Common packages' classes come with the method that makes data of them."""
    module, reason = expected
    assert reason in refused(of_package(module, name, monkeypatch))


def test_a_class_cannot_write_the_reason() -> None:
    """A name of any length and any characters stays short and on one line."""
    cls = type("A\n\x1b[31m{0.__class__}" + "x" * 100_000, (), {"__module__": "m\n." * 9_999})
    reason = refused(cls())
    assert len(reason) <= 300
    assert reason.isprintable()
    assert "{0.__class__}" in reason
