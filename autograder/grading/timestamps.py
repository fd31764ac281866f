"""When something was handed in: nbgrader's timestamp.txt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from nbgrader import utils

from autograder.course import read_plain, shown

_LONGEST = 100  # bytes; "2026-01-31 23:59:59.123456 Europe/Amsterdam" has 43


@dataclass(frozen=True)
class Timestamp:
    """The time in UTC, without a zone, as nbgrader keeps it; None where there is none.

    remark: what is wrong with the file, in one line; "" if nothing is.
    """

    time: datetime | None
    remark: str = ""


def read_timestamp(folder: Path) -> Timestamp:
    """The time in `folder`/timestamp.txt, in any format that nbgrader understands.

    A time without a zone is in UTC. A file that says nothing means: handed in on time.
    """
    try:
        text = read_plain(folder / "timestamp.txt", _LONGEST).decode("utf-8-sig").strip()
    except FileNotFoundError:
        return Timestamp(None)
    except (OSError, UnicodeDecodeError) as error:
        why = "it is no text" if isinstance(error, UnicodeDecodeError) else error.strerror or error
        return Timestamp(None, f"timestamp.txt cannot be read: {why}; taken as handed in on time")
    try:
        return Timestamp(utils.parse_utc(text))
    except (ValueError, OverflowError, TypeError):
        return Timestamp(
            None,
            "timestamp.txt: expected a time such as '2026-01-31 23:59:59 UTC', received "
            f"{shown(text) or 'nothing'}; taken as handed in on time",
        )
