"""Which clients of a ROUTER socket are still connected."""

from __future__ import annotations

import os
import select
import socket
from typing import Any

import zmq

#: So many more clients are remembered than were there at the last look.
ROOM = 64

#: Device and inode.
File = tuple[int, int]


class Peers:
    """Tells whether the connection that a client last wrote on is still open.

    A ROUTER says nothing when a client goes. But libzmq tells each message's file descriptor, which
    it closes when the peer has closed its end; that it was not opened anew for somebody else is
    seen from the inode, which no two open sockets share.

    Args:
        endpoint: where the ROUTER is bound.
    """

    def __init__(self, endpoint: str) -> None:
        protocol, _, address = endpoint.partition("://")
        #: What `getsockname` tells of a connection: for tcp the port, for ipc the path.
        self._bound = int(address.rpartition(":")[2]) if protocol == "tcp" else address
        self._seen: dict[bytes, tuple[int, File]] = {}
        self._users: dict[File, bytes] = {}
        self._room = ROOM

    def __len__(self) -> int:
        """How many clients are remembered."""
        return len(self._seen)

    def note(self, identity: Any) -> None:
        """Remember the connection of a message, given the frame with its sender's identity."""
        name = identity.bytes
        try:
            fd = int(identity.get("__fd"))
            file = _file(fd)
        except (zmq.ZMQError, ValueError, OSError):
            self._seen.pop(name, None)
            return
        # A message that is read after its sender has gone may name a descriptor that is something
        # else's by now. If that is another client, this is told when that one writes.
        if self._seen.get(name) != (fd, file) and not self._is_connection(fd):
            self._seen.pop(name, None)
            return
        self._seen[name] = fd, file
        before = self._users.get(file, name)
        if before != name:
            self._seen.pop(before, None)
        self._users[file] = name
        if len(self._users) > self._room:
            self._tidy()

    def _tidy(self) -> None:
        """Forget who has gone: nobody may ever ask about them."""
        for name in list(self._seen):
            self.gone(name)
        self._users = {file: name for name, (_, file) in list(self._seen.items())}
        self._room = 2 * len(self._users) + ROOM

    def _is_connection(self, fd: int) -> bool:
        try:
            with socket.socket(fileno=os.dup(fd)) as connection:
                name = connection.getsockname()
        except OSError:  # a file, an event
            return False
        return bool((name[1] if isinstance(name, tuple) else name) == self._bound)

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
        self._seen.pop(identity, None)
        if self._users.get(file) == identity:
            self._users.pop(file, None)
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
