"""Looks at a value's class without running anything that the class's author wrote.

`type.__dict__["__mro__"]` and its like are read directly: an attribute looked up in the ordinary
way would go through a student's metaclass.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

_NAME: Any = type.__dict__["__name__"]
_MODULE: Any = type.__dict__["__module__"]
_MRO: Any = type.__dict__["__mro__"]
_MAX_NAME = 60  # characters


def mro_of(cls: type) -> tuple[type, ...]:
    """Returns the class and its bases, in the order in which Python looks attributes up."""
    mro: tuple[type, ...] = _MRO.__get__(cls)
    return mro


def names_of(cls: type) -> tuple[str, str]:
    """Returns (module, name) as the class states them; a student's class may state anything."""
    module = _MODULE.__get__(cls)
    # A class's name may be an instance of a str subclass; str.__str__ makes a plain one of it.
    return module if type(module) is str else "?", str.__str__(_NAME.__get__(cls))


def type_name(cls: type) -> str:
    """Returns a short printable name: `dict`, `Point`, `pandas.DataFrame`."""
    module, name = names_of(cls)
    root = module.split(".", 1)[0]
    full = name if root in ("builtins", "__main__", "?") else f"{root}.{name}"
    return "".join(c if c.isprintable() else "?" for c in full[:_MAX_NAME])


def is_genuine(cls: type) -> bool:
    """Whether the module that the class names has been imported and holds this very class.

    So a student's `class Tensor` that calls itself part of `torch` is not taken for torch's.
    """
    module, name = names_of(cls)
    home = sys.modules.get(module)
    return type(home) is ModuleType and vars(home).get(name) is cls
