"""Definite assignment: which names are bound on all paths, and which on some."""

from __future__ import annotations

from collections.abc import Iterable


class State:
    """What is bound at one point of the cell.

    ``bound`` holds the names bound on every path to this point, ``possible`` those bound on at
    least one; a ``dead`` point is reached by none. Names of class bodies have keys of their own.
    """

    __slots__ = ("bound", "dead", "possible")

    def __init__(
        self, bound: Iterable[str] = (), possible: Iterable[str] = (), dead: bool = False
    ) -> None:
        self.bound = set(bound)
        self.possible = set(possible)
        self.dead = dead

    def copy(self) -> State:
        return State(self.bound, self.possible, self.dead)

    def bind(self, key: str) -> None:
        self.bound.add(key)
        self.possible.add(key)

    def unbind(self, key: str) -> None:
        self.bound.discard(key)
        self.possible.discard(key)


def join(*states: State) -> State:
    """Merge the paths that meet at one point; a dead path brings nothing."""
    alive = [state for state in states if not state.dead]
    if not alive:
        return State(dead=True)
    result = alive[0].copy()
    for state in alive[1:]:
        result.bound &= state.bound
        result.possible |= state.possible
    return result
