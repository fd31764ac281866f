"""The rooms know only those below them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import autograder

PACKAGE = Path(autograder.__file__).parent

# A room may import those further down; rooms on one line do not know each other.
ORDER = (
    ("__main__",),
    ("cli",),
    ("nbgrader", "release", "terminal"),
    ("calibration", "exports", "leaks", "marking", "rehearsal", "similarity"),
    ("report",),
    ("solutions", "storage"),
    ("pipeline", "prefetch"),
    ("engines",),
    ("grading",),
    ("data",),
    ("execution",),
    ("notebook",),
    ("converters",),
    ("isolation", "snapshot", "checks", "course", "workbench"),
    ("artifacts",),
    ("graphs", "datasets"),
    ("settings",),
    ("files", "quiet"),
    ("errors",),
)
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}


def test_every_module_has_a_room() -> None:
    """A new room must say where it stands."""
    rooms = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in _modules()}
    assert rooms - {"__init__"} == RANK.keys()


def test_arrows_run_down() -> None:
    """No room imports one above it, nor a neighbour on its line."""
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {target}"
        for path in _modules()
        for target in _imports(path)
        if not _may(path.relative_to(PACKAGE).parts[0].removesuffix(".py"), target)
    ]
    assert wrong == []


def test_wings_do_not_know_each_other() -> None:
    """What students install needs nothing of what grades them, and numpy alone to be imported."""
    wing = {"checks", "workbench", "artifacts", "graphs", "datasets"}
    files = [path for room in wing for path in (PACKAGE / room).rglob("*.py")]
    student = {target for path in files for target in _imports(path)}
    assert student <= wing | {"files", "quiet", "errors"}
    for room in ("execution", "notebook", "isolation", "snapshot"):
        seen = {target for path in (PACKAGE / room).rglob("*.py") for target in _imports(path)}
        assert not {"checks", "workbench"} & seen


def _may(room: str, target: str) -> bool:
    return room == target or target == "__init__" or RANK[room] < RANK[target]


def _modules() -> Iterator[Path]:
    yield from sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def _imports(path: Path) -> Iterator[str]:
    """The rooms that a module imports, wherever the import stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module]
            if node.module == "autograder":
                names = [f"autograder.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "autograder":
                yield parts[1] if len(parts) > 1 else "__init__"
