"""How what a cell raised is shown: the run's own, once, whatever comes in between."""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from IPython.core.error import UsageError

from .core.model import current_run
from .places import PlacedCells
from .steps import CellInterrupt
from .wire.gate import gate

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


class ShownErrors(PlacedCells):
    """Shows errors as those of the run at hand."""

    @property
    def _last_traceback(self) -> list[str] | None:
        run = current_run.get(None)
        found: list[str] | None = (
            self.__dict__.get("_idle_traceback") if run is None else run.state.traceback
        )
        return found

    @_last_traceback.setter
    def _last_traceback(self, value: list[str] | None) -> None:
        run = current_run.get(None)
        if run is None:
            self.__dict__["_idle_traceback"] = value
        else:
            run.state.traceback = value

    # IPython 9 `InteractiveShell.showtraceback` only writes a word to stderr when another interrupt
    # comes while it formats: the reply says error, and no front-end shows one.
    def showtraceback(self, exc_tuple: Any = None, *args: Any, **kwargs: Any) -> None:
        """Show an exception, in brief if there was no time for more."""
        run = current_run.get(None)
        if run is None:
            super().showtraceback(exc_tuple, *args, **kwargs)
            return
        state = run.state
        error = exc_tuple[1] if exc_tuple else sys.exc_info()[1]
        if state.shown_error is not None and _is_interrupt(error):
            return  # the cell has ended, and IPython was about to say so
        state.shown_error = None
        _import_formatter()
        super().showtraceback(exc_tuple, *args, **kwargs)
        shows = getattr(self._showtraceback, "__func__", None)
        replaced = shows is not type(self)._showtraceback  # by rich, say: it has shown it
        if state.shown_error is None and error is not None and not replaced:
            self._show_briefly(error)

    @contextmanager
    def _statement(self) -> Iterator[None]:
        """While a statement of the run at hand is executed: what an earlier one raised is past."""
        run = current_run.get(None)
        if run is None:
            yield
            return
        state = run.state
        state.shown_error = None
        state.depth += 1
        try:
            yield
        finally:
            state.depth -= 1
            if state.depth:
                state.shown_error = None

    def _show_briefly(self, error: BaseException) -> None:
        if not _is_shown_as_error(error):
            return
        kind, error, _ = self._get_exc_info((type(error), error, error.__traceback__))
        with gate:
            self._showtraceback(kind, error, traceback.format_exception_only(kind, error))

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        # ipykernel 7.4 notes only that there was an error during display, so its reply says
        # "NoneType"; and it forgets the note only in the synchronous path.
        run = current_run.get(None)
        if run is not None and (
            run.state.unwanted or (run.state.shown_error is not None and _is_interrupt(evalue))
        ):
            return
        if run is not None and run.state.display_message is not None:
            run.state.display_error = evalue
        with gate:
            super()._showtraceback(etype, evalue, stb)
            if run is not None:
                run.state.shown_error = evalue

    def _get_exc_info(self, exc_tuple: Any = None) -> Any:
        # An interrupted cell shows KeyboardInterrupt, whatever was thrown into it.
        etype, value, tb = super()._get_exc_info(exc_tuple)
        if isinstance(value, KeyboardInterrupt):
            _drop_own_frames(tb)
        if isinstance(value, CellInterrupt):
            shown = KeyboardInterrupt(*value.args).with_traceback(tb)
            return KeyboardInterrupt, shown, tb
        return etype, value, tb


def _import_formatter() -> None:
    """Import what IPython imports when it first formats a traceback.

    Left half imported by an interrupt, it would spoil every traceback to come.
    """
    if "stack_data" not in sys.modules:
        with suppress(KeyboardInterrupt), gate:
            import_module("stack_data")


def _is_interrupt(error: BaseException | None) -> bool:
    return isinstance(error, KeyboardInterrupt | asyncio.CancelledError)


def _is_shown_as_error(error: BaseException) -> bool:
    """Whether IPython shows it by a message of its own, and not as text."""
    return not isinstance(error, SyntaxError | UsageError | BaseExceptionGroup)


def _drop_own_frames(tb: Any) -> None:
    """Take out of a traceback what lies between the user's frames, and the SIGINT handler's."""
    last_of_user = None
    while tb is not None:
        if not tb.tb_frame.f_code.co_filename.startswith(_PACKAGE):
            if last_of_user is not None:
                last_of_user.tb_next = tb
            last_of_user = tb
        tb = tb.tb_next
    if last_of_user is not None:
        last_of_user.tb_next = None
