"""The kernel's messages, as the page sends and receives them on its websocket."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, WebSocket


@dataclass(frozen=True)
class Frame:
    """One message; `sent` tells the direction, `at` the time."""

    sent: bool
    channel: str
    header: dict[str, Any]
    parent: dict[str, Any]
    content: dict[str, Any]
    at: float

    @property
    def type(self) -> str:
        return str(self.header.get("msg_type"))


class Frames(list[Frame]):
    """All messages of a page, in the order in which the page saw them."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.on("websocket", self._watch)

    def close(self) -> None:
        """Listen to no further kernel: the page goes on with another notebook."""
        self._page.remove_listener("websocket", self._watch)

    def _watch(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda data: self._note(data, sent=True))
        socket.on("framereceived", lambda data: self._note(data, sent=False))

    def _note(self, data: str | bytes, *, sent: bool) -> None:
        if isinstance(data, bytes):  # the subprotocol v1.kernel.websocket.jupyter.org
            self.append(_decode(data, sent))


def _decode(data: bytes, sent: bool) -> Frame:
    count = int.from_bytes(data[:8], "little")
    starts = [int.from_bytes(data[8 * i : 8 * i + 8], "little") for i in range(1, count + 1)]
    parts = [data[start:end] for start, end in zip(starts, [*starts[1:], len(data)], strict=True)]
    header, parent, _, content = (json.loads(part) for part in parts[1:5])
    return Frame(sent, parts[0].decode(), header, parent, content, time.monotonic())
