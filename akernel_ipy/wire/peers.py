"""Which clients of a ROUTER socket are still connected."""

from __future__ import annotations

import os
import select
from typing import Any

import zmq

#: Device and inode.
File = tuple[int, int]


class Peers:
    """Tells whether the connection that a client last wrote on is still open.

    A ROUTER says nothing when a client goes. But libzmq tells each message's file descriptor, which
    it closes when the peer has closed its end; that it was not opened anew for somebody else is
    seen from the inode, which no two open sockets share.
    """

    def __init__(self) -> None:
        self._seen: dict[bytes, tuple[int, File]] = {}
        self._users: dict[File, bytes] = {}

    def note(self, identity: Any) -> None:
        """Remember the connection of a message, given the frame with its sender's identity."""
        name = identity.bytes
        try:
            fd = int(identity.get("__fd"))
            file = _file(fd)
        except (zmq.ZMQError, ValueError, OSError):
            self._seen.pop(name, None)
            return
        self._seen[name] = fd, file
        # A message that is read after its sender has gone may name a descriptor that is somebody
        # else's by now; who writes on it is told when that one does.
        before = self._users.get(file, name)
        if before != name:
            self._seen.pop(before, None)
        self._users[file] = name

    def gone(self, identity: bytes) -> bool:
        """Whether a client has disconnected; True too if the transport does not tell."""
        known = self._seen.get(identity)
        if known is None:
            return True
        fd, file = known
        try:
            if _file(fd) == file and not _hung_up(fd):
                return False
        except OSError:
            pass
        del self._seen[identity]
        if self._users.get(file) == identity:
            del self._users[file]
        return True


def _file(fd: int) -> File:
    status = os.fstat(fd)
    return status.st_dev, status.st_ino


def _hung_up(fd: int) -> bool:
    """Whether the peer has closed its end, and libzmq has not come to do likewise."""
    if not hasattr(select, "POLLRDHUP"):  # elsewhere than on Linux
        return False
    poll = select.poll()
    poll.register(fd, select.POLLRDHUP)
    return bool(poll.poll(0))
