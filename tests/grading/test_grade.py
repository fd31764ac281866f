"""A run through the grader; what the grading child sends is checked, what it leaves out is said."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from autograder.execution.objects import Objects
from autograder.execution.runs import Recorder, Run
from autograder.grading.features import FeatureFolder
from autograder.grading.grade import grade, grade_unrun, needed_frameworks
from autograder.grading.scores import NotebookScores, load
from autograder.isolation import Ending, IsolationError, Limits, Slot
from autograder.notebook.plan import Plan, Step
from autograder.settings import Autograder
from autograder.snapshot import blob_name

DONE = Ending("done", "", 1.0, 0.5, 20.0)
KILLED = Ending("memory", "over 256 MB of memory", 1.0, 0.5, 256.0)
PLAN = Plan(
    (
        Step(0, "text", "A question"),
        Step(1, "student", "q1 = 1", "q1"),
        Step(2, "test", "assert q1 == 1", "test_q1", 2.0, frozenset({"q1"})),
        Step(3, "student", "q2 = 2", "q2"),
        Step(4, "test", "assert q2 == 2", "test_q2", 3.0, frozenset({"q2"})),
    )
)
BOTH = ("test_q1", "test_q2")


@dataclass
class FakeWarm:
    """A warm process whose grading child sends `pieces` and ends as told."""

    pieces: list[tuple[str, bytes]] = field(default_factory=list)
    ending: Ending = DONE
    parcel: dict[str, bytes] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(
        self,
        task: str,
        parcel: dict[str, bytes],
        limits: Limits,
        receive: Callable[[str, bytes], None],
        *,
        reserved: bool = False,
        environment: Mapping[str, str],
    ) -> Ending:
        assert reserved
        self.environment = environment
        assert task == "autograder.grading.child:task"
        self.parcel, self.limits = dict(parcel), limits
        for name, data in self.pieces:
            receive(name, data)
        return self.ending


def claim(grade_id: str, points: object = 2.0, outcome: str = "correct") -> tuple[str, bytes]:
    said = {"grade_id": grade_id, "points": points, "outcome": outcome, "message": "said"}
    return "score", json.dumps(said).encode()


def run_in(
    folder: Path, reached: tuple[str, ...] = BOTH, ending: Ending = DONE, **errors: object
) -> Run:
    """A run of PLAN; errors: by cell ("cell1"), (name, text) of what it raised."""
    expected = {step.grade_id or "": step.reads for step in PLAN.steps if step.kind == "test"}
    objects = Objects(folder.parent / ".objects")
    with Recorder(folder, expected, len(PLAN.steps), objects) as recorder:
        for cell, error in errors.items():
            record = {"index": int(cell.removeprefix("cell")), "outputs": [], "error": error}
            recorder.receive("cell", json.dumps(record).encode())
        recorder.receive("answers/test_q1/q1/value.json", b"{}")
        for grade_id in reached:
            recorder.receive(f"reached/{grade_id}", b"")
        return recorder.finish("key", "walls", Limits(), ending)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


def graded(warm: FakeWarm, run: Run, folder: Path, plan: Plan = PLAN) -> NotebookScores:
    features = FeatureFolder(folder.parent / ".features")
    return grade(warm, plan, run, folder, Autograder(), "key", features)  # type: ignore[arg-type]


def points(scores: NotebookScores) -> dict[str, float]:
    return {test.grade_id: test.points for test in scores.tests}


def outcomes(scores: NotebookScores) -> dict[str, str]:
    return {test.grade_id: test.outcome for test in scores.tests}


def test_claims_become_scores(folder: Path) -> None:
    """Held within the plan's points, and written down under the key."""
    warm = FakeWarm([claim("test_q1", 1.5, "partly correct"), claim("test_q2", 99)])
    scores = graded(warm, run_in(folder), folder)
    assert points(scores) == {"test_q1": 1.5, "test_q2": 3.0}
    assert load(folder / "scores.json") == scores
    assert scores.key == "key"


def test_the_child_is_given_what_it_needs(folder: Path) -> None:
    """The instructor's cells and the answers, nothing of the student's cells."""
    warm = FakeWarm()
    graded(warm, run_in(folder), folder)
    request = json.loads(warm.parcel.pop("request.json"))
    assert request["cells"] == PLAN.grading()
    ((_, document),) = request["files"].pop("test_q1/q1").items()
    assert request["files"] == {}
    assert request["beside"] == []
    assert warm.parcel == {f"object/{document}": b"{}"}


