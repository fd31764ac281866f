"""Shapes, places, numbers and names in words for a student."""

from collections.abc import Iterable, Sequence

# A size of None stands for any.
Shape = tuple[int | None, ...]

AXES = ("row", "column", "channel")
MAX_NAME = 40  # characters of a name that a student chose
MAX_LISTED = 6


def fits(shape: Sequence[int], expected: Shape) -> bool:
    """Whether a shape is the expected one."""
    return len(shape) == len(expected) and all(
        wanted is None or size == wanted for size, wanted in zip(shape, expected, strict=True)
    )


def place(index: Sequence[int], channels: Sequence[str] | None = None) -> str:
    """Where an entry stands: `index` counts from 0, the words from 1; "" for a single number."""
    if not index:
        return ""
    if len(index) == 1:
        return f"entry {index[0] + 1}"
    if len(index) > len(AXES):
        return f"position ({', '.join(str(i + 1) for i in index)})"
    words = [f"{axis} {i + 1}" for axis, i in zip(AXES, index, strict=False)]
    if channels and len(index) == len(AXES):
        words[-1] = f"channel {channels[index[-1]]}"
    return ", ".join(words)


def sizes(shape: Shape) -> str:
    """A shape as Python writes it, with `any` for a size that is free."""
    words = ["any" if size is None else str(size) for size in shape]
    return f"({words[0]},)" if len(words) == 1 else f"({', '.join(words)})"


def noun(shape: Shape) -> str:
    """What an answer of this shape is called."""
    if not shape:
        return "a single number"
    if len(shape) == 1:
        return "a list of numbers" if shape[0] is None else f"a list of {count(shape[0], 'number')}"
    return f"an array of shape {sizes(shape)}"


def count(number: float, one: str, several: str = "") -> str:
    """A number and its noun: "1 point", "1.5 points", "2,000 images"."""
    shown = f"{int(number):,}" if number == int(number) else f"{number:g}"
    return f"{shown} {one if number == 1 else several or f'{one}s'}"


def rounded(points: float) -> str:
    """Points for a reader, to two decimals: "2", "1.33"."""
    return f"{round(points, 2):g}"


def percent(share: float) -> str:
    """A share to three digits: "87.3 %", "0.4 %", "under 0.1 %"."""
    return "under 0.1 %" if 0 < share < 0.001 else f"{100 * share:.3g} %"


def listed(names: Iterable[str], most: int = MAX_LISTED) -> str:
    """ "a", "a and b", "a, b and c", "a, b and 4 more" """
    words = list(names)
    if len(words) > most + 1:
        words[most:] = [f"{len(words) - most} more"]
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def numbered(thing: str, names: Iterable[str]) -> str:
    """ "row 2", "rows 2 and 5", "rows 1, 2, 3, 4, 5, 6 and 4 more" """
    words = list(names)
    return f"{thing if len(words) == 1 else f'{thing}s'} {listed(words)}"


def skeleton(shape: Shape) -> str:
    """How a small answer of this shape is typed, blanks for its entries; "" for a large one."""
    total = 1
    for size in shape:
        total *= size or 1_000
    if not shape or total > 16:
        return ""
    text = "_"
    for size in reversed(shape):
        text = f"[{', '.join([text] * (size or 0))}]"
    return text


def sentences(*parts: str) -> str:
    """The parts that are not empty, each closed by a full stop, in one line."""
    closed = [part if part.endswith((".", "!", "?", "…")) else f"{part}." for part in parts if part]
    return " ".join(closed)


def opening(text: str) -> str:
    """The text with a capital letter in front, unless it begins with a name such as val_loss."""
    is_name = any(c.isdigit() or c in "_/" for c in text.partition(" ")[0])
    return text if is_name else text[:1].upper() + text[1:]


def shown(name: str) -> str:
    """A name that a student chose, as far as it is safe to show."""
    return legible(name, MAX_NAME)


def legible(text: str, limit: int) -> str:
    """Text that is safe to show: one line, printable, at most `limit` characters.

    What a student wrote may hold control characters, text-direction marks or lone surrogates.
    """
    line = " ".join(text[: 4 * limit].split())
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
