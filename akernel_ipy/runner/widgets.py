"""The state of ipywidgets, which notebooks keep so that a page can show them without a kernel."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .outputs import Displays, Outputs

Message = Mapping[str, Any]

MIME = "application/vnd.jupyter.widget-state+json"
TARGET = "jupyter.widget"
UPDATES = ("update", "echo_update")

#: What an Output widget takes in the place of the cell.
SHOWN = ("stream", "display_data", "execute_result", "error", "clear_output", "update_display_data")


@dataclass
class Widget:
    """What the kernel has told about one widget; buffers are kept by their path."""

    state: dict[str, Any] = field(default_factory=dict)
    buffers: dict[tuple[str | int, ...], bytes] = field(default_factory=dict)
    #: Of an Output widget, what was shown in it.
    shown: Outputs | None = None

    def update(self, message: Message) -> None:
        """Take in new values."""
        data = message["content"]["data"]
        self.state.update(data.get("state", {}))
        if "outputs" in data.get("state", {}):
            self.shown = None
        paths = data.get("buffer_paths", ())
        for path, buffer in zip(paths, message.get("buffers", ()), strict=False):
            self.buffers[tuple(path)] = bytes(buffer)

    def stored(self) -> dict[str, Any]:
        """Give it as notebooks store it."""
        stored: dict[str, Any] = {
            name: self.state[f"_{name}"]
            for name in ("model_name", "model_module", "model_module_version")
            if f"_{name}" in self.state
        }
        stored["state"] = self.state
        if self.shown:
            stored["state"] = {**self.state, "outputs": self.shown.nodes()}
        if self.buffers:
            stored["buffers"] = [
                {"data": base64.b64encode(data).decode(), "encoding": "base64", "path": list(path)}
                for path, data in self.buffers.items()
            ]
        return stored


class Widgets:
    """All widgets of a run."""

    def __init__(self) -> None:
        self._by_id: dict[str, Widget] = {}
        #: By the request whose outputs they take: Output widgets, the innermost last.
        self._taking: dict[str, list[Widget]] = {}

    def receive(self, message: Message) -> None:
        """Take in a comm message; those of other comms change nothing."""
        kind, content = message["header"]["msg_type"], message["content"]
        if kind == "comm_open" and content.get("target_name") == TARGET:
            self._by_id[content["comm_id"]] = Widget()
        elif kind != "comm_msg" or content["data"].get("method") not in UPDATES:
            return
        widget = self._by_id.get(content["comm_id"])
        if widget:
            widget.update(message)
            self._aim(widget, content["data"].get("state", {}))

    def _aim(self, widget: Widget, state: Mapping[str, Any]) -> None:
        """Note whose outputs a widget takes from now on: its ``msg_id`` names the request."""
        if "msg_id" not in state or widget.state.get("_model_name") != "OutputModel":
            return
        for takers in self._taking.values():
            takers[:] = [taker for taker in takers if taker is not widget]
        if state["msg_id"]:
            self._taking.setdefault(state["msg_id"], []).append(widget)

    def take(self, message: Message, displays: Displays) -> bool:
        """Show an output in the Output widget that takes it; False if none does."""
        takers = self._taking.get(message["parent_header"].get("msg_id", ""))
        if not takers or message["header"]["msg_type"] not in SHOWN:
            return False
        widget = takers[-1]
        widget.shown = widget.shown or Outputs(displays)
        widget.shown.receive(message)
        return True

    def metadata(self) -> dict[str, Any]:
        """Give what goes under ``metadata.widgets``, empty without widgets."""
        if not self._by_id:
            return {}
        state = {comm: widget.stored() for comm, widget in self._by_id.items()}
        return {MIME: {"state": state, "version_major": 2, "version_minor": 0}}
