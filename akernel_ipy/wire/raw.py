"""The two socket operations that every message needs, without pyzmq's conveniences.

pyzmq 27 `Socket.send_multipart` and ``socket.EVENTS`` go through enums and checks for each frame: 7
us a message where the calls themselves take 1 us.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import zmq
import zmq.backend

_MORE = int(zmq.SNDMORE)
_EVENTS = int(zmq.EVENTS)
_POLLIN = int(zmq.POLLIN)
_DONTWAIT = int(zmq.DONTWAIT)
_MORE_COMES = int(zmq.RCVMORE)
_receive: Any = zmq.backend.Socket.recv
_send = zmq.backend.Socket.send
_get: Any = zmq.backend.Socket.get


def send_frames(socket: Any, frames: Sequence[Any], copy: bool = True) -> None:
    """Send one message; the caller holds the socket's lock."""
    for frame in frames[:-1]:
        _send(socket, frame, _MORE, copy)
    _send(socket, frames[-1], 0, copy)


def receive_frames(socket: Any, note: Callable[[Any], None] | None = None) -> list[bytes]:
    """Receive the message that `readable` saw; the caller holds the socket's lock.

    Args:
        note: is given the first frame as a `zmq.Frame`, which knows where it came from.
    """
    if note is None:
        frames = [_receive(socket, _DONTWAIT)]
    else:
        first = _receive(socket, _DONTWAIT, False)
        note(first)
        frames = [first.bytes]
    while _get(socket, _MORE_COMES):
        frames.append(_receive(socket, _DONTWAIT))
    return frames


def readable(socket: Any) -> bool:
    """Whether a message waits to be received; this also rearms the socket's descriptor."""
    return bool(_get(socket, _EVENTS) & _POLLIN)
