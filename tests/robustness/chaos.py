"""Interrupts, cancellations, restarts and clients that vanish, at any moment; and what must hold.

Whatever happens: each request that was not cut off by the end of its process has one reply, one
busy and one idle; what it shows lies in between, but for what outlives it, and is its own.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import Any

from kernels import Kernel
from protocol.client import Client
from protocol.request import Message, Request

from .cells import Sent, some_cell

#: Cells on their way at once, at most.
CROWD = 25

#: Clients at once, besides the one that only listens.
CLIENTS = 4

SUBSHELLS = 2

#: Seconds without progress after which all that runs is interrupted.
RESTLESS = 0.3

#: Seconds in which everything comes to its end, on the busiest machine.
PATIENCE = 60.0

PAUSES = (0, 0, 0, 0.001, 0.01, 0.05)

OTHERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("kernel_info_request", {}),
    ("complete_request", {"code": "asynci", "cursor_pos": 6}),
    ("inspect_request", {"code": "asyncio", "cursor_pos": 7, "detail_level": 0}),
    ("is_complete_request", {"code": "for x in y:"}),
    ("comm_msg", {"comm_id": "unknown", "data": {}}),
    ("comm_open", {"comm_id": "new", "target_name": "unknown", "data": {}}),
)

ACTIONS = (
    *["cell"] * 40,
    *["batch"] * 4,
    *["other"] * 8,
    *["interrupt"] * 5,
    *["request interrupt"] * 5,
    *["drop"] * 3,
    *["join"] * 3,
    *["subshell"] * 2,
)


class Chaos:
    """Does things at random to a kernel, and checks what came of them.

    Args:
        flavour: of the kernel.
        seed: decides all that is done, and how long is waited in between.
        switches: some cells switch to other flavours.
    """

    def __init__(self, flavour: str, seed: int, *, switches: bool = False) -> None:
        self.chance = random.Random(seed)
        self.switches = switches
        self.kernel = Kernel(flavour)
        #: Hears all that is published, and sends nothing while something runs.
        self.watcher = self.kernel.clients[0]
        self.cells: list[Sent] = []
        #: Cells that are not done.
        self.open: list[Sent] = []
        self.done: Counter[str] = Counter()
        self.subshells: list[str] = []
        self._number = 0
        self._join()

    # -- what happens

    def run(self, actions: int, restarts: int = 0) -> None:
        """Do so many things, and check all that came of them."""
        at = set(self.chance.sample(range(actions), restarts))
        for number in range(actions):
            action = "restart" if number in at else self.chance.choice(ACTIONS)
            self.done[action] += 1
            getattr(self, "_" + action.replace(" ", "_"))()
            self._pump(self.chance.choice(PAUSES))
            self._thin_out(CROWD)
            if number % 200 == 199:
                self._settle()
        self._settle()

    @property
    def _clients(self) -> list[Client]:
        return self.kernel.clients[1:]

    def _cell(self) -> None:
        client = self.chance.choice(self._clients)
        self._number += 1
        subshell = self.chance.choice([None, None, None, *self.subshells])
        sent = some_cell(
            self.chance, self._number, subshell=subshell is not None, switches=self.switches
        )
        stop = self.chance.random() < 0.1
        cell_id = self.chance.choice([None, f"id-{self._number}"])
        sent.request = client.execute(
            sent.code, stop_on_error=stop, cell_id=cell_id, subshell=subshell
        )
        sent.request.background = sent.kind.background
        self.cells.append(sent)
        self.open.append(sent)

    def _batch(self) -> None:
        for _ in range(self.chance.randrange(2, 8)):
            self._cell()

    def _other(self) -> None:
        kind, content = self.chance.choice(OTHERS)
        self.chance.choice(self._clients).send(kind, content)

    def _interrupt(self) -> None:
        self.kernel.interrupt()

    def _request_interrupt(self) -> None:
        self.chance.choice(self._clients).send("interrupt_request", channel="control")

    def _join(self) -> None:
        if len(self._clients) < CLIENTS:
            self.kernel.clients.append(Client(self.watcher.connection_file))

    def _drop(self) -> None:
        client = self.chance.choice(self._clients)
        client.pump_all()
        gone = set(map(id, client.requests.values()))
        for sent in self.cells:
            sent.lost = sent.lost or id(sent.request) in gone
        for request in client.requests.values():
            request.forsaken = not request.done
        self.kernel.finished += client.requests.values()
        self.kernel.clients.remove(client)
        # What it has sent is on its way, and shall arrive.
        for channel in (client.client.shell_channel, client.client.control_channel):
            channel.socket.close(linger=int(PATIENCE * 1000))
        client.close()
        self._join()

    def _subshell(self) -> None:
        if len(self.subshells) < SUBSHELLS:
            client = self.chance.choice(self._clients)
            made = client.ask("create_subshell_request", channel="control").reply
            self.subshells.append(made["subshell_id"])

    def _restart(self) -> None:
        self._pump(0)
        self._audit(cut_off=True)
        self.subshells.clear()
        self.watcher = self.kernel.restart()
        self._join()

    # -- what comes of it

    def _pump(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while True:
            for client in self.kernel.clients:
                client.pump(0)
            self._answer()
            self.open = [sent for sent in self.open if not self._ended(sent)]
            if time.monotonic() >= deadline:
                return
            self.watcher.pump(0.001)

    def _answer(self) -> None:
        for sent in self.open:
            if sent.request is not None and sent.request.inputs and not sent.lost:
                sent.request.answer(sent.word)

    def _ended(self, sent: Sent) -> bool:
        assert sent.request is not None
        return self._idle(sent.request) and (sent.lost or sent.request.done)

    def _idle(self, request: Request) -> bool:
        return "idle" in map(_state, self.watcher.heard_of(request))

    def _thin_out(self, count: int) -> None:
        """Wait until no more cells than that are on their way; end them if they don't."""
        begin = last = time.monotonic()
        while len(self.open) > count:
            self._pump(0.005)
            now = time.monotonic()
            if now - last > RESTLESS:
                last = now
                self.kernel.interrupt()
                for client in self._clients:
                    client.send("interrupt_request", channel="control")
            assert self.kernel.alive, f"the kernel died:\n{self.kernel.log[-3000:]}"
            assert now - begin < PATIENCE, f"no end of {self.open[:3]}"

    def _settle(self) -> None:
        """Let all come to its end, and check it."""
        self._thin_out(0)
        for client in self.kernel.clients:
            for request in [r for r in client.requests.values() if not r.abandoned]:
                over = lambda r=request, c=client: _over(r, c)  # noqa: E731
                client.wait(over, PATIENCE, f"the end of {request!r}")
        for request in self.kernel.finished:
            idle = lambda r=request: self._idle(r)  # noqa: E731
            self.watcher.wait(idle, PATIENCE, f"idle of {request!r}, whose client has gone")
        for _ in range(20):  # an interrupt may be on its way
            if self.watcher.ask("execute_request", {"code": "'alive'"}).status == "ok":
                break
        else:
            raise AssertionError("no cell runs any more")
        self._audit()

    def _audit(self, cut_off: bool = False) -> None:
        """Check all requests so far, and forget them.

        Args:
            cut_off: the kernel is about to end; what is not done never will be.
        """
        for client in self.kernel.clients:
            client.pump_all()
        requests = [r for client in self.kernel.clients for r in client.requests.values()]
        requests += self.kernel.finished
        self.kernel.finished.clear()
        for request in requests:
            request.messages = self.watcher.heard_of(request)
            request.abandoned = request.abandoned or (cut_off and not request.done)
            request.audit()
        for sent in self.cells:
            sent.lost = sent.lost or cut_off
            sent.check()
        self.cells.clear()
        self.open.clear()
        for client in self.kernel.clients:
            client.forget()

    def close(self) -> None:
        """End the kernel; no coroutine was forgotten, and no task."""
        log = self.kernel.log
        self.kernel.close()
        for sign in ("was never", "was destroyed"):
            assert sign not in log, log


def _over(request: Request, client: Client) -> bool:
    states = [_state(m) for m in client.heard_of(request)]
    return "idle" in states and (bool(request.replies) or request.kind.startswith("comm_"))


def _state(message: Message) -> str | None:
    state: str | None = message["content"].get("execution_state")
    return state
