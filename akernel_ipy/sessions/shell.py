"""The shell of one session among many."""

from __future__ import annotations

import atexit
import linecache
from collections.abc import Callable
from typing import Any

from traitlets import observe

from ..history import SessionHistoryManager
from ..shell import AsyncShell


class SessionShell(AsyncShell):
    """A whole IPython shell, which shares with the kernel's first one what is of the process.

    Its own are the namespace and the ``__main__`` module, ``In``, ``Out`` and the counter, magics,
    aliases, transformers, formatters, hooks, events, extensions, and the completer.

    Args:
        base: the kernel's first shell.
    """

    def __init__(self, base: AsyncShell, **kwargs: Any) -> None:
        self._base = base
        self.on_exit: Callable[[], None] = lambda: None
        kernel = base.kernel
        super().__init__(
            parent=kernel,
            kernel=kernel,
            profile_dir=base.profile_dir,
            compiler_class=base.compiler_class,
            **kwargs,
        )
        self._share_channels(base)

    def _share_channels(self, base: AsyncShell) -> None:
        # One ContextVar for all shells: a context belongs to one session anyway, and what a shell
        # would add to contexts is never taken away.
        self._parent_header = base._parent_header
        pairs: list[tuple[Any, Any]] = [
            (self.displayhook, base.displayhook),
            (self.display_pub, base.display_pub),
        ]
        for own, other in pairs:
            own.session, own.pub_socket = other.session, other.pub_socket
            own.topic = other.topic
            own._parent_header = other._parent_header

    def init_sys_modules(self) -> None:
        """Leave ``sys.modules["__main__"]`` alone.

        IPython 9 puts the newest shell's module there: classes of the others no longer pickle. See
        `SessionMain`.
        """

    def init_builtins(self) -> None:
        """Share the trap for builtins.

        IPython 9 `BuiltinTrap` takes away what it put there when the cells of its own shell have
        ended; cells of two shells that overlap would restore each other's.
        """
        self.builtin_trap = self._base.builtin_trap

    def init_displayhook(self) -> None:
        """Share the trap for ``sys.displayhook``, for the same reason."""
        super().init_displayhook()  # type: ignore[no-untyped-call]
        self.display_trap = self._base.display_trap

    def init_history(self) -> None:
        """Set up a history of its own in the database that the first shell has open."""
        base: Any = self._base.history_manager
        self.history_manager = SessionHistoryManager(base, shell=self, parent=self)
        self.configurables.append(self.history_manager)  # type: ignore[arg-type]

    @observe("exit_now")
    def _update_exit_now(self, change: Any) -> None:
        """``exit()`` ends the session; ipykernel 7.4 would stop the loop of all."""
        if change["new"]:
            self.on_exit()

    def reset(self, new_session: bool = True, aggressive: bool = False) -> None:
        """Empty the namespace; modules, which are the other sessions' too, stay."""
        if aggressive:
            print("modules stay imported: other sessions use them")
        super().reset(new_session=new_session)

    def close(self) -> None:
        """Do what IPython does when a process ends, and let go of what outlives the shell."""
        atexit.unregister(self.atexit_operations)
        names = set(self.compile._filename_map)
        self.atexit_operations()  # type: ignore[no-untyped-call]
        for name in names:
            linecache.cache.pop(name, None)
