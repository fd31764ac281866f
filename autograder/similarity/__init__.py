"""Hand-ins that are too much alike: pairs for a person to look at, never part of a score."""

from autograder.similarity.writing import write_similarity

__all__ = ["write_similarity"]
