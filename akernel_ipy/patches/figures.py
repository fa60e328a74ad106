"""pyplot's current figure is that of the cell that asks."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, MutableMapping
from itertools import count
from typing import Any

from ..core.model import Run, RunState, current_session, find_run
from .inline import InlineBackends

_GCF = "matplotlib._pylab_helpers"
_INLINE = "matplotlib_inline.backend_inline"


class RunFigures(MutableMapping[Any, Any]):
    """What stands in for ``Gcf.figs``: figure managers by number, the active one last.

    A run sees its own figures and those that ended runs left open, not those of other running
    cells; with one dictionary for all, ``plt.plot`` after an ``await`` draws into a figure that
    another cell opened meanwhile, and the first cell to end shows and closes everybody's.
    """

    def __init__(self, left_open: OrderedDict[Any, Any]) -> None:
        self._of_session = {current_session.get(None): left_open}

    @property
    def _left_open(self) -> OrderedDict[Any, Any]:
        """What ended runs of the caller's session have left open."""
        return self._of_session.setdefault(current_session.get(None), OrderedDict())

    def _view(self) -> OrderedDict[Any, Any]:
        own = _own_figures()
        if own is None:
            return self._left_open
        return OrderedDict((*self._left_open.items(), *own.items()))

    def __getitem__(self, number: Any) -> Any:
        own = _own_figures()
        return own[number] if own is not None and number in own else self._left_open[number]

    def __setitem__(self, number: Any, manager: Any) -> None:
        own = _own_figures()
        if own is None:
            self._left_open[number] = manager
            return
        # A figure left open by an ended cell now belongs to the cell that made it active again.
        if self._left_open.get(number) is manager:
            del self._left_open[number]
        own[number] = manager

    def __delitem__(self, number: Any) -> None:
        own = _own_figures()
        del (own if own is not None and number in own else self._left_open)[number]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._view())

    def __reversed__(self) -> Iterator[Any]:
        numbers: Iterator[Any] = reversed(self._view())
        return numbers

    def __len__(self) -> int:
        return len(self._left_open) + len(_own_figures() or ())

    def values(self) -> Any:
        """The managers that the caller can see, the active one last."""
        return self._view().values()

    def items(self) -> Any:
        """Numbers and managers that the caller can see."""
        return self._view().items()

    def move_to_end(self, number: Any, last: bool = True) -> None:
        """Make a figure the active one, as `OrderedDict.move_to_end` does."""
        own = _own_figures()
        figures = own if own is not None and number in own else self._left_open
        figures.move_to_end(number, last)

    def close(self, session: Any) -> None:
        """Let go of what a session has left open."""
        managers: dict[Any, Any] = self._of_session.pop(session, OrderedDict())
        for manager in managers.values():
            manager.destroy()
        managers.clear()  # matplotlib's own, if it was the first session

    def leave_open(self, run: Run) -> None:
        """Hand the figures that an ended run did not close to those that come after."""
        own, run.state.figures = run.state.figures, None
        for number, manager in (own or {}).items():
            free = number
            if free in self._left_open:
                free = next(n for n in count(1) if n not in self._left_open)
                manager.num = manager.canvas.figure._number = free
            self._left_open[free] = manager


class RunShow:
    """What stands in for the inline backend's ``show``: its two flags are kept per run."""

    def __init__(self, show: Callable[..., Any]) -> None:
        self._show = show
        #: For what runs in no cell, by its session.
        self._idle: dict[Any, RunState] = {}
        self.__doc__ = show.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Show the figures of the run at hand, as the inline backend does."""
        return self._show(*args, **kwargs)

    def _state(self) -> RunState:
        run = find_run()
        if run is not None and run.active:
            return run.state
        return self._idle.setdefault(current_session.get(None), RunState())

    def close(self, session: Any) -> None:
        """Let go of what belongs to a session."""
        self._idle.pop(session, None)

    @property
    def _draw_called(self) -> bool:
        return self._state().drew

    @_draw_called.setter
    def _draw_called(self, value: bool) -> None:
        self._state().drew = value

    @property
    def _to_draw(self) -> list[Any]:
        return self._state().to_draw

    @_to_draw.setter
    def _to_draw(self, value: list[Any]) -> None:
        self._state().to_draw = value


class FigurePatch:
    """Installs both stand-ins once a cell has imported matplotlib."""

    def __init__(self) -> None:
        self._figures: RunFigures | None = None
        self._show: RunShow | None = None
        self._undo: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        #: Makes matplotlib show the figures of every session, if there is more than one.
        self.inline: InlineBackends | None = None

    def look(self, run: Run) -> None:
        """Called before a run and after each of its steps: has matplotlib been imported?"""
        if self.inline is not None and _INLINE in sys.modules:
            self.inline.look()
        if self._figures is None and _GCF in sys.modules:
            with self._lock:
                if self._figures is None:
                    self._patch_figures(sys.modules[_GCF], run)
        if self._show is None and _INLINE in sys.modules:
            with self._lock:
                if self._show is None:
                    self._patch_show(sys.modules[_INLINE], run)

    def close(self, session: Any) -> None:
        """Called when a session has ended."""
        for stand_in in (self._figures, self._show):
            if stand_in is not None:
                stand_in.close(session)

    def leave_open(self, run: Run) -> None:
        """Called when a run has ended."""
        if self._figures is not None and run.state.figures:
            self._figures.leave_open(run)

    def restore(self) -> None:
        """Give matplotlib its own objects back."""
        if self.inline is not None:
            self.inline.restore()
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()
        self._figures = self._show = None

    def _patch_figures(self, module: Any, run: Run) -> None:
        gcf = getattr(module, "Gcf", None)
        if gcf is None:  # in the middle of its import
            return
        original = gcf.figs
        run.state.figures = OrderedDict(original)
        original.clear()
        self._figures = gcf.figs = RunFigures(original)
        self._undo.append(lambda: setattr(gcf, "figs", original))

    def _patch_show(self, module: Any, run: Run) -> None:
        original = getattr(module, "show", None)
        if original is None or not hasattr(original, "_to_draw"):
            return
        self._show = module.show = RunShow(original)
        run.state.drew, run.state.to_draw = bool(original._draw_called), original._to_draw
        original._to_draw = []
        self._undo.append(lambda: setattr(module, "show", original))


def _own_figures() -> OrderedDict[Any, Any] | None:
    run = find_run()
    if run is None or not run.active:
        return None
    if run.state.figures is None:
        run.state.figures = OrderedDict()
    return run.state.figures
