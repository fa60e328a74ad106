"""IPython's events, where an interrupt is not one of a callback's own errors."""

from __future__ import annotations

from typing import Any

from IPython.core.events import EventManager

#: What happens before the code of a cell runs.
BEFORE = frozenset({"pre_execute", "pre_run_cell"})


class CellEvents(EventManager):
    """Events of cells; an interrupt before a cell's code ends the cell.

    IPython 9.18 `EventManager.trigger` shows the KeyboardInterrupt of a callback, and goes on: an
    interrupt that comes while a cell begins was lost, and the cell ran on.
    """

    def trigger(self, event: str, *args: Any, **kwargs: Any) -> None:
        """Call what is registered for an event; errors are shown.

        Raises:
            KeyboardInterrupt: the cell has not begun, and is not to.
        """
        if event not in BEFORE:
            super().trigger(event, *args, **kwargs)
            return
        for callback in tuple(self.callbacks[event]):
            try:
                callback(*args, **kwargs)
            except Exception:
                if self.print_on_error:
                    print(f"Error in callback {callback} (for {event}), ", end="")
                    print(f"with arguments args {args},kwargs {kwargs}:")
                self.shell.showtraceback()
