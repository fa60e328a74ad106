"""From requests to runs, and from outcomes to replies."""

from __future__ import annotations

from typing import Any

from ..core.model import Outcome, Request, Run, current_run, current_session
from ..interrupts import Interrupts
from ..session import Session
from ..wire.gate import gate
from .dispatch import Dispatch


class Execution(Dispatch):
    """Carries each ``execute_request`` from its arrival to its idle."""

    interrupts: Interrupts

    def _accept(self, idents: list[bytes], message: dict[str, Any]) -> None:
        try:
            prompt = self.sessions.is_prompt(message)
            request = Request.from_message(message, tuple(idents), prompt=prompt)
        except ValueError as error:
            context = self._session_of(message).context.copy()
            self._serve(self._refuse(idents, message, error), context)
            return
        session = self.sessions.place(request)
        run = session.new_run(request)
        task = self._spawn(self._execute(session, run), session.context.copy())
        session.tasks.track(run, task)
        task.add_done_callback(lambda _: self._close(session, run))

    def _close(self, session: Session, run: Run) -> None:
        """See that a request is answered even if a cell cancelled its task before it began."""
        if not run.state.replied:
            session.drop(run)
            self._finish(session, run, {"status": "aborted"})

    async def _execute(self, session: Session, run: Run) -> None:
        """Carry one ``execute_request`` from its arrival to its idle."""
        request = run.request
        self.set_parent(list(request.idents), request.message, channel="shell")
        self._note_last(session, request)
        current_run.set(run)
        try:
            reply = await self.do_execute(
                request.code,
                request.silent,
                request.store_history,
                dict(request.user_expressions),
                request.allow_stdin,
                cell_meta=request.message.get("metadata"),
                cell_id=request.cell_id,
            )
        except Exception as error:
            # A fault of the kernel's or of a subclass's, not of the cell's: nobody shall wait.
            self.log.exception("Could not execute %r", run.label)
            failed = Outcome(status="error", ename=type(error).__name__, evalue=str(error))
            reply = self._reply_content(run, failed)
        self._finish(session, run, reply)

    def _note_last(self, session: Session, request: Request) -> None:
        """Note what threads of a session answer to whose cell has ended, if there are others."""
        if self.isolated and (not request.silent or session.last_request is None):
            session.last_request = request

    def _finish(self, session: Session, run: Run, reply: dict[str, Any]) -> None:
        with gate:
            self._say_end(session, run, reply)

    def _say_end(self, session: Session, run: Run, reply: dict[str, Any]) -> None:
        request = run.request
        if not run.state.started:
            self._publish_status("busy", "shell", request.message)
        self._reply(run, reply, self.shell_stream)
        if reply["status"] == "error" and request.stop_on_error and not request.silent:
            session.abort_waiting(request.session_id, self.stop_on_error_timeout)
        self.interrupts.reinstall()
        self._idle(request.message)

    async def do_execute(
        self,
        code: str,
        silent: bool,
        store_history: bool = True,
        user_expressions: dict[str, str] | None = None,
        allow_stdin: bool = False,
        *,
        cell_meta: Any = None,
        cell_id: str | None = None,
    ) -> dict[str, Any]:
        """Run a cell in the session of the request at hand; return the reply's content."""
        run = current_run.get(None)
        if run is None or run.state.started:
            # Called by other code than a request's own task.
            assert self.session is not None
            parent = self.get_parent("shell") or self.session.msg("execute_request")
            content = {
                "code": code,
                "silent": silent,
                "store_history": store_history,
                "user_expressions": user_expressions,
                "allow_stdin": allow_stdin,
            }
            metadata = {**(cell_meta or {}), **({"cellId": cell_id} if cell_id else {})}
            message = {**parent, "content": content, "metadata": metadata}
            session = self.sessions.at_hand()
            run = session.new_run(Request.from_message(message))
            return self._reply_content(run, await session.evaluate_aside(run))
        session = self.sessions.at_hand()
        return self._reply_content(run, await session.submit(run))

    async def execute_request(self, stream: Any, ident: Any, parent: Any) -> None:
        """Execute for a subshell or for the control channel, in its thread, in its order.

        Who calls it sends busy and idle. ipykernel 7.4 shows what comes from the control channel
        in the cell started last.
        """
        self.bind_context(ident, parent)
        try:
            request = Request.from_message(parent, tuple(ident))
        except ValueError as error:
            self._reply_error(ident, parent, error, stream)
            return
        session = self.sessions.place(request)
        current_session.set(session)
        self._note_last(session, request)
        run = session.new_run(request)
        outcome = await session.evaluate_aside(run)
        reply = self._reply_content(run, outcome)
        self._reply(run, reply, stream)
        if outcome.status == "error" and request.stop_on_error and not request.silent:
            super()._abort_queues(parent["header"].get("subshell_id"))

    def begin_run(self, run: Run) -> None:
        """A run starts: its busy, its number, its input."""
        request = run.request
        message = request.message
        if not run.state.aside:
            self._publish_status("busy", "shell", message)
        run.state.metadata = self.init_metadata(message)
        self.comm_owners.ran(request)
        self.figures.look(run)
        if not request.silent:
            self._publish_execute_input(request.code, message, run.count)

    def end_run(self, run: Run) -> None:
        """A run has ended: figures that it did not close are everybody's."""
        self.figures.leave_open(run)

    def bind(self, run: Run) -> None:
        """Bind the calling context to a re-run: it answers its cell's own request again."""
        self.bind_context(list(run.request.idents), run.request.message)
        current_run.set(run)

    def _reply_content(self, run: Run, outcome: Outcome) -> dict[str, Any]:
        if outcome.status == "aborted":
            return {"status": "aborted"}
        reply: dict[str, Any] = {"status": outcome.status}
        if outcome.status == "error":
            reply["ename"], reply["evalue"] = outcome.ename, outcome.evalue
            reply["traceback"] = list(outcome.traceback)
            # Deprecated in ipykernel, but ipyparallel still reads it.
            reply["engine_info"] = {
                "engine_uuid": self.ident,
                "engine_id": self.int_id,
                "method": "execute",
            }
        # What isn't counted is answered with the number before, as by ipykernel.
        reply["execution_count"] = run.count - (not run.request.counts)
        reply["user_expressions"] = dict(outcome.user_expressions)
        reply["payload"] = list(outcome.payload)
        return reply

    def _reply(self, run: Run, content: dict[str, Any], stream: Any) -> None:
        self.flush()
        run.state.replied = True
        message = run.request.message
        metadata = self.finish_metadata(
            message, run.state.metadata or self.init_metadata(message), content
        )
        assert self.session is not None
        self.session.send(
            stream,
            "execute_reply",
            content,
            dict(message),
            metadata=metadata,
            ident=list(run.request.idents),
        )
