"""Every exception this package raises on purpose.

::

    AkernelError
    ├── ModeError          an unknown flavour, or two that exclude each other
    ├── TaskLookupError    ``__task__(n)`` names a cell that never ran
    ├── TaskDeadlockError  a cell waits, perhaps through others, for itself
    ├── CycleError         cells that wait for each other
    ├── RedefinitionError  two cells define one name, and that was to be refused
    ├── ThreadError        a cell that awaits was to run in a thread
    ├── OffloadError       a cell can't run on a worker, or its worker was lost
    ├── CellSyntaxError    the code of a cell can't be parsed (in core.names)
    ├── StoreError         the cache can't be used as it is
    ├── Unhashable         a value has no fingerprint (in core.fingerprint)
    ├── KernelSpecError    a kernelspec can't be installed, found or removed
    └── NotebookError      a notebook can't be read, run or written
"""

from __future__ import annotations


class AkernelError(Exception):
    """Base class: catching it catches everything this package raises on purpose."""


class ModeError(AkernelError, ValueError):
    """An unknown flavour, or two flavours that exclude each other."""


class TaskLookupError(AkernelError, LookupError):
    """``__task__(n)`` names a cell that never ran in this session."""


class TaskDeadlockError(AkernelError, RuntimeError):
    """A cell waits, perhaps through other cells, for itself."""


class CycleError(AkernelError):
    """A cell would close a cycle of cells that read from each other."""


class RedefinitionError(AkernelError):
    """A cell defines a name of another cell, and the session refuses that."""


class ThreadError(AkernelError):
    """A cell that awaits was to run in a thread."""


class StoreError(AkernelError):
    """The cache's directory, key or index can't be used as it is."""


class OffloadError(AkernelError):
    """A cell can't run on a worker, or the worker was lost."""


class KernelSpecError(AkernelError):
    """A kernelspec can't be installed, found or removed."""


class NotebookError(AkernelError):
    """A notebook can't be read, run or written."""
