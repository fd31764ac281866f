"""thresholds.json: from which accuracy on a part earns points, and from which it earns all.

    {"small": {"cats_and_dogs/c": {"floor": 0.6, "full": 0.8,
                                   "mean": 0.85, "sd": 0.01, "seeds": 5, "images": 1000}},
     "full": {"cats_and_dogs/c": {"floor": 0.55, "full": 0.7}}}

The file lies beside the source notebooks and, where tests run, in the working directory. A name is
that of a notebook, a slash, and the part. Where there are no "seeds" the numbers were chosen by a
person; else `autograder calibrate` measured the solutions so often.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

FILE = "thresholds.json"
_ADD = "add it with a floor and a full, then run autograder calibrate ASSIGNMENT"


@dataclass(frozen=True)
class Threshold:
    """Points from the accuracy `floor` on, all at `full`; shares in [0, 1].

    mean, sd: of the solutions' accuracies on `images` hidden images, with so many `seeds`; 0 seeds
    where that was not measured.
    """

    floor: float
    full: float
    mean: float | None = None
    sd: float | None = None
    seeds: int = 0
    images: int = 0

    @property
    def is_calibrated(self) -> bool:
        return self.seeds > 0


def threshold(name: str, path: Path = Path(FILE), profile: str = "") -> Threshold:
    """The threshold of that name; `profile`: default: what the environment says.

    ValueError, in one line, where there is none or it cannot be one.
    """
    profile = profile or _profile()
    entries = read_thresholds(path).get(profile, {})
    if name not in entries:
        known = ", ".join(map(repr, sorted(entries))) or "none"
        raise ValueError(f'{path}, "{profile}": expected {name!r}, found {known}; {_ADD}')
    return entries[name]


def read_thresholds(path: Path) -> dict[str, dict[str, Threshold]]:
    """All thresholds of a file by profile and name. ValueError, in one line, for one that is none.

    Raises the same where there is no file.
    """
    return {
        str(profile): {
            str(name): _entry(entry, f'{path}, "{profile}", {name!r}')
            for name, entry in _object(entries, f'{path}, "{profile}"').items()
        }
        for profile, entries in _object(_load(path), str(path)).items()
    }


def _load(path: Path) -> object:
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise ValueError(
            f"{path}: expected the thresholds, found no such file; write it beside the source "
            "notebooks, or give accuracy a floor= and a full="
        ) from None
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: expected JSON, received what is none: {error}") from None


def _object(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{where}: expected an object {{…}}, received {_shown(value)}")
    return value


def _entry(value: object, where: str) -> Threshold:
    entry = _object(value, where)
    known = [each.name for each in fields(Threshold)]
    if unknown := sorted(entry.keys() - set(known)):
        raise ValueError(f"{where}: expected {', '.join(known)}; received {unknown[0]!r}")
    for name in ("floor", "full"):
        if name not in entry:
            raise ValueError(f'{where}: expected a "{name}", found none; {_ADD}')
    for name, number in entry.items():
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ValueError(f'{where}, "{name}": expected a number, received {_shown(number)}')
    found = Threshold(**entry)
    if not 0 <= found.floor < found.full <= 1:
        raise ValueError(
            f"{where}: expected 0 <= floor < full <= 1, received floor {found.floor:g} and full "
            f"{found.full:g}; mend the file"
        )
    return found


def _profile() -> str:
    from autograder.datasets.store import Store  # with all that reads archives

    return Store.from_environment().profile


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"
