"""An asynchronous Python Jupyter kernel on ipykernel's own machinery."""

from ._version import __version__

__all__ = ["__version__"]
