"""Attributes that hide methods of single objects, and are taken away again."""

from __future__ import annotations

from typing import Any


class Patches:
    """Puts functions before methods, on one object at a time; the classes stay as they are."""

    def __init__(self) -> None:
        self._made: list[tuple[Any, str, bool, Any]] = []

    def __bool__(self) -> bool:
        return bool(self._made)

    def put(self, owner: Any, name: str, function: Any) -> Any:
        """Let an object's attribute be ``function``; give what it was."""
        own = name in vars(owner)
        before = getattr(owner, name)
        self._made.append((owner, name, own, before))
        setattr(owner, name, function)
        return before

    def undo(self) -> None:
        """Take all back, the newest first."""
        while self._made:
            owner, name, own, before = self._made.pop()
            if own:
                setattr(owner, name, before)
            else:
                vars(owner).pop(name, None)