def test_the_child_is_given_the_files_beside_the_notebook(folder: Path) -> None:
    """By number, since their paths may be longer than the name of a piece; with room for them."""
    warm, features = FakeWarm(), FeatureFolder(folder.parent / ".features")
    beside = {"thresholds.json": b"{}", "data/large.bin": bytes(3 << 20)}
    run = run_in(folder)
    grade(warm, PLAN, run, folder, Autograder(), "key", features, beside)  # type: ignore[arg-type]
    request = json.loads(warm.parcel["request.json"])
    assert request["beside"] == list(beside)
    assert [warm.parcel["beside/0"], warm.parcel["beside/1"]] == list(beside.values())
    assert warm.limits.disk_mb == warm.limits.file_mb == 67


def test_the_child_is_told_where_it_runs(folder: Path) -> None:
    """Its environment goes round the task, its part of the GPU into it; without a slot, nothing."""
    warm, run = FakeWarm(), run_in(folder)
    graded(warm, run, folder)
    assert warm.environment == {}
    assert json.loads(warm.parcel["request.json"])["gpu_memory_fraction"] == 1.0
    features = FeatureFolder(folder.parent / ".features")
    slot = Slot("GPU-1", 0.45, {"CUDA_VISIBLE_DEVICES": "GPU-1"})
    grade(warm, PLAN, run, folder, Autograder(), "key", features, slot=slot)  # type: ignore[arg-type]
    assert warm.environment == {"CUDA_VISIBLE_DEVICES": "GPU-1"}
    assert json.loads(warm.parcel["request.json"])["gpu_memory_fraction"] == 0.45


def test_the_child_is_given_what_answers_share_once(folder: Path) -> None:
    """However many of them have it."""
    model = b"weights" * 1000
    name = blob_name(model, ".safetensors")
    run = run_in(folder)
    for place in ("test_q1/q1", "test_q2/q2"):
        (folder / "answers" / place).mkdir(parents=True, exist_ok=True)
        (folder / "answers" / place / name).write_bytes(model)
    warm = FakeWarm()
    graded(warm, run, folder)
    assert [piece for piece, data in warm.parcel.items() if data == model] == [f"object/{name}"]
    assert json.loads(warm.parcel["request.json"])["files"]["test_q2/q2"] == {name: name}


@pytest.mark.parametrize(
    ("test", "suffix", "expected"),
    [
        ("card.expect(1, accuracy(q1, 'cats_dogs', floor=0.6, full=0.9))", ".safetensors", True),
        ("card.expect(1, checks.gradcam (q1, model, image, 1))", ".safetensors", True),
        ("card.expect(1, accuracy(q1, 'cats_dogs', floor=0.6, full=0.9))", ".npy", False),
        ("card.expect(1, architecture(q1))", ".safetensors", False),
        ("assert accuracy > 0.9", ".safetensors", False),
        ("assert inaccuracy(q1) < 0.1", ".safetensors", False),
    ],
)
def test_keras_is_needed_where_a_test_computes_with_a_model(
    folder: Path, test: str, suffix: str, expected: bool
) -> None:
    """Not where tests only look at it, nor where nobody handed one in."""
    plan = Plan((Step(0, "test", test, "test_q1", 2.0, frozenset({"q1"})),))
    assert needed_frameworks(plan, folder) == ()
    (folder / "answers" / "test_q1" / "q1").mkdir(parents=True)
    (folder / "answers" / "test_q1" / "q1" / blob_name(b"", suffix)).touch()
    assert needed_frameworks(plan, folder) == (("keras",) if expected else ())


def test_what_was_computed_is_kept(folder: Path) -> None:
    """Under its key, for the next grading; it is no score."""
    key = "0123456789abcdef" * 4
    graded(FakeWarm([(f"features/{key}", b"\x93NUMPY..")]), run_in(folder), folder)
    assert (folder.parent / ".features" / f"{key}.npy").read_bytes() == b"\x93NUMPY.."


def test_a_test_that_was_not_reached_could_not_be_graded(folder: Path) -> None:
    """Whatever is claimed of it; the message says why the notebook was stopped."""
    run = run_in(folder, reached=("test_q1",), ending=KILLED)
    scores = graded(FakeWarm([claim("test_q1"), claim("test_q2")]), run, folder)
    assert outcomes(scores) == {"test_q1": "correct", "test_q2": "could not be graded"}
    assert scores.tests[1].points == 0.0
    assert "stopped before this test: over 256 MB of memory" in scores.tests[1].message


def test_a_notebook_that_left_early_could_not_be_graded(folder: Path) -> None:
    """Its process ended as if it were done."""
    scores = graded(FakeWarm([claim("test_q1")]), run_in(folder, reached=()), folder)
    assert set(outcomes(scores).values()) == {"could not be graded"}
    assert "no answers came" in scores.tests[0].message


