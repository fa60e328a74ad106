"""The state of ipywidgets, which notebooks keep so that a page can show them without a kernel."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Message = Mapping[str, Any]

MIME = "application/vnd.jupyter.widget-state+json"
TARGET = "jupyter.widget"
UPDATES = ("update", "echo_update")


@dataclass
class Widget:
    """What the kernel has told about one widget; buffers are kept by their path."""

    state: dict[str, Any] = field(default_factory=dict)
    buffers: dict[tuple[str | int, ...], bytes] = field(default_factory=dict)

    def update(self, message: Message) -> None:
        """Take in new values."""
        data = message["content"]["data"]
        self.state.update(data.get("state", {}))
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

    def metadata(self) -> dict[str, Any]:
        """Give what goes under ``metadata.widgets``, empty without widgets."""
        if not self._by_id:
            return {}
        state = {comm: widget.stored() for comm, widget in self._by_id.items()}
        return {MIME: {"state": state, "version_major": 2, "version_minor": 0}}
