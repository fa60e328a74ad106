"""The names of a notebook, told from those that IPython adds for each cell."""

from __future__ import annotations

from typing import Any

from ...core.names import ordinary_names


class OwnNames:
    """Lists the ordinary names of a namespace, in order, without a look at all others each time.

    A dictionary has new names at its end: what comes after the newest ``_i1`` seen so far is all
    that is new, if as many names as before come up to it.
    """

    def __init__(self) -> None:
        self._names: list[str] = []  # those up to the newest input
        self._newest = ""
        self._place = 0

    def of(self, namespace: dict[str, Any]) -> list[str]:
        """List the ordinary names of a namespace, the same one each time."""
        tail = self._tail(namespace)
        if tail is None:
            self._names, self._place, tail = [], 0, list(namespace)
        place = next((i for i in range(len(tail), 0, -1) if _is_input(tail[i - 1])), 0)
        if place:
            self._names += ordinary_names(tail[:place])
            self._newest, self._place = tail[place - 1], self._place + place
        return self._names + ordinary_names(tail[place:])

    def _tail(self, namespace: dict[str, Any]) -> list[str] | None:
        """Give the names after the newest input; None if one before it is gone."""
        if self._newest not in namespace:
            return None
        tail: list[str] = []
        try:
            for name in reversed(namespace):
                if name is self._newest:  # the same string: `%reset` lets an equal one come again
                    break
                tail.append(name)
            else:
                return None
        except RuntimeError:  # a thread binds names meanwhile
            return None
        return tail[::-1] if len(namespace) - len(tail) == self._place else None


def _is_input(name: str) -> bool:
    return name[:2] == "_i" and name[2:].isdecimal()
