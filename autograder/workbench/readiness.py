"""Whether this machine has what a notebook needs, and what runs here."""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
from importlib import metadata
from pathlib import Path

from autograder.datasets import DataError
from autograder.datasets.store import Store
from autograder.quiet import quiet
from autograder.workbench.devices import gpus, processors

BACKENDS = ("tensorflow", "jax", "torch")
PACKAGES = {
    "PIL": "pillow",
    "sklearn": "scikit-learn",
    "cv2": "opencv-python",
    "skimage": "scikit-image",
}
OLDEST_KERAS = 3  # its major version

INSTALL = "run `%pip install {packages}` in a cell, then restart the kernel"
MISSING = "missing here: {modules}; " + INSTALL
TOO_OLD = "Keras {version} is too old, expected {oldest} or later; " + INSTALL
NO_BACKEND = (
    "Keras is set to compute with {backend} ({where}), which is missing here; "
    + INSTALL
    + "{others}"
)
UNKNOWN_BACKEND = (
    "{where}: expected one of {known}, found {backend!r}; restart the kernel after the change"
)
BROKEN = "{module} is installed, but importing it fails ({error}); " + INSTALL


def ready(*modules: str) -> None:
    """Print what runs here: Keras, its backend, GPUs or processors, the profile and its folder.

    modules: those that the notebook imports, such as "keras", "matplotlib", "PIL". Raises IPython's
    UsageError, one line without a traceback, where one is missing, too old or broken: it says which
    and how to install it.
    """
    # Before it is imported TensorFlow must be told not to fill the first cell with its log.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    complaint = _complaint(modules)
    if complaint:
        raise _usage_error(complaint)
    try:
        store = Store.from_environment()
    except DataError as error:
        raise _usage_error(str(error)) from None
    if "keras" in modules:
        print(_computing())
    folder = store.root / "students" / store.profile
    verb = "lie" if folder.is_dir() else "will lie"
    print(f"Profile {store.profile}: images {verb} in {_short(folder)}")


def _complaint(modules: tuple[str, ...]) -> str:
    """What is wrong, and what to do; empty where all is well."""
    missing = [module for module in modules if not _is_found(module)]
    backend, where = _backend()
    if missing:
        packages = [PACKAGES.get(module, module) for module in missing]
        if "keras" in missing and not _is_found(backend):
            packages.append(backend)
        return MISSING.format(modules=", ".join(missing), packages=" ".join(packages))
    return _about_keras(backend, where) if "keras" in modules else ""


def _about_keras(backend: str, where: str) -> str:
    version = _version("keras")
    if version and int(version.split(".")[0]) < OLDEST_KERAS:
        return TOO_OLD.format(version=version, oldest=OLDEST_KERAS, packages="--upgrade keras")
    if backend not in BACKENDS:
        return UNKNOWN_BACKEND.format(where=where, known=", ".join(BACKENDS), backend=backend)
    if not _is_found(backend):
        found = [other for other in BACKENDS if _is_found(other)]
        others = f", or set KERAS_BACKEND to {' or '.join(found)}" if found else ""
        return NO_BACKEND.format(backend=backend, where=where, packages=backend, others=others)
    try:
        with quiet():
            importlib.import_module("keras")
    except Exception as error:
        told = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"[:200]
        packages = f"--force-reinstall keras {backend}"
        return BROKEN.format(module="keras", error=told, packages=packages)
    return ""


def _backend() -> tuple[str, str]:
    """The backend that Keras will take or has taken, and what says so."""
    if name := os.environ.get("KERAS_BACKEND"):
        return name, "KERAS_BACKEND"
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    path = Path(home) / "keras.json"
    try:
        name = json.loads(path.read_bytes())["backend"]
    except (OSError, ValueError, KeyError, TypeError):
        return "tensorflow", "its default"
    return str(name), str(path)


def _computing() -> str:
    import keras

    backend = keras.backend.backend()
    with quiet():
        found = gpus(backend)
    where = f"{len(found)} GPU{'' if len(found) == 1 else 's'}: {', '.join(found)}"
    if not found:
        count = processors()
        where = f"no GPU: training runs on {count} processor{'' if count == 1 else 's'}"
    version = _version(backend)
    return f"Keras {keras.__version__} with {backend} {version}".rstrip() + f"; {where}"


def _short(folder: Path) -> str:
    """A folder as its user would name it: this line is handed in, and shown in class."""
    for name, place in (
        ("$AUTOGRADER_DATA", os.environ.get("AUTOGRADER_DATA")),
        ("~", os.path.expanduser("~")),
    ):
        if place and folder.is_relative_to(place):
            return str(Path(name) / folder.relative_to(place))
    return str(folder)


def _is_found(module: str) -> bool:
    if module in sys.modules:
        return sys.modules[module] is not None
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def _usage_error(text: str) -> Exception:
    """The error that a notebook shows as one line; elsewhere the kit's own."""
    try:
        from IPython.core.error import UsageError
    except ImportError:
        from autograder.errors import UserError

        return UserError(text)
    error: Exception = UsageError(text)
    return error
