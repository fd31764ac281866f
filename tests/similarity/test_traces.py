"""Figures, weights and training curves of two runs, by digest."""

import json
from pathlib import Path
from typing import Any

from autograder.similarity.traces import Traces, given, traces
from autograder.snapshot import blob_name


def answer(run: Path, name: str, document: Any, **blobs: bytes) -> None:
    folder = run / "answers" / "test" / name
    folder.mkdir(parents=True)
    (folder / "value.json").write_text(
        document if isinstance(document, str) else json.dumps(document)
    )
    for suffix, data in blobs.items():
        (folder / blob_name(data, f".{suffix}")).write_bytes(data)


def model(data: bytes, steps: int | None = 10) -> dict[str, Any]:
    layers = [["dense", blob_name(data, ".safetensors"), ["kernel"]]]
    return {"kind": "model", "config": "", "steps": steps, "weights": layers}


def curve(*values: float) -> dict[str, Any]:
    items = [{"kind": "float", "value": value} for value in values]
    history = {"kind": "list", "items": items}
    return {"kind": "dict", "keys": [{"kind": "str", "value": "loss"}], "values": [history]}


def figure(png: bytes, *contents: str) -> dict[str, Any]:
    axes = [{"content": each, "title": "t"} for each in contents]
    return {"kind": "figure", "png": blob_name(png, ".png"), "axes": axes or None, "title": ""}


def kinds(run: Path) -> list[tuple[str, str]]:
    return [(each.kind, each.what) for each in traces(run).values()]


def test_layers_of_trained_models(tmp_path: Path) -> None:
    """A layer counts, wherever its model stands; one never trained or tiny does not."""
    large, small = b"w" * 5_000, b"w" * 100
    inner = {"kind": "list", "items": [model(large)]}
    answer(tmp_path / "a", "models", inner, safetensors=large)
    answer(tmp_path / "b", "model", model(large, steps=0), safetensors=large)
    answer(tmp_path / "c", "model", model(small), safetensors=small)
    assert kinds(tmp_path / "a") == [("weights", "dense")]
    assert kinds(tmp_path / "b") == kinds(tmp_path / "c") == []


def test_training_curves(tmp_path: Path) -> None:
    """A list of fractions under its name; a constant or short one says nothing."""
    answer(tmp_path / "a", "history", curve(0.5, 0.25, 0.2, 0.125))
    answer(tmp_path / "b", "history", curve(0.5, 0.5, 0.5, 0.5))
    answer(tmp_path / "c", "history", curve(0.5, 0.25))
    assert kinds(tmp_path / "a") == [("history", "loss")]
    assert kinds(tmp_path / "b") == kinds(tmp_path / "c") == []


def test_figures_by_what_they_show(tmp_path: Path) -> None:
    """The same data in other pixels is the same figure; one panel in common is not."""
    answer(tmp_path / "a", "f", figure(b"1", "x", "y"), png=b"1")
    answer(tmp_path / "b", "f", figure(b"2", "x", "y"), png=b"2")
    answer(tmp_path / "c", "f", figure(b"3", "x", "z"), png=b"3")
    one, two, three = (traces(tmp_path / run).keys() for run in "abc")
    assert one == two and not one & three


def test_odd_texts_in_figures(tmp_path: Path) -> None:
    """Half a pair of surrogates has a digest; what is no text at all is none."""
    deep: Any = []
    for _ in range(400):
        deep = [deep]
    answer(tmp_path / "a", "f", figure(b"1", "\ud800"), png=b"1")
    answer(tmp_path / "b", "f", {**figure(b"1"), "axes": [{"content": deep}]}, png=b"1")
    assert [kind for kind, _ in kinds(tmp_path / "a")] == ["figure"] and not kinds(tmp_path / "b")


def test_pictures_by_their_pixels(tmp_path: Path) -> None:
    """An image without axes has its file's digest; an empty figure says nothing."""
    answer(tmp_path / "a", "f", figure(b"1"), png=b"1")
    answer(tmp_path / "b", "f", {**figure(b"1"), "axes": [{"content": ""}]}, png=b"1")
    assert [kind for kind, _ in kinds(tmp_path / "a")] == ["figure"] and not kinds(tmp_path / "b")


def test_what_makes_no_sense_is_passed_over(tmp_path: Path) -> None:
    """Documents come from students' processes and may be anything."""
    strange = [
        "{broken",
        "[" * 100_000,
        {"kind": "model", "weights": [["a"], 3, [None, "../../secret", []], ["l", "../x.png", []]]},
        {"kind": "figure", "png": "../../../etc/passwd", "axes": None},
        {"kind": "figure", "png": 3, "axes": 5},
        {
            "kind": "dict",
            "keys": [1, {"value": [2]}],
            "values": [None, {"kind": "list", "items": 3}],
        },
    ]
    for number, document in enumerate(strange):
        answer(tmp_path / "a", f"n{number}", document)
    assert traces(tmp_path / "a") == {}


def test_what_the_author_comes_to_is_given(tmp_path: Path) -> None:
    """The pretrained network of the solution's run says nothing of two students who have it."""
    pretrained, own = b"p" * 5_000, b"o" * 5_000
    solution = tmp_path / ".release" / "cnn" / "solution" / "nb"
    answer(solution, "vgg", model(pretrained), safetensors=pretrained)
    for student in "ab":
        answer(tmp_path / student, "vgg", model(pretrained), safetensors=pretrained)
        answer(tmp_path / student, "own", model(own), safetensors=own)
    seen = Traces(given(tmp_path))
    for number, student in enumerate("ab"):
        seen.add(number, traces(tmp_path / student))
    ((pair, rare),) = seen.pairs().items()
    assert pair == (0, 1)
    assert [each.digest for each in rare] == [blob_name(own, ".safetensors")]


def test_what_many_have_is_no_pair(tmp_path: Path) -> None:
    """Fixed seeds and the obvious code: half of a class has the same weights."""
    answer(tmp_path / "a", "m", model(b"w" * 5_000), safetensors=b"w" * 5_000)
    seen = Traces(frozenset())
    for number in range(20):
        seen.add(number, traces(tmp_path / "a") if number % 2 else {})
    assert seen.pairs() == {}
