"""What the graph is made of: cells with their sources, edges, cycles."""

from __future__ import annotations

from dataclasses import dataclass, field

from akernel_ipy.core.names import Names

#: Stands for the definer of a name that no cell defines.
NOBODY = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """``child`` reads ``names`` from ``parent``; ``deferred`` if only in bodies of functions."""

    parent: str
    child: str
    names: tuple[str, ...]
    deferred: bool = False

    def __str__(self) -> str:
        return f"{self.parent} -> {self.child} ({', '.join(self.names)})"


@dataclass(frozen=True, slots=True)
class Cycle:
    """Cells that wait for each other, each edge with the name that makes it."""

    edges: tuple[Edge, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells on the cycle, the one that closed it first."""
        return tuple(edge.parent for edge in self.edges)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that tie the cells together, in the order of the cells."""
        return tuple(dict.fromkeys(name for edge in self.edges for name in edge.names))

    def __str__(self) -> str:
        return ", ".join(
            f"{edge.child} reads `{'` and `'.join(edge.names)}` of {edge.parent}"
            for edge in self.edges
        )


@dataclass(frozen=True, slots=True)
class Node:
    """A cell in the graph: its names, its rank by first appearance, where its reads come from."""

    names: Names
    rank: int
    sources: dict[str, str] = field(default_factory=dict)  # never changed in place
