"""The outputs of cells, put together from the kernel's messages; no input or output here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import output_from_msg

Message = Mapping[str, Any]

#: Text that a carriage return lets the rest of its line overwrite, as on a terminal.
OVERWRITTEN = re.compile(r"^[^\n]*\r(?=[^\r\n])", re.MULTILINE)


@dataclass
class Stream:
    """A piece of stdout or stderr: neighbours of one name are one output."""

    name: str
    parts: list[str]

    def node(self) -> NotebookNode:
        """Give it as notebooks store it, without what a progress bar has overwritten."""
        text = "".join(self.parts)
        if "\r" in text:
            text = OVERWRITTEN.sub("", text.replace("\r\n", "\n"))
        return NotebookNode(output_type="stream", name=self.name, text=text)


@dataclass
class Displays:
    """Which outputs of a notebook show which display id, for ``update_display_data``."""

    by_id: dict[str, list[NotebookNode]] = field(default_factory=dict)

    def add(self, display_id: str, output: NotebookNode) -> None:
        """Remember that an output shows a display id."""
        self.by_id.setdefault(display_id, []).append(output)

    def update(self, display_id: str, content: Mapping[str, Any]) -> None:
        """Replace what every output with this id shows; an id not seen is no error."""
        for output in self.by_id.get(display_id, ()):
            output["data"] = NotebookNode(content["data"])
            output["metadata"] = NotebookNode(content["metadata"])

    def forget(self, outputs: list[NotebookNode | Stream]) -> None:
        """Let go of outputs that were cleared."""
        gone = {id(output) for output in outputs}
        for display_id, known in list(self.by_id.items()):
            self.by_id[display_id] = [output for output in known if id(output) not in gone]
            if not self.by_id[display_id]:
                del self.by_id[display_id]


class Outputs:
    """The outputs of one cell."""

    def __init__(self, displays: Displays) -> None:
        self.displays = displays
        self._items: list[NotebookNode | Stream] = []
        self._clear_before_next = False

    def nodes(self) -> list[NotebookNode]:
        """Give the outputs as notebooks store them."""
        return [item.node() if isinstance(item, Stream) else item for item in self._items]

    def receive(self, message: Message) -> None:
        """Take in a message of the cell; those that are no output change nothing."""
        kind, content = message["header"]["msg_type"], message["content"]
        if kind == "clear_output":
            self._clear(wait=content.get("wait", False))
        elif kind == "update_display_data":
            self._update(content)
        elif kind == "stream":
            self._write(content["name"], content["text"])
        elif kind in ("display_data", "execute_result", "error"):
            self._show(message)

    def _clear(self, *, wait: bool) -> None:
        self._clear_before_next = wait
        if not wait:
            self.displays.forget(self._items)
            self._items.clear()

    def _make_room(self) -> None:
        if self._clear_before_next:
            self._clear(wait=False)

    def _write(self, name: str, text: str) -> None:
        self._make_room()
        last = self._items[-1] if self._items else None
        if isinstance(last, Stream) and last.name == name:
            last.parts.append(text)
        else:
            self._items.append(Stream(name, [text]))

    def _show(self, message: Message) -> None:
        self._make_room()
        output = output_from_msg(message)
        display_id = display_id_of(message["content"])
        if display_id:
            self.displays.update(display_id, message["content"])
            self.displays.add(display_id, output)
        self._items.append(output)

    def _update(self, content: Mapping[str, Any]) -> None:
        display_id = display_id_of(content)
        if display_id:
            self.displays.update(display_id, content)


def display_id_of(content: Mapping[str, Any]) -> str | None:
    """Give the display id of an output; ``transient`` may be missing or null."""
    transient = content.get("transient") or {}
    return transient.get("display_id")
