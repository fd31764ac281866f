"""Why something cannot be made into data."""


class NotDataError(Exception):
    """A value is not, or cannot be made into, what is expected.

    The text continues a subject such as "the model": "has not been built; call it once on a batch".
    It is one line that says what to do, and may hold names that a student chose.
    """
