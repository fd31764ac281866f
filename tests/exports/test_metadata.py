"""Gradescope's list."""

from __future__ import annotations

import pytest

from autograder.errors import UserError
from autograder.exports.metadata import Person, Submission, read_metadata

LIST = """---
submission_42:
  :submitters:
  - :name: Müller, Anna
    :sid: '011'
    :email: anna@x.example
  - :name: Bob
    :sid: 12
    :email:
  :created_at: 2026-01-31 14:00:16.413000000 Z
  :score: 0.0
  :history: []
submission_43:
  :submitters: []
  :created_at: !ruby/object:ActiveSupport::TimeWithZone
    utc: 2026-01-31 22:00:00.000000000 Z
    zone: !ruby/object:ActiveSupport::TimeZone
      name: America/Los_Angeles
    time: 2026-01-31 14:00:00.000000000 Z
submission_44:
  :created_at: 2026-01-31 14:00:00 -08:00
submission_45: 1
"""


def test_who_and_when() -> None:
    """Numbers stay text with their zeros; times are in UTC; Ruby's objects are read as data."""
    assert read_metadata(LIST.encode(), "x") == {
        "submission_42": Submission(
            (Person("011", "anna@x.example"), Person("12", "")), "2026-01-31 14:00:16.413000 UTC"
        ),
        "submission_43": Submission((), "2026-01-31 22:00:00.000000 UTC"),
        "submission_44": Submission((), "2026-01-31 22:00:00.000000 UTC"),
    }


@pytest.mark.parametrize(
    "data",
    [
        b"a: [",
        b"- 1",
        b"",
        b"\xff\xfe\xff",
        b"a: !!python/object/apply:os.system ['true']",
        b"[" * 100_000,
        b"a: &a [*a]\n*a : 1",
    ],
)
def test_what_is_no_list(data: bytes) -> None:
    """One line; nothing in it is run."""
    with pytest.raises(UserError, match="x: expected Gradescope's list") as caught:
        read_metadata(data, "x")
    assert "\n" not in str(caught.value)
