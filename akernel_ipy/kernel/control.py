"""What comes on the control channel and is meant for one session."""

from __future__ import annotations

from typing import Any

from ..core.doors import door_of
from ..core.model import Message, Run
from ..session import Session
from .farewells import Farewells

ACTIONS = ("list", "end", "interrupt")


class Control(Farewells):
    """Interrupts one session, where it is known whose interrupt it is; lists and ends sessions."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.control_handlers["akernel_sessions_request"] = self.akernel_sessions_request

    async def interrupt_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Interrupt the cells of the session that asks; of all, if the sender has none.

        ipykernel 7.4 sends SIGINT to the process, which ends the cells of every session.
        """
        door = door_of(ident)
        session = self.sessions.known(parent) if door is None else self.sessions.behind(door)
        if session is None and door is None:
            await super().interrupt_request(stream, ident, parent)
            return
        if session is not None:
            self._interrupt_session(session)
        assert self.session is not None
        self.session.send(stream, "interrupt_reply", {"status": "ok"}, parent, ident=ident)

    async def shutdown_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """End the session behind a door; what comes through none ends the process.

        ipykernel 7.4 ends the process, which serves other notebooks too.
        """
        door = door_of(ident)
        if door is None:
            await super().shutdown_request(stream, ident, parent)
            return
        session = self.sessions.behind(door)
        if session is not None:
            self._interrupt_session(session)
            self.end_session(session)
        content = {"status": "ok", "restart": bool(parent["content"].get("restart"))}
        assert self.session is not None
        self.session.send(stream, "shutdown_reply", content, parent, ident=ident)

    def _interrupt_session(self, session: Session) -> None:
        def cancel() -> None:
            for run in session.tasks.running():
                session.tasks.interrupt(run)

        def wanted(run: Run) -> bool:
            return run in session.tasks

        self.interrupts.interrupt_some(wanted, cancel)

    async def akernel_sessions_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """List the sessions, end one, or interrupt one; for programs that start and stop notebooks.

        The content names an ``action`` (``list``, ``end``, ``interrupt``) and for the latter two
        the session, by the id of one of its clients (``client``) or by its ``id``. The reply lists
        what is there.
        """
        try:
            content = await self._steer_sessions(parent)
        except (LookupError, ValueError) as error:
            self._reply_error(ident, parent, error, stream)
            return
        assert self.session is not None
        self.session.send(stream, "akernel_sessions_reply", content, parent, ident=ident)

    async def _steer_sessions(self, parent: Message) -> dict[str, Any]:
        content = parent["content"]
        action = content.get("action", "list")
        if action not in ACTIONS:
            raise ValueError(f"action is {action!r}, not one of {', '.join(ACTIONS)}")
        if action != "list":
            session = self._find_session(content)
            if action == "interrupt":
                self._interrupt_session(session)
            else:
                self.end_session(session)
        sessions = [
            {
                "id": session.key,
                "clients": self.sessions.clients_of(session),
                "cells": session.cells,
                "running": len(session.tasks.running()),
                "flavour": str(session.mode),
            }
            for session in self.sessions.in_use
        ]
        return {"status": "ok", "isolated": self.isolated, "sessions": sessions}

    def _find_session(self, content: Message) -> Session:
        if not self.isolated:
            raise LookupError("all clients share one session")
        for session in self.sessions.in_use:
            named = content.get("client") in self.sessions.clients_of(session)
            if named or content.get("id") == session.key:
                return session
        raise LookupError("no such session")
