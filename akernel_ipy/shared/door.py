"""One notebook's sockets: they pass on what comes, with the door's name in front."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping

import zmq

from ..core.doors import PREFIX

#: The channels on which it matters who speaks; outputs and the heartbeat are for everybody.
CHANNELS = ("shell", "control", "stdin")

#: Gives the zmq address of a port of the kernel's host.
Address = Callable[[int], str]


class Door:
    """Passes messages between a notebook's clients and the kernel, in threads that need no GIL.

    Args:
        ports: where the clients connect, by channel.
        kernel: where the kernel listens, by channel.
        address: gives the address of a port.

    Raises:
        zmq.ZMQError: a port is taken.
    """

    def __init__(
        self, ports: Mapping[str, int], kernel: Mapping[str, int], address: Address
    ) -> None:
        self.name = PREFIX + uuid.uuid4().hex.encode()
        self.ports = dict(ports)
        self._context = zmq.Context()
        self._pairs: list[tuple[zmq.Socket[bytes], zmq.Socket[bytes]]] = []
        try:
            for channel in CHANNELS:
                self._pairs.append(self._open(address(ports[channel]), address(kernel[channel])))
        except zmq.ZMQError:
            self._context.destroy(linger=0)
            raise
        for pair in self._pairs:
            threading.Thread(
                target=_pass_on, args=pair, daemon=True, name=f"akernel door {ports['shell']}"
            ).start()

    def _open(self, outside: str, inside: str) -> tuple[zmq.Socket[bytes], zmq.Socket[bytes]]:
        front, back = self._context.socket(zmq.ROUTER), self._context.socket(zmq.DEALER)
        front.router_handover = True
        back.identity = self.name
        for socket in (front, back):
            socket.linger = 1000
            socket.sndhwm = socket.rcvhwm = 0
        front.bind(outside)
        back.connect(inside)
        return front, back

    def close(self) -> None:
        """Close the sockets; what was being passed on is still sent."""
        self._context.term()


def _pass_on(front: zmq.Socket[bytes], back: zmq.Socket[bytes]) -> None:
    try:
        zmq.proxy(front, back)
    except zmq.ContextTerminated:  # by `close`
        pass
    finally:
        front.close()
        back.close()
