"""An asynchronous Python Jupyter kernel on ipykernel's own machinery."""

from ._version import __version__

__all__ = ["__version__", "load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(shell: object) -> None:
    """``%load_ext akernel_ipy``: cells of a stock kernel that follow their data, or come back."""
    from .plugin import load

    load(shell)


def unload_ipython_extension(shell: object) -> None:
    """``%unload_ext akernel_ipy``: the kernel is what it was before."""
    from .plugin import unload

    unload(shell)
