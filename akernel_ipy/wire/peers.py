"""Which clients of a ROUTER socket are still connected."""

from __future__ import annotations

import os
from typing import Any

import zmq


class Peers:
    """Tells whether the connection that a client last wrote on is still open.

    A ROUTER says nothing when a client goes. But libzmq tells each message's file descriptor, which
    it closes when the peer has closed its end; that it was not opened anew for somebody else is
    seen from the inode, which no two open sockets share.
    """

    def __init__(self) -> None:
        self._seen: dict[bytes, tuple[int, tuple[int, int]]] = {}

    def note(self, identity: Any) -> None:
        """Remember the connection of a message, given the frame with its sender's identity."""
        try:
            fd = int(identity.get("__fd"))
            self._seen[identity.bytes] = fd, _file(fd)
        except (zmq.ZMQError, ValueError, OSError):
            self._seen.pop(identity.bytes, None)

    def gone(self, identity: bytes) -> bool:
        """Whether a client has disconnected; True too if the transport does not tell."""
        known = self._seen.get(identity)
        if known is None:
            return True
        fd, file = known
        try:
            if _file(fd) == file:
                return False
        except OSError:
            pass
        del self._seen[identity]
        return True


def _file(fd: int) -> tuple[int, int]:
    status = os.fstat(fd)
    return status.st_dev, status.st_ino
