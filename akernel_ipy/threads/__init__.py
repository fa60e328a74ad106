"""Cells that never await, in threads of their own: ``%%thread``."""

from ._cells import ThreadedCells
from ._compiler import ThreadCompiler
from ._worker import CellThread, in_loop

__all__ = ["CellThread", "ThreadCompiler", "ThreadedCells", "in_loop"]
