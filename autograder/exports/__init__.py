"""Scores for other systems, and hand-ins from them."""

from autograder.exports.collecting import Collection, collect
from autograder.exports.exporting import FORMATS, Exported, export
from autograder.exports.layouts import LAYOUTS

__all__ = ["FORMATS", "LAYOUTS", "Collection", "Exported", "collect", "export"]
