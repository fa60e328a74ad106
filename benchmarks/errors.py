"""What can go wrong while measuring.

::

    BenchmarkError
    ├── UnknownKernelError  no kernelspec of that name, or a command that can't be read
    ├── KernelDiedError     the kernel's process ended, or never answered
    ├── FaultError          the kernel lost, misordered or refused a message
    └── UnsupportedError    the kernel can't do what this case measures
"""

from __future__ import annotations


class BenchmarkError(Exception):
    """Base class: catching it catches everything the benchmarks raise on purpose."""


class UnknownKernelError(BenchmarkError, LookupError):
    """No kernelspec of that name, or a command that can't be read."""


class KernelDiedError(BenchmarkError, RuntimeError):
    """The kernel's process ended, or never answered."""


class FaultError(BenchmarkError):
    """The kernel lost, misordered or refused a message: its time would mean nothing."""


class UnsupportedError(BenchmarkError):
    """The kernel can't do what this case measures."""
