"""What the process has once and each session needs for itself, found through the caller."""

from __future__ import annotations

import asyncio
import atexit
import builtins
import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from types import ModuleType
from typing import Any

import IPython

from ..comms import of_notebook
from ..core.model import current_session
from .farewell import context_of

#: Gives the shell of the session that the calling code belongs to.
ShellFinder = Callable[[], Any]


class SessionMain(ModuleType):
    """Stands in ``sys.modules`` for the ``__main__`` of the session that asks.

    pickle, copy, dataclasses, typing, inspect, doctest and multiprocessing look up a class's module
    there by its name, which is ``__main__`` in every session.
    """

    def __init__(self, find: ShellFinder) -> None:
        super().__init__("__main__")
        ModuleType.__setattr__(self, "_akernel_find", find)

    def __getattribute__(self, name: str) -> Any:
        return getattr(_module_of(self), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_module_of(self), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(_module_of(self), name)

    def __dir__(self) -> Iterable[str]:
        return dir(_module_of(self))

    def __repr__(self) -> str:
        return repr(_module_of(self))


def _module_of(main: SessionMain) -> ModuleType:
    find: ShellFinder = ModuleType.__getattribute__(main, "_akernel_find")
    module: ModuleType = find().user_module
    return module


class ShellAtHand:
    """Stands for ``InteractiveShell._instance``: ``get_ipython()`` gives the caller's shell."""

    def __init__(self, find: ShellFinder) -> None:
        self._find = find

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self._find()


class DisplayHookAtHand:
    """Stands for ``sys.displayhook`` while cells run: shows a value in the caller's session."""

    def __init__(self, find: ShellFinder) -> None:
        self._find = find

    def __call__(self, value: Any = None) -> None:
        """Show the value of an expression."""
        self._find().displayhook(value)


def isolate(shell: Any, find: ShellFinder) -> Callable[[], None]:
    """Let what the process has once be found through the session that asks.

    Args:
        shell: the kernel's first shell.
        find: gives the shell of the calling code.

    Returns:
        A function that puts everything back.
    """
    stack = ExitStack()
    for undo in (
        _isolate_main(find),
        _isolate_instance(shell, find),
        _isolate_builtins(shell),
        _isolate_displayhook(shell, find),
        _isolate_atexit(),
        _isolate_tasks(),
    ):
        stack.callback(undo)
    return stack.close


def _isolate_main(find: ShellFinder) -> Callable[[], None]:
    main = sys.modules["__main__"]
    sys.modules["__main__"] = SessionMain(find)

    def restore() -> None:
        sys.modules["__main__"] = main

    return restore


def _isolate_instance(shell: Any, find: ShellFinder) -> Callable[[], None]:
    classes = list(type(shell)._walk_mro())
    for cls in classes:
        cls._instance = ShellAtHand(find)

    def restore() -> None:
        for cls in classes:
            cls._instance = shell

    return restore


def _isolate_builtins(shell: Any) -> Callable[[], None]:
    # IPython 9 `BuiltinTrap` puts its own shell's `get_ipython` among the builtins.
    trap = shell.builtin_trap
    own = trap.auto_builtins["get_ipython"]

    def use(function: Any) -> None:
        trap.auto_builtins["get_ipython"] = function
        if hasattr(builtins, "get_ipython"):  # a cell is running
            builtins.get_ipython = function

    use(IPython.get_ipython)
    return lambda: use(own)


def _isolate_displayhook(shell: Any, find: ShellFinder) -> Callable[[], None]:
    trap = shell.display_trap
    own = trap.hook

    def use(hook: Any) -> None:
        if sys.displayhook is trap.hook:
            sys.displayhook = hook
        trap.hook = hook

    use(DisplayHookAtHand(find))
    return lambda: use(own)


def _isolate_atexit() -> Callable[[], None]:
    # What a notebook registers is also called when its session ends.
    register = atexit.register

    def register_for_session(func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        session = current_session.get(None)
        if session is not None and of_notebook(func):
            session.at_exit.append((func, args, kwargs))
        return register(func, *args, **kwargs)

    atexit.register = register_for_session

    def restore() -> None:
        atexit.register = register

    return restore


def _isolate_tasks() -> Callable[[], None]:
    # A notebook that cancels all tasks means its own.
    everybodys = asyncio.all_tasks

    def all_tasks(loop: asyncio.AbstractEventLoop | None = None) -> set[asyncio.Task[Any]]:
        """Give the tasks of a loop, but for those of other notebooks."""
        session = current_session.get(None)
        tasks = everybodys(loop)
        return tasks if session is None else {task for task in tasks if _may_see(session, task)}

    modules: tuple[Any, ...] = (asyncio, asyncio.tasks)
    for module in modules:
        module.all_tasks = all_tasks

    def restore() -> None:
        for module in modules:
            module.all_tasks = everybodys

    return restore


def _may_see(session: Any, task: asyncio.Task[Any]) -> bool:
    context = context_of(task)
    return context is None or context.get(current_session, session) is session


def run_at_exit(shell: Any, session: Any) -> None:
    """Call what a session's notebook has registered with `atexit`, the newest first."""
    while session.at_exit:
        func, args, kwargs = session.at_exit.pop()
        atexit.unregister(func)
        try:
            func(*args, **kwargs)
        except Exception:
            shell.showtraceback()
