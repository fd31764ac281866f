"""What is wrong with a model's config."""

from autograder.errors import UserError


class GraphError(UserError):
    """A config describes no model that can be read; one line says where, and what was expected."""
