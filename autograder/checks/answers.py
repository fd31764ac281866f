"""Answers that are none: names that were never defined, values that cannot be used."""

from typing import NoReturn

from autograder.checks.findings import Outcome


class NotAnAnswer(Exception):  # noqa: N818 – students read this name
    """A test cell used a name that holds no answer; the text is one line that names it and why.

    `outcome` is what such an answer scores: "not attempted" or "incorrect".
    """

    def __init__(self, message: str, outcome: Outcome) -> None:
        super().__init__(message)
        self.outcome = outcome


class _Absent:
    """Stands where an answer should; whatever is done with it raises `NotAnAnswer`."""

    # Underscored, so that `model.name` on a missing model is refused like any other attribute.
    __slots__ = ("_name", "_reason")
    _outcome: Outcome
    _sentence: str

    def __init__(self, name: str, reason: str = "") -> None:
        self._name = name
        self._reason = reason

    def __repr__(self) -> str:
        return f"<{explain(self)}>"

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):  # copy, pickle, numpy and IPython probe for their protocols
            raise AttributeError(name)
        self._refuse()

    def _refuse(self, *_args: object, **_kwargs: object) -> NoReturn:
        raise NotAnAnswer(explain(self), self._outcome)

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = _refuse
    __bool__ = __len__ = __iter__ = __contains__ = __call__ = _refuse
    __getitem__ = __setitem__ = __delitem__ = _refuse
    __int__ = __float__ = __complex__ = __index__ = __round__ = _refuse
    __neg__ = __pos__ = __abs__ = __invert__ = _refuse
    __add__ = __sub__ = __mul__ = __truediv__ = __floordiv__ = __mod__ = __matmul__ = _refuse
    __radd__ = __rsub__ = __rmul__ = __rtruediv__ = __rfloordiv__ = __rmod__ = __rmatmul__ = _refuse
    __pow__ = __rpow__ = __divmod__ = __rdivmod__ = _refuse
    __and__ = __or__ = __xor__ = __rand__ = __ror__ = __rxor__ = _refuse
    # np.array_equal answers False when a conversion raises, so it is refused before it converts.
    __array__ = __array_function__ = __array_ufunc__ = _refuse


class Missing(_Absent):
    """Stands for a name that the notebook never defined: not attempted."""

    __slots__ = ()
    _outcome = Outcome.NOT_ATTEMPTED
    _sentence = "is not defined in the notebook"


class NotUsable(_Absent):
    """Stands for a value that is not data: incorrect, and `reason` says why."""

    __slots__ = ()
    _outcome = Outcome.INCORRECT
    _sentence = "cannot be used as an answer"


def explain(value: _Absent) -> str:
    """One line that names the variable and says what is the matter with it."""
    line = f"{value._name} {value._sentence}"
    return f"{line}: {value._reason}" if value._reason else line


def is_unanswered(value: object) -> bool:
    """Whether nothing was answered: None, the placeholder `...` or a `Missing` name."""
    return value is None or value is Ellipsis or issubclass(type(value), Missing)
