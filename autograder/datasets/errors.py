"""What is wrong with a data set, its place or the request for it."""

from autograder.errors import UserError


class DataError(UserError):
    """A data set is missing, damaged or cannot be written; one line says where and what to do."""
