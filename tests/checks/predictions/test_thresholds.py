"""thresholds.json, read where tests run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.checks.predictions.thresholds import Threshold, read_thresholds, threshold

GOOD = {"floor": 0.6, "full": 0.8}
MEASURED = GOOD | {"mean": 0.85, "sd": 0.01, "seeds": 5, "images": 1000}


def written(folder: Path, data: object) -> Path:
    path = folder / "thresholds.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


def test_a_threshold_is_that_of_the_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AUTOGRADER_PROFILE says which; small where it says nothing."""
    data = {"small": {"pets/c": MEASURED}, "full": {"pets/c": {"floor": 0.5, "full": 0.7}}}
    written(tmp_path, data)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AUTOGRADER_PROFILE", raising=False)
    assert threshold("pets/c") == Threshold(0.6, 0.8, 0.85, 0.01, 5, 1000)
    assert threshold("pets/c").is_calibrated
    monkeypatch.setenv("AUTOGRADER_PROFILE", "full")
    assert threshold("pets/c") == Threshold(0.5, 0.7)
    assert not threshold("pets/c").is_calibrated


should_fail = {
    "no file": (None, r"thresholds\.json: expected the thresholds, found no such file; write it"),
    "no JSON": ("{", "expected JSON"),
    "a list": ([], "expected an object"),
    "a profile that is a list": ({"small": []}, '"small": expected an object'),
    "no such name": (
        {"small": {"pets/d": GOOD}},
        "\"small\": expected 'pets/c', found 'pets/d'; add it with a floor and a full",
    ),
    "no such profile": ({"full": {"pets/c": GOOD}}, "\"small\": expected 'pets/c', found none"),
    "no floor": ({"small": {"pets/c": {"full": 0.8}}}, 'expected a "floor"'),
    "text": ({"small": {"pets/c": {"floor": "0.6", "full": 0.8}}}, '"floor": expected a number'),
    "a flag": ({"small": {"pets/c": {"floor": True, "full": 0.8}}}, "expected a number"),
    "the wrong way round": (
        {"small": {"pets/c": {"floor": 0.8, "full": 0.8}}},
        "expected 0 <= floor < full <= 1, received floor 0.8 and full 0.8",
    ),
    "percent": ({"small": {"pets/c": {"floor": 60, "full": 80}}}, "received floor 60"),
    "misspelt": ({"small": {"pets/c": GOOD | {"seed": 5}}}, "expected floor, .*received 'seed'"),
}


@pytest.mark.parametrize("case", should_fail)
def test_what_is_no_threshold_is_told_in_one_line(tmp_path: Path, case: str) -> None:
    """Where, what was expected, what was found: whoever wrote the file reads it."""
    data, message = should_fail[case]
    path = tmp_path / "thresholds.json" if data is None else written(tmp_path, data)
    with pytest.raises(ValueError, match=message) as caught:
        threshold("pets/c", path, "small")
    assert "\n" not in str(caught.value)


def test_all_of_a_file(tmp_path: Path) -> None:
    """By profile and name."""
    path = written(tmp_path, {"small": {"pets/c": GOOD}, "full": {}})
    assert read_thresholds(path) == {"small": {"pets/c": Threshold(0.6, 0.8)}, "full": {}}
