import subprocess
import sys


def test_checks_need_nothing_but_numpy() -> None:
    """A student's kernel that has only NumPy can import every check, and quickly."""
    code = (
        "import sys; import autograder.checks; import numpy; "
        "heavy = {'tensorflow', 'keras', 'torch', 'matplotlib', 'nbgrader', 'IPython'}; "
        "own = {n for n in sys.modules if n.startswith('autograder.')}; "
        "assert not heavy & set(sys.modules), heavy & set(sys.modules); "
        "rooms = {n.split('.')[1] for n in own}; "
        "assert rooms <= {'checks', 'artifacts', 'graphs', 'files', 'errors'}, rooms"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_table_of_contents_is_complete() -> None:
    """`__all__` names what the package offers, and all of it is there."""
    import autograder.checks

    assert autograder.checks.__all__ == sorted(autograder.checks.__all__, key=_constants_first)
    for name in autograder.checks.__all__:
        assert hasattr(autograder.checks, name)


def _constants_first(name: str) -> tuple[bool, bool, str]:
    return not name.isupper(), name[0].islower(), name
