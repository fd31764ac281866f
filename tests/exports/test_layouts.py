"""What the names in an archive say."""

from __future__ import annotations

import pytest

from autograder.exports.layouts import Place, find_place, notebook_name

CANVAS = [
    ("muellerjohn_12345_67890_theory.ipynb", "12345", "muellerjohn", "theory.ipynb", False, 67890),
    ("müllerjörg_LATE_12_3_theory-1.ipynb", "12", "müllerjörg", "theory-1.ipynb", True, 3),
    ("van_der_berg2_12_3_cats_1_2.ipynb", "12", "van_der_berg2", "cats_1_2.ipynb", False, 3),
    ("LATE_anon_Ab1xZ_3_theory.ipynb", "anon_Ab1xZ", "", "theory.ipynb", True, 3),
    ("anon_Ab1xZ_3_theory.ipynb", "anon_Ab1xZ", "", "theory.ipynb", False, 3),
    ("lee_1_2_hw.zip/a/theory.ipynb", "1", "lee", "hw.zip/a/theory.ipynb", False, 2),
]
MOODLE = [
    ("John Müller_123_assignsubmission_file_/theory.ipynb", "123", "John Müller", "theory.ipynb"),
    ("O'Neil, Ann_9_assignsubmission_file/data/x.csv", "9", "O'Neil, Ann", "data/x.csv"),
    ("Lee_5_assignsubmission_file_theory.ipynb", "5", "Lee", "theory.ipynb"),
    ("Part 1/Lee_5_assignsubmission_file_/theory.ipynb", "5", "Lee", "theory.ipynb"),
]


@pytest.mark.parametrize(("name", "lms_id", "who", "path", "late", "number"), CANVAS)
def test_canvas(name: str, lms_id: str, who: str, path: str, late: bool, number: int) -> None:
    """Who, whether late, which user, which upload, the file's own name."""
    assert find_place("canvas", name) == Place(name, lms_id, who, path, late, number)


@pytest.mark.parametrize(("name", "lms_id", "who", "path"), MOODLE)
def test_moodle(name: str, lms_id: str, who: str, path: str) -> None:
    """A folder for each student, or, as older ones, one folder for all."""
    assert find_place("moodle", name) == Place(name, lms_id, who, path)


def test_gradescope() -> None:
    """A folder for each hand-in."""
    name = "assignment_1_export/submission_42/a/theory.ipynb"
    assert find_place("gradescope", name) == Place(name, "submission_42", "", "a/theory.ipynb")


@pytest.mark.parametrize(
    ("layout", "name", "lms_id"),
    [
        ("canvas", "mallory_99_1_hw.zip/anna_11_1_theory.ipynb", "99"),
        ("canvas", "mallory_99_1_anna_11_1_theory.ipynb", "99"),
        ("moodle", "Mal_99_assignsubmission_file_/Anna_11_assignsubmission_file_/x.ipynb", "99"),
        ("moodle", "Mal_99_assignsubmission_file_/Anna_11_assignsubmission_file_x.ipynb", "99"),
        ("gradescope", "submission_99/submission_11/theory.ipynb", "submission_99"),
    ],
)
def test_nobody_hands_in_for_another(layout: str, name: str, lms_id: str) -> None:
    """Students name their own files and folders, also as the system names another's."""
    place = find_place(layout, name)
    assert place is not None
    assert place.lms_id == lms_id


@pytest.mark.parametrize(
    ("layout", "name"),
    [
        ("canvas", "lee_123_text.html"),
        ("canvas", "theory.ipynb"),
        ("canvas", f"lee_1_{'2' * 5_000}_theory.ipynb"),
        ("canvas", "__MACOSX/lee_1_2_theory.ipynb"),
        ("canvas", "lee_1_2_hw.zip/.ipynb_checkpoints/theory-checkpoint.ipynb"),
        ("moodle", "Lee_5_assignsubmission_onlinetext/onlinetext.html"),
        ("moodle", "lee_1_2_theory.ipynb"),
        ("gradescope", "assignment_1_export/submission_metadata.yml"),
    ],
)
def test_other_files(layout: str, name: str) -> None:
    """Are nobody's hand-in."""
    assert find_place(layout, name) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("theory.ipynb", ("theory", 0)),
        ("theory-2.ipynb", ("theory", 2)),
        ("theory (3).ipynb", ("theory", 3)),
        ("a/Theory.ipynb", ("theory", 0)),
        ("lab-1.ipynb", ("lab-1", 0)),
        ("lab-1-1.ipynb", ("lab-1", 1)),
        ("mine-2.ipynb", ("mine-2", 0)),
        ("theory(3).IPYNB", ("theory", 3)),
        ("theory-1 (2).ipynb", ("theory", 3)),
        ("theory - Copy.ipynb", ("theory", 1)),
        ("theory copy 2.ipynb", ("theory", 2)),
        ("theory.ipynb.txt", ("theory", 0)),
        ("theory (1).ipynb.json", ("theory", 1)),
        ("mine.ipynb.txt", None),
        ("theory.txt", None),
        (f"theory-{'1' * 5_000}.ipynb", (f"theory-{'1' * 5_000}", 0)),
    ],
)
def test_names_of_notebooks(path: str, expected: tuple[str, int] | None) -> None:
    """What systems, browsers and people add to a name; not what is part of the name."""
    assert notebook_name(path, ["theory", "lab-1"]) == expected
