"""The slots of classes."""

from __future__ import annotations


def slots(kind: type) -> list[str]:
    """Name the slots of a class and of its bases."""
    found: list[str] = []
    for base in kind.__mro__:
        own = base.__dict__.get("__slots__", ())
        for name in (own,) if isinstance(own, str) else own:
            if name not in {"__dict__", "__weakref__"}:
                mangled = name.startswith("__") and not name.endswith("__")
                found.append(f"_{base.__name__.lstrip('_')}{name}" if mangled else name)
    return found
