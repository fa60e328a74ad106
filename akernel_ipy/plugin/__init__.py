"""The extension for stock kernels: ``%load_ext akernel_ipy``."""

from __future__ import annotations

import importlib.metadata
import sys
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from ..core.model import find_run

if TYPE_CHECKING:
    from ..session import Session
    from .plugin import AkernelPlugin

#: ipykernel from which on the parents of messages are context variables.
NEEDED = (7, 4)

#: What is loaded, by the shell it is loaded into.
_loaded: dict[int, AkernelPlugin] = {}


def load(shell: Any) -> None:
    """Add the magics and the flavours to a stock kernel's shell.

    Raises:
        UsageError: the shell is no kernel's, or its ipykernel is too old.
    """
    if is_ours(shell):
        if find_run() is not None:  # not for a configuration that other kernels share
            print(
                "this kernel is akernel: it has all flavours without the extension; "
                "%akernel_mode shows and sets its own"
            )
        return
    require(shell)
    if id(shell) not in _loaded:
        from .plugin import AkernelPlugin

        _loaded[id(shell)] = plugin = AkernelPlugin(parent=shell)
        plugin.load(forget)


def unload(shell: Any) -> None:
    """Take back all that `load` did."""
    plugin = _loaded.pop(id(shell), None)
    if plugin is not None:
        plugin.unload()


def session_of(shell: Any) -> Session:
    """Give the session of a shell that the extension is loaded into."""
    return _loaded[id(shell)].session


def forget() -> None:
    """Forget the modules of this package, but for the package itself and what can't end."""
    if _loaded:
        return
    package = sys.modules["akernel_ipy"]
    for name in list(sys.modules):
        if name.startswith("akernel_ipy.") and name not in _STAYS:
            del sys.modules[name]
            vars(package).pop(name.split(".")[1], None)


_STAYS = {"akernel_ipy._version", "akernel_ipy._process"}


def is_ours(shell: Any) -> bool:
    """Whether a shell belongs to a kernel of this package."""
    module = sys.modules.get("akernel_ipy.shell")
    return module is not None and isinstance(shell, module.AsyncShell)


def require(shell: Any) -> None:
    """See that a shell is one that the extension can work with.

    Raises:
        UsageError: saying what is missing, and the command that brings it.
    """
    kernel = getattr(shell, "kernel", None)
    if kernel is None or not hasattr(shell, "display_pub"):
        raise UsageError(
            "akernel_ipy works in Jupyter kernels; this shell has none. In a terminal: "
            "`akernel run NOTEBOOK` runs notebooks, `jupyter lab` opens them"
        )
    version = importlib.metadata.version("ipykernel")
    if _numbers(version) < NEEDED or not hasattr(kernel, "_shell_parent"):
        raise UsageError(
            f"akernel_ipy needs ipykernel {'.'.join(map(str, NEEDED))} or newer, and this kernel "
            f'runs {version}; `%pip install -U "ipykernel>=7.4"`, then restart the kernel'
        )


def _numbers(version: str) -> tuple[int, ...]:
    found = []
    for part in version.split(".")[:2]:
        digits = "".join(c for c in part if c.isdigit())
        found.append(int(digits or 0))
    return tuple(found)
