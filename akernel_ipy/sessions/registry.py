"""Which session a request belongs to, and how sessions come and go."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..core.doors import door_of
from ..core.model import Message, Request, Run, current_session
from ..core.notebooks import Notebooks
from ..session import Session
from .files import NotebookFiles

#: So many prompts are remembered, the newest ones.
PROMPTS = 256


class Sessions:
    """The sessions of a kernel: one for all clients, until `isolate` gives each notebook its own.

    Args:
        main: the session of code that no other one claims.
        make: makes another one, given its number.
        end: called with a session that nobody uses any more.
    """

    def __init__(
        self, main: Session, make: Callable[[int], Session], end: Callable[[Session], None]
    ) -> None:
        self.main = main
        self.notebooks = Notebooks()
        self._make, self._end = make, end
        self._isolated = False
        self._by_key: dict[int, Session] = {}
        #: The connection that a client last used.
        self._identities: dict[str, bytes] = {}
        #: Clients that have asked whether code is complete, as a console does of what is typed.
        self._prompts: dict[str, None] = {}
        #: Which notebook is behind a door: see `core.doors`.
        self._by_door: dict[str, int] = {}
        self._gone: Callable[[bytes], bool] = lambda identity: True
        self._files = NotebookFiles()
        self._lock = threading.RLock()

    def __iter__(self) -> Iterator[Session]:
        yield self.main
        for session in list(self._by_key.values()):
            if session is not self.main:
                yield session

    def __len__(self) -> int:
        return len(self._by_key)

    @property
    def in_use(self) -> list[Session]:
        """The sessions that belong to clients, oldest first."""
        with self._lock:
            return list(self._by_key.values()) if self._isolated else [self.main]

    def path_of(self, session: Session) -> str | None:
        """Where a session's notebook lies: as its front-end tells, or by the cells in the files."""
        with self._lock:
            key = self._key_of(session)
            if key is None:
                return None
            path, cells = self.notebooks[key].path, set(self.notebooks[key].cells)
        return path or (self._files.path_of(cells) if cells else None)

    def clients_of(self, session: Session) -> list[str]:
        """List the clients of a session, the newest last."""
        with self._lock:
            key = self._key_of(session)
            return [] if key is None else list(self.notebooks[key].clients)

    @property
    def isolated(self) -> bool:
        """Whether each notebook has a session of its own."""
        return self._isolated

    def isolate(self, gone: Callable[[bytes], bool]) -> None:
        """From now on, give each notebook a session of its own; there is no way back.

        Args:
            gone: whether the client with this identity on the shell socket has disconnected.
        """
        self._isolated, self._gone = True, gone
        for client in self._identities:
            # Who has shared the first session goes on doing so.
            if not self._by_key:
                self._by_key[self.notebooks.place(client, None, lambda _: False).key] = self.main
            self.notebooks.attach(client, next(iter(self._by_key)))

    def of(self, message: Message) -> Session:
        """Give the session of a request's client; the main one if it has not run anything."""
        return self.known(message) or self.main

    def known(self, message: Message) -> Session | None:
        """Give the session of a message's client, if it has one to itself."""
        key = self.notebooks.of(client_of(message)) if self._isolated else None
        return None if key is None else self._by_key.get(key)

    def enter(self, identities: Sequence[Any], message: Message) -> None:
        """Note who is a prompt, and who has come through a door.

        So the notebook behind a door is known before its first cell.
        """
        if message["msg_type"] == "is_complete_request":
            self._prompts[client_of(message)] = None
            if len(self._prompts) > PROMPTS:
                del self._prompts[next(iter(self._prompts))]
        door = door_of(identities)
        if door is None:
            return
        client = client_of(message)
        with self._lock:
            key = self._by_door.get(door)
            if key is not None and self.notebooks.of(client) != key:
                self.notebooks.attach(client, key)

    def is_prompt(self, message: Message) -> bool:
        """Whether a message's client is a console, or the like."""
        return client_of(message) in self._prompts

    def behind(self, door: str) -> Session | None:
        """Give the session of the notebook behind a door, if it has run anything."""
        with self._lock:
            key = self._by_door.get(door)
            return None if key is None else self._by_key.get(key)

    def place(self, request: Request) -> Session:
        """Give the session that a cell belongs to; make it if need be."""
        client = request.session_id
        with self._lock:
            if request.idents:
                self._identities[client] = request.idents[0]
            if not self._isolated:
                return self.main
            door = door_of(request.idents)
            # A door tells the notebook; else the cells have to.
            cell_id = request.cell_id if door is None else None
            place = self.notebooks.place(
                client,
                cell_id,
                self._has_gone,
                silent=request.silent,
                files=self._files.with_cell,
            )
            if place.new:
                self._by_key[place.key] = self._make(place.key)
            if door is not None:
                self._by_door[door] = place.key
        if place.left is not None:
            self._end(self._by_key[place.left])
        return self._by_key[place.key]

    def at_hand(self) -> Session:
        """Give the session that the calling code belongs to."""
        session: Session = current_session.get(self.main)
        return session

    def forget(self, session: Session) -> None:
        """Let no further request come to a session."""
        with self._lock:
            key = self._key_of(session)
            if key is None:
                return
            del self._by_key[key]
            for client in self.notebooks[key].clients:
                self._identities.pop(client, None)
            self._by_door = {door: k for door, k in self._by_door.items() if k != key}
            self.notebooks.forget(key)

    def attach(self, client: str, session: Session) -> Session | None:
        """Give a client another session from its next request on.

        Returns:
            The session that it had, if no client is left there.
        """
        with self._lock:
            key = self._key_of(session)
            if key is None:
                raise LookupError("the session has ended")
            before = self.notebooks.of(client)
            left = self.notebooks.attach(client, key)
            for door, known in self._by_door.items():
                if known == before:
                    self._by_door[door] = key
            return None if left is None else self._by_key[left]

    def _key_of(self, session: Session) -> int | None:
        return next((key for key, other in self._by_key.items() if other is session), None)

    def running(self) -> list[Run]:
        """List the runs that have started and not ended."""
        return [run for session in self for run in session.tasks.running()]

    def _has_gone(self, client: str) -> bool:
        identity = self._identities.get(client)
        return identity is None or self._gone(identity)


def client_of(message: Message) -> str:
    """Give the id that a message's sender gives itself."""
    return str(message["header"].get("session", ""))
