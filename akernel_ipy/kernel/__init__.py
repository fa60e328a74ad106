"""The subclass of ipykernel's kernel, a layer a file."""

from .kernel import AsyncKernel

__all__ = ["AsyncKernel"]
