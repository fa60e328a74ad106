"""The displayhook and the display publisher, numbered and addressed by the run they serve."""

from __future__ import annotations

from typing import Any

from ipykernel.displayhook import ZMQShellDisplayHook
from ipykernel.zmqshell import ZMQDisplayPublisher

from .core.model import current_run, header_of_caller, set_header


class AsyncDisplayHook(ZMQShellDisplayHook):
    """Shows the value of a cell's last expression; what belongs to one run is kept in that run.

    ipykernel 7.4 `ZMQShellDisplayHook` and IPython 9 `DisplayHook` keep ``exec_result`` and ``msg``
    in one attribute: with two cells in flight the first to end clears the second's result.
    """

    parent_header = property(header_of_caller, set_header)

    @property
    def exec_result(self) -> Any:
        """The ExecutionResult to fill in, of the run at hand."""
        run = current_run.get(None)
        return None if run is None else run.state.exec_result

    @exec_result.setter
    def exec_result(self, value: Any) -> None:
        run = current_run.get(None)
        if run is not None:
            run.state.exec_result = value

    @property
    def msg(self) -> Any:
        """The ``execute_result`` under construction, of the run at hand."""
        run = current_run.get(None)
        return self.__dict__.get("_msg") if run is None else run.state.display_message

    @msg.setter
    def msg(self, value: Any) -> None:
        run = current_run.get(None)
        if run is None:
            self.__dict__["_msg"] = value
        else:
            run.state.display_message = value

    def start_displayhook(self) -> None:
        """Begin an ``execute_result``; its id lets a re-run update it in nbclient."""
        super().start_displayhook()
        run = current_run.get(None)
        if run is not None and run.state.display_id is not None and self.msg is not None:
            self.msg["content"]["transient"] = {"display_id": run.state.display_id}

    def finish_displayhook(self) -> None:
        """Send the ``execute_result``, and keep what it showed for `LiveOutputs`."""
        run = current_run.get(None)
        if run is not None and run.state.display_id is not None and self.msg is not None:
            content = self.msg["content"]
            run.state.shown = (content["data"], content["metadata"] or {})
        super().finish_displayhook()

    def quiet(self) -> bool:
        """Whether the cell ends in ``;``.

        IPython 9 asks the newest entry of the history, so the ``;`` of the cell that started last
        would silence the others.
        """
        run = current_run.get(None)
        if run is None:
            return bool(super().quiet())
        source = run.state.source
        return ";" in source and bool(self.semicolon_at_end_of_expression(source))


class AsyncDisplayPublisher(ZMQDisplayPublisher):
    """Publishes ``display_data`` for the cell that the caller belongs to."""

    parent_header = property(header_of_caller, set_header)
