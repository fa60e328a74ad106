"""What the kernel receives and sends: which cells are on their way, what a cell shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

from jupyter_client.session import extract_header

from ..core.model import current_run, find_run
from ..wire.session import CHANGES, OUTPUTS, Header
from .patching import Patches

#: Messages that are no outputs: a cell that sends one does what the cache can't do again.
EFFECTS = {
    "input_request": "it asks the user",
    **dict.fromkeys(("comm_open", "comm_msg", "comm_close"), "it talks to a widget"),
}


class WatchedHeader(Header):
    """The header of a cell's request; what is sent with its id is counted, and perhaps kept."""

    __slots__ = ("__weakref__",)

    @classmethod
    def of(cls, header: Any) -> WatchedHeader:
        """Begin to count what a cell shows."""
        found = cls(header)
        found.packed, found.outputs, found.kept, found.displays = b"", 0, None, ()
        return found


class Messages:
    """Looks at the messages of a stock kernel as they pass its wire object.

    Args:
        wire: jupyter_client's `Session`, which the kernel, its streams and its hooks share.
        lost: called with the request of a cell that has ended without having begun.
    """

    def __init__(self, wire: Any, lost: Callable[[dict[str, Any]], None]) -> None:
        self._wire, self._lost = wire, lost
        #: The newest header of each request that somebody still needs.
        self._headers: WeakValueDictionary[str, WatchedHeader] = WeakValueDictionary()
        #: Requests of cells that have arrived and not begun; their content is packed.
        self._coming: dict[str, dict[str, Any]] = {}
        #: What replies tell beside their content, by request.
        self.told: dict[str, dict[str, Any]] = {}

    def install(self, kernel: Any, patches: Patches) -> None:
        """Look at all that passes from now on."""
        # jupyter_client 8.10 `Session.send`: errors and the text of streams pass no hook that is
        # called in the cell's thread; nobody would know whether a cell shows anything.
        self._send = patches.put(self._wire, "send", self.send)
        # jupyter_client 8.10 `Session.deserialize`: which cells wait in the queue can't be asked;
        # Run All would run each cell that is behind an edited one twice.
        self._deserialize = patches.put(self._wire, "deserialize", self.deserialize)
        # ipykernel 7.4 `Kernel.finish_metadata`: a hit of the cache could not say so in its reply.
        self._finish = patches.put(kernel, "finish_metadata", self.finish_metadata)

    # -- what arrives ----------------------------------------------------------------------

    def deserialize(self, msg_list: Any, content: bool = True, copy: bool = True) -> Any:
        """Note a cell's request when it arrives; it is unpacked once more when it begins."""
        message = self._deserialize(msg_list, content, copy)
        if not content and message["header"]["msg_type"] == "execute_request":
            cell_id = message["metadata"].get("cellId")
            if isinstance(cell_id, str) and not message["header"].get("subshell_id"):
                self._coming[message["header"]["msg_id"]] = message
        return message

    def coming(self) -> set[str]:
        """Give the cells whose requests have arrived and not begun."""
        return {message["metadata"]["cellId"] for message in self._coming.copy().values()}

    def begin(self, header: WatchedHeader) -> None:
        """A run begins: what is sent with its id from now on is its own."""
        self._coming.pop(header["msg_id"], None)
        self._headers[header["msg_id"]] = header

    # -- what leaves -----------------------------------------------------------------------

    def send(self, stream: Any, msg_or_type: Any, *args: Any, **options: Any) -> Any:
        """Note what is sent, on its way."""
        if isinstance(msg_or_type, str):
            content = args[0] if args else options.get("content")
            parent = args[1] if len(args) > 1 else options.get("parent")
            self._note(msg_or_type, content or {}, extract_header(parent or {}))
        else:
            message = msg_or_type
            self._note(message["msg_type"], message["content"], message["parent_header"])
        return self._send(stream, msg_or_type, *args, **options)

    def _note(self, kind: str, content: Any, parent: Any) -> None:
        msg_id = parent.get("msg_id", "")
        if kind == "status":
            request = self._coming.pop(msg_id, None) if _is_idle(content) else None
            if request is not None:
                self._lost(request)
        if kind in EFFECTS and (run := find_run()) is not None:
            run.state.effects[EFFECTS[kind]] = None
        if kind not in OUTPUTS and kind not in CHANGES:
            return
        if kind == "execute_result":
            _address(content)
        header = self._headers.get(msg_id)
        if header is None:
            return
        if kind in OUTPUTS:
            header.count(kind, content)
        if header.kept is not None:
            header.kept.append((kind, content))

    def finish_metadata(self, parent: Any, metadata: Any, reply_content: Any) -> Any:
        """Add what a run has to tell to the metadata of its reply."""
        metadata = self._finish(parent, metadata, reply_content)
        metadata.update(self.told.pop(extract_header(parent).get("msg_id", ""), {}))
        return metadata


def _is_idle(content: Any) -> bool:
    return bool(content.get("execution_state") == "idle")


def _address(content: dict[str, Any]) -> None:
    """Give the result of the run at hand its number, and the id by which it can be updated."""
    run = current_run.get(None)
    if run is None or not run.active:
        return
    if run.state.rerun:
        content["execution_count"] = run.count
    if run.state.display_id is not None:
        content["transient"] = {"display_id": run.state.display_id}
        run.state.shown = (content["data"], content["metadata"] or {})
