"""What somebody does to code that is not theirs, done by a program."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

_COMMENT = re.compile(r"\s*#.*$", re.MULTILINE)


def renamed(text: str, _: str = "") -> str:
    """All own names are others."""
    tree = ast.parse(text)
    own = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    own |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    own |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    own = {name for name in own if not name.startswith("__")}
    for number, name in enumerate(sorted(own)):
        text = re.sub(rf"(?<![\w.]){name}\b(?!\s*=[^=]\S*[,)])", f"my_{number}", text)
    return text


def recommented(text: str, _: str = "") -> str:
    """Other comments, and more of them; empty lines."""
    lines = _COMMENT.sub("", text).split("\n")
    return "\n".join(
        f"{line}  # step {n}" if n % 3 == 0 and line.strip().endswith(")") else f"{line}\n"
        for n, line in enumerate(lines)
    )


def reformatted(text: str, _: str = "") -> str:
    """Other quotes, line breaks and parentheses; no comments."""
    return ast.unparse(ast.parse(text))


def reordered(text: str, _: str = "") -> str:
    """The statements of the top level in another order, as if spread over cells."""
    nodes = [ast.get_source_segment(text, node) or "" for node in ast.parse(text).body]
    return "\n".join(nodes[1::2] + nodes[::2])


def half(text: str, other: str) -> str:
    """The first half of the statements, amid somebody else's work on the question."""
    mine, theirs = (
        [ast.get_source_segment(t, node) or "" for node in ast.parse(t).body] for t in (text, other)
    )
    return "\n".join([*theirs[: len(theirs) // 2], *mine[: (len(mine) + 1) // 2]])


def disguised(text: str, _: str = "") -> str:
    """Renamed, reformatted and reordered."""
    return reordered(reformatted(renamed(text)))


CHANGES: dict[str, Callable[[str, str], str]] = {
    "as it is": lambda text, _: text,
    "renamed": renamed,
    "comments": recommented,
    "reformatted": reformatted,
    "reordered": reordered,
    "all of these": disguised,
    "half of it": half,
}
