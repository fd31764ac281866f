"""Values out of a config that a student handed in: checked one by one."""

from collections.abc import Mapping
from typing import Any

from autograder.graphs.errors import GraphError

Shape = tuple[int | None, ...]

MAX_NUMBER = 10**9
MAX_RANK = 12
MAX_NAME = 300
SHOWN = 60


def show(value: object) -> str:
    """A value for a message: one short line of printable characters."""
    if isinstance(value, str):  # most often a name
        text = repr(value[:SHOWN])
        return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
    if isinstance(value, dict | list | tuple) and len(value) > 4:
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, int) and abs(value) > 10 * MAX_NUMBER:
        return "a very large number"
    if isinstance(value, dict | list | tuple):
        return f"a {type(value).__name__}" if value else repr(value)
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def mapping(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise GraphError(f"{what}: expected a dict, received {show(value)}")
    return value


def sequence(value: object, what: str) -> list[Any] | tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise GraphError(f"{what}: expected a list, received {show(value)}")
    return value


def name(value: object, what: str) -> str:
    if not isinstance(value, str) or not value or len(value) > MAX_NAME:
        raise GraphError(f"{what}: expected a name, received {show(value)}")
    return value


def whole(settings: Mapping[str, Any], key: str, least: int = 1, default: int | None = None) -> int:
    """settings[key] as an int in [least, 10⁹]; without `default` it must be there."""
    value = settings.get(key, default)
    if value is None and default is not None:
        value = default
    return number(value, key, least)


def number(value: object, what: str, least: int = 0) -> int:
    if type(value) is int and least <= value <= MAX_NUMBER:  # nearly always
        return value
    if isinstance(value, float) and value == value and abs(value) <= MAX_NUMBER:
        value = int(value) if value == int(value) else value
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MAX_NUMBER:
        raise GraphError(
            f"{what}: expected a whole number from {least} to 10⁹, received {show(value)}"
        )
    return value


def numbers(
    settings: Mapping[str, Any], key: str, length: int, least: int = 1, default: int | None = 1
) -> tuple[int, ...]:
    """settings[key] as `length` ints; one int stands for all of them."""
    value = settings.get(key)
    if value is None:
        value = default
    if not isinstance(value, list | tuple):
        return (number(value, key, least),) * length
    if len(value) != length:
        raise GraphError(f"{key}: expected {length} numbers, received {show(value)}")
    return tuple(number(each, key, least) for each in value)


def pairs(settings: Mapping[str, Any], key: str, length: int) -> tuple[tuple[int, int], ...]:
    """Border widths: one int, one per axis, or (before, after) per axis."""
    value = settings.get(key, 1)
    if not isinstance(value, list | tuple):
        return ((number(value, key),) * 2,) * length
    if length == 1 and len(value) == 2 and not any(isinstance(v, list | tuple) for v in value):
        return ((number(value[0], key), number(value[1], key)),)
    if len(value) != length:
        raise GraphError(f"{key}: expected {length} of them, received {show(value)}")
    result = []
    for each in value:
        ends = each if isinstance(each, list | tuple) else (each, each)
        if len(ends) != 2:
            raise GraphError(f"{key}: expected (before, after), received {show(each)}")
        result.append((number(ends[0], key), number(ends[1], key)))
    return tuple(result)


def shape(value: object, what: str) -> Shape:
    """A shape with None where a length is not known."""
    entries = sequence(value, what)
    if len(entries) > MAX_RANK:
        raise GraphError(f"{what}: expected at most {MAX_RANK} axes, received {len(entries)}")
    return tuple(None if each is None else number(each, what) for each in entries)


def axis(value: object, rank: int, what: str = "axis") -> int:
    """An axis of a tensor with `rank` axes, counted from the front."""
    if isinstance(value, bool) or not isinstance(value, int) or not -rank <= value < rank:
        raise GraphError(f"{what}: expected one of {rank} axes, received {show(value)}")
    return value % rank


def axes(value: object, rank: int) -> tuple[int, ...]:
    """One axis or several, each once."""
    several = value if isinstance(value, list | tuple) else [value]
    return tuple(sorted({axis(each, rank) for each in several}))


def channels_first(settings: Mapping[str, Any]) -> bool:
    return settings.get("data_format") == "channels_first"


def on(settings: Mapping[str, Any], key: str, default: bool = True) -> bool:
    value = settings.get(key, default)
    if not isinstance(value, bool):
        raise GraphError(f"{key}: expected true or false, received {show(value)}")
    return value


def show_shape(value: Shape | None) -> str:
    """(None, 32, 32, 3) → "32×32×3": without the batch axis, "?" for what is not known."""
    if value is None:
        return "shape unknown"
    return "×".join("?" if each is None else str(each) for each in value[1:]) or "scalar"