def test_a_grader_that_is_killed_keeps_what_it_said(folder: Path) -> None:
    """The rest could not be graded, and says by what it was stopped."""
    scores = graded(FakeWarm([claim("test_q1")], KILLED), run_in(folder), folder)
    assert outcomes(scores) == {"test_q1": "correct", "test_q2": "could not be graded"}
    assert "the grader was stopped: over 256 MB of memory" in scores.tests[1].message


@pytest.mark.parametrize(
    "piece",
    [
        ("score", b""),
        ("score", b"["),
        ("score", b"[" * 100_000),
        ("score", b"[]"),
        ("score", b"null"),
        ("score", b"\xff"),
        ("score", b'{"grade_id": []}'),
        ("score", b'{"grade_id": {}}'),
        ("score", b'{"grade_id": null, "points": 2}'),
        ("score", b'{"grade_id": "test_q1", "points": ' + b"9" * 5_000 + b"}"),
        claim("nope"),
        ("cell", claim("test_q1")[1]),
        ("", b""),
    ],
)
def test_what_is_no_claim_is_passed_over(folder: Path, piece: tuple[str, bytes]) -> None:
    """The claims after it count."""
    scores = graded(FakeWarm([piece, claim("test_q2")]), run_in(folder), folder)
    assert outcomes(scores) == {"test_q1": "could not be graded", "test_q2": "correct"}


@pytest.mark.parametrize(
    "said",
    [{"points": None}, {"points": 2.0, "outcome": ["correct"]}, {"points": 2.0, "rows": 3}, {}],
)
def test_a_bad_claim_could_not_be_graded(folder: Path, said: dict[str, Any]) -> None:
    """And harms no other."""
    piece = ("score", json.dumps({"grade_id": "test_q1", "outcome": "correct", **said}).encode())
    scores = graded(FakeWarm([piece, claim("test_q2")]), run_in(folder), folder)
    assert outcomes(scores) == {"test_q1": "could not be graded", "test_q2": "correct"}


def test_the_first_claim_counts(folder: Path) -> None:
    """A test is scored once."""
    warm = FakeWarm([claim("test_q1", 0.0, "incorrect"), claim("test_q1")])
    assert points(graded(warm, run_in(folder), folder))["test_q1"] == 0.0


def why_missing(folder: Path, plan: Plan = PLAN, **errors: object) -> dict[str, str]:
    warm = FakeWarm()
    graded(warm, run_in(folder, **errors), folder, plan)  # type: ignore[arg-type]
    missing: dict[str, str] = json.loads(warm.parcel["request.json"])["missing"]
    return missing


def test_what_a_cell_raised_explains_a_missing_answer(folder: Path) -> None:
    """To the test that follows, not to later ones."""
    found = why_missing(folder, cell1=["ValueError", "no such file"])
    assert found == {"test_q1": "cell 2 of the notebook raised ValueError: no such file"}


def test_a_cell_over_its_time_is_named(folder: Path) -> None:
    """The interrupt is ours, and no error of the student's."""
    found = why_missing(folder, cell3=["KeyboardInterrupt", ""])
    assert found == {"test_q2": "cell 4 of the notebook ran over its time and was interrupted"}


@pytest.mark.parametrize("error", [None, 5, "E", ["E"], [1, 2], ["E", None], {}])
def test_a_forged_error_explains_nothing(folder: Path, error: object) -> None:
    """And is no reason to stumble."""
    assert why_missing(folder, cell1=error) == {}


def test_a_long_error_is_cut(folder: Path) -> None:
    """It has to fit on a card."""
    assert len(why_missing(folder, cell1=["E", "x" * 10_000])["test_q1"]) <= 300


def test_an_unedited_solution_explains_nothing(folder: Path) -> None:
    """A stub that raises was not attempted."""
    steps = [
        Step(**{**step.__dict__, "unedited": True}) if step.kind == "test" else step
        for step in PLAN.steps
    ]
    assert why_missing(folder, Plan(tuple(steps)), cell1=["NotImplementedError", ""]) == {}


def test_walls_that_could_not_be_built_are_nobodys_score(folder: Path) -> None:
    """No scores.json says otherwise."""

    class Broken(FakeWarm):
        def run(self, *_: object, **__: object) -> Ending:
            raise IsolationError("a wall could not be built")

    with pytest.raises(IsolationError):
        graded(Broken(), run_in(folder), folder)
    assert not (folder / "scores.json").exists()


def test_a_notebook_that_was_never_run_has_no_points(folder: Path) -> None:
    """Its outcome and message are the same throughout."""
    folder.mkdir()
    scores = grade_unrun(PLAN, "not attempted", "theory.ipynb was not handed in", folder, "key")
    assert points(scores) == {"test_q1": 0.0, "test_q2": 0.0}
    assert set(outcomes(scores).values()) == {"not attempted"}
    assert load(folder / "scores.json") == scores
