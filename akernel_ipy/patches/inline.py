"""matplotlib's inline backend, for many shells in one process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

_INLINE = "matplotlib_inline.backend_inline"
_NAMES = ("inline", f"module://{_INLINE}")

#: Where a shell keeps its own settings of the backend.
_OWN = "_akernel_inline_backend"


class InlineBackends:
    """Connects each shell to matplotlib, which connects itself to the first one that imports it.

    matplotlib 3.11 `install_repl_displayhook` and matplotlib_inline 0.2 `configure_inline_support`
    register their callbacks once a process: figures of the second session would never be shown.

    Args:
        find: gives the shell of the session that the calling code belongs to.
    """

    def __init__(self, find: Callable[[], Any]) -> None:
        self._find = find
        self._classes: list[Any] = []

    def look(self) -> None:
        """Called where a cell may be about to use matplotlib; it has been imported."""
        shell = self._find()
        if _OWN in shell.__dict__:
            return
        backend, pyplot = sys.modules.get(_INLINE), sys.modules.get("matplotlib.pyplot")
        if not hasattr(backend, "_fetch_figure_metadata") or not hasattr(pyplot, "draw_all"):
            return  # in the middle of its import
        self._isolate_settings()
        shell.__dict__.setdefault(_OWN, None)
        _register(shell, pyplot._draw_all_if_interactive)  # type: ignore[union-attr]
        matplotlib: Any = sys.modules["matplotlib"]
        if dict.__getitem__(matplotlib.rcParams, "backend") in _NAMES:
            _register(shell, backend.flush_figures)  # type: ignore[union-attr]
            settings = self.of(shell)
            settings._update_figure_formatters()

    def of(self, shell: Any) -> Any:
        """Give a shell's settings of the inline backend, which ``%config`` changes."""
        own = shell.__dict__.get(_OWN)
        if own is None:
            cls = self._classes[0]
            own = shell.__dict__[_OWN] = cls(parent=shell)
            own.shell = shell
            shell.configurables.append(own)
        return own

    def _isolate_settings(self) -> None:
        if self._classes:
            return
        cls = sys.modules["matplotlib_inline.config"].InlineBackend
        first = cls._instance
        self._classes = list(cls._walk_mro())
        if first is not None:
            # Whoever imported it first has these.
            owner = first.shell or self._find()
            owner.__dict__[_OWN] = first
        for singleton in self._classes:
            singleton._instance = _SettingsAtHand(self)

    def at_hand(self) -> Any:
        """Give the settings of the session that the calling code belongs to."""
        return self.of(self._find())

    def restore(self) -> None:
        """Let all shells share the settings again, beginning with new ones."""
        for singleton in self._classes:
            singleton._instance = None
        self._classes = []


class _SettingsAtHand:
    """Stands for ``InlineBackend._instance``."""

    def __init__(self, backends: InlineBackends) -> None:
        self._backends = backends

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self._backends.at_hand()


def _register(shell: Any, callback: Callable[[], None]) -> None:
    if callback not in shell.events.callbacks["post_execute"]:
        shell.events.register("post_execute", callback)
