"""The shell of one session among many."""

from __future__ import annotations

import atexit
import re
import sys
from typing import Any

import IPython
from ipykernel.zmqshell import ZMQDisplayPublisher, ZMQInteractiveShell
from traitlets import Type

from ..core.aliases import known_as
from ..core.model import Outcome, Run
from ..display import AsyncDisplayPublisher
from ..history import SessionHistoryManager
from ..shell import AsyncShell

#: Where Python keeps the last error that nobody caught.
_LAST = ("last_type", "last_value", "last_traceback", "last_exc")

#: What the ids of displays begin with.
_DISPLAYS = re.compile(r"^akernel-\d+/")


@known_as(ZMQDisplayPublisher)
class SessionDisplayPublisher(AsyncDisplayPublisher):
    """Gives displays ids that are not those of another session.

    Every front-end hears of every update, and looks for displays of that id: two notebooks with a
    ``display(..., display_id="plot")`` would write into each other.
    """

    def publish(self, *args: Any, transient: Any = None, **kwargs: Any) -> None:
        """Publish a display, or the update of one."""
        display_id = (transient or {}).get("display_id")
        if isinstance(display_id, str) and not display_id.startswith("rx-"):  # a result's
            own = f"akernel-{self.shell.key}/{_DISPLAYS.sub('', display_id)}"
            transient = {**transient, "display_id": own}
        super().publish(*args, transient=transient, **kwargs)  # type: ignore[no-untyped-call]


@known_as(ZMQInteractiveShell)
class SessionShell(AsyncShell):
    """A whole IPython shell, which shares with the kernel's first one what is of the process.

    Its own are the namespace and the ``__main__`` module, ``In``, ``Out`` and the counter, magics,
    aliases, transformers, formatters, hooks, events, extensions, and the completer.

    Args:
        base: the kernel's first shell.
        key: the session's number.
    """

    display_pub_class = Type(SessionDisplayPublisher)

    def __init__(self, base: AsyncShell, key: int, **kwargs: Any) -> None:
        self._base = base
        self.key = key
        self._last_error: dict[str, Any] = {}
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

    def reset(self, new_session: bool = True, aggressive: bool = False) -> None:
        """Empty the namespace; modules, which are the other sessions' too, stay."""
        if aggressive:
            print("modules stay imported: other sessions use them")
        super().reset(new_session=new_session)

    async def evaluate(self, run: Run) -> Outcome:
        """Run a cell to its end; ``%debug``, ``%tb`` and ``pdb.pm()`` find this session's error.

        IPython 9 `InteractiveShell._get_exc_info` keeps it in ``sys``, for all.
        """
        for name in _LAST:
            vars(sys).pop(name, None)
        vars(sys).update(self._last_error)
        return await super().evaluate(run)

    @staticmethod
    def excepthook(etype: Any, value: Any, tb: Any) -> None:
        """Show an error that nobody caught, in the session it belongs to.

        IPython 9 `InteractiveShell.excepthook` is bound to a shell; it is ``sys.excepthook`` while
        a cell runs, which each new thread keeps.
        """
        IPython.get_ipython().showtraceback((etype, value, tb), tb_offset=0)

    def _get_exc_info(self, exc_tuple: Any = None) -> Any:
        found = super()._get_exc_info(exc_tuple)
        self._last_error = {name: vars(sys)[name] for name in _LAST if name in vars(sys)}
        return found

    def close(self) -> None:
        """Do what IPython does when a process ends."""
        atexit.unregister(self.atexit_operations)
        scripts = self.magics_manager.registry.get("ScriptMagics")
        if scripts is not None:
            atexit.unregister(scripts.kill_bg_processes)
            self._end_scripts(scripts)
        if any(vars(sys).get(name) is value for name, value in self._last_error.items()):
            for name in _LAST:
                vars(sys).pop(name, None)
        self._last_error.clear()
        self._let_go_of_results()
        self.atexit_operations()  # type: ignore[no-untyped-call]

    @staticmethod
    def _end_scripts(scripts: Any) -> None:
        """End what ``%%bash --bg`` has started, and the loop that looks after it.

        IPython 9.18 closes the loop after 0.2 s: a process that takes longer to end, or whose child
        keeps its pipes, says "Event loop is closed" in somebody's cell when it is collected.
        """
        processes = [*scripts.bg_processes]
        scripts.kill_bg_processes()
        for process in processes:
            scripts.event_loop.call_soon_threadsafe(process._transport.close)
        scripts.stop_event_loop()

    def _let_go_of_results(self) -> None:
        """Empty ``Out``, and collect no garbage: all notebooks would wait for it.

        IPython 9 `InteractiveShell.reset` calls `DisplayHook.flush`, which does at each end of a
        session what the kernel does once for all that end.
        """
        hook: Any = self.displayhook
        hook.do_full_cache = False
        hook._ = hook.__ = hook.___ = ""
        self.user_ns.get("_oh", {}).clear()
