"""What cells in threads need: the thread, and a compiler for several at once."""

from ._compiler import ThreadCompiler
from ._worker import CellThread, in_loop

__all__ = ["CellThread", "ThreadCompiler", "in_loop"]
