"""Classes that go by the name of the one they extend."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Class = TypeVar("Class", bound=type)


def known_as(base: type) -> Callable[[Class], Class]:
    """Give a class the name and the module of the one that it extends.

    Libraries tell a notebook from a terminal by ``type(get_ipython())``: rich and plotly by the
    class's name, others by ``"zmqshell" in str(...)``. With names of our own rich's progress bars
    are text, and plotly opens a browser. ``%config HistoryManager.enabled`` asks for it, too.
    """

    def rename(extended: Class) -> Class:
        for name in ("__module__", "__name__", "__qualname__"):
            setattr(extended, name, getattr(base, name))
        return extended

    return rename
