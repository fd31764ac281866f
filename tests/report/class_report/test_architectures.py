"""Models grouped by structure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.report.class_report.architectures import Architectures
from autograder.report.class_report.handed import answers

from .made import hand_over_model, model, put

PLACE = ("one", "test_a", "cnn")


@pytest.fixture
def seen(tmp_path: Path) -> Architectures:
    """Three students: two of one structure under other names, one with more filters."""
    found = Architectures()
    for student, filters in (("s", 8), ("t", 8), ("u", 16)):
        found.take(student, "one", hand_over_model(tmp_path / student, model(filters, student)))
    return found


def test_names_do_not_make_a_structure(seen: Architectures) -> None:
    """Settings do."""
    kinds = seen.seen[PLACE].values()
    assert sorted((each.models, each.names) for each in kinds) == [(1, ["u"]), (2, ["s", "t"])]


def test_the_example_is_read_again_when_it_is_drawn(seen: Architectures) -> None:
    """No graph is kept."""
    layers = {len(each.graph.layers) for each in seen.seen[PLACE].values()}
    assert layers == {4}


def test_a_config_that_is_no_model_is_counted(tmp_path: Path) -> None:
    """It stops nothing."""
    found = Architectures()
    found.take("s", "one", hand_over_model(tmp_path / "s", {"class_name": "Sequential"}))
    assert (found.unreadable, found.seen) == (1, {})


@pytest.mark.parametrize("config", ["../../../secret.json", 7, None, "no-such.json"])
def test_a_forged_document_leads_nowhere(tmp_path: Path, config: object) -> None:
    """A piece is a file of the answer's folder, by its own name."""
    (tmp_path / "secret.json").write_text(json.dumps(model(8, "secret")))
    document = json.dumps({"kind": "model", "config": config}).encode()
    put(tmp_path / "s", "test_a", "cnn", {"value.json": document})
    found = Architectures()
    for handed in answers(tmp_path / "s", ["test_a"]):
        found.take("s", "one", handed)
    assert (found.unreadable, found.seen) == (1, {})


def test_models_in_lists_count_each(tmp_path: Path) -> None:
    """Trials are handed in as a dict of models."""
    handed = hand_over_model(tmp_path / "s", model(8, "a"))
    inner = handed.document
    document = {"kind": "dict", "keys": [], "values": [inner, {"kind": "list", "items": [inner]}]}
    (handed.folder / "value.json").write_text(json.dumps(document))
    found = Architectures()
    for each in answers(tmp_path / "s", ["test_a"]):
        found.take("s", "one", each)
    (structure,) = found.seen[PLACE].values()
    assert structure.models == 2
