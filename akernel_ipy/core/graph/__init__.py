"""The dependency graph of cells: `Graph`, its `Edge` and `Cycle`, and what an `Update` changes."""

from ._graph import Graph, Update
from ._map import Map
from ._values import NOBODY, Cycle, Edge, Node

__all__ = ["NOBODY", "Cycle", "Edge", "Graph", "Map", "Node", "Update"]
