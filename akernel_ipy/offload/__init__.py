"""Cells in other processes, on Dask distributed: ``%%offload``.

The kernel packs what a cell reads (`_parcel`), a worker executes it (`_worker`, `_shell`), and what
came of it is put into the kernel's namespace (`_parcel` again): names, objects that were changed in
place (`_changes`), outputs, the result, the error. `_engine` is all that knows Dask, `_buffers`
knows which memory the workers have.

Importing this package imports neither Dask nor cloudpickle.
"""

from ._cell import OffloadedCell
from ._engine import Engine

__all__ = ["Engine", "OffloadedCell"]
