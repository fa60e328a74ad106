"""Which cell a comm belongs to, so that what its callbacks print can be seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from .core.model import Message, Request, current_session, find_run

#: The comm message being handled.
comm_message: ContextVar[Mapping[str, Any] | None] = ContextVar("akernel_comm", default=None)


class CommOwners:
    """Remembers the cell that opened each comm.

    In every front-end, output whose parent is a ``comm_msg`` is shown in no cell; so a callback's
    output is given the header of the cell that made the widget. Only while an ipywidgets ``Output``
    captures (it names the comm message in its ``msg_id``) is the comm message the right parent.

    Args:
        route: sets the header of streams and displays in the calling context.
    """

    def __init__(self, route: Callable[[Mapping[str, Any]], None]) -> None:
        self._route = route
        self._owners: dict[str, Request] = {}
        self._sessions: dict[str, Any] = {}
        #: The newest request of each cell; cells of a notebook and of its copy have the same ids.
        self._latest: dict[tuple[Any, str], Request] = {}

    def note(self, comm_id: str, msg_type: str, data: Any) -> None:
        """Look at a comm message that leaves the kernel."""
        run = find_run()
        if run is not None:
            run.state.effects["it talks to a widget"] = None
        if msg_type == "comm_open":
            self._sessions[comm_id] = current_session.get(None)
            request = run.request if run is not None else self._handling()
            if request is not None:
                self._owners[comm_id] = request
        elif msg_type == "comm_close":
            self._drop(comm_id)
        elif isinstance(data, Mapping):
            self._note_capture(data.get("state"))

    def ran(self, request: Request) -> None:
        """A cell ran: from now on its older widgets print under its new request."""
        if request.cell_id is not None:
            self._latest[current_session.get(None), request.cell_id] = request

    def opened(self, message: Message) -> None:
        """A front-end has opened a comm: it is its session's."""
        comm_id = _comm_id(message)
        if comm_id is not None:
            self._sessions[comm_id] = current_session.get(None)

    def closed(self, message: Message) -> None:
        """A front-end has closed a comm."""
        self._drop(_comm_id(message) or "")

    def _drop(self, comm_id: str) -> None:
        self._owners.pop(comm_id, None)
        self._sessions.pop(comm_id, None)

    def session_of(self, message: Message) -> Any:
        """Give the session whose comm a message is about, if there is one."""
        return self._sessions.get(_comm_id(message) or "")

    def of(self, session: Any) -> list[str]:
        """List the comms of a session."""
        return [comm_id for comm_id, owner in self._sessions.items() if owner is session]

    def forget(self, session: Any) -> None:
        """Let go of what belongs to a session."""
        for comm_id in self.of(session):
            self._drop(comm_id)
        for key in [key for key in self._latest if key[0] is session]:
            del self._latest[key]

    def enter(self, message: Mapping[str, Any]) -> None:
        """Handle a comm message in the calling context."""
        comm_message.set(message)
        request = self._owner(message)
        self._route((message if request is None else request.message)["header"])

    def _owner(self, message: Mapping[str, Any]) -> Request | None:
        comm_id = _comm_id(message)
        request = None if comm_id is None else self._owners.get(comm_id)
        if comm_id is not None and request is not None and request.cell_id is not None:
            return self._latest.get((self._sessions.get(comm_id), request.cell_id), request)
        return request

    def _handling(self) -> Request | None:
        # A widget made in a widget's callback belongs to the cell of the first one.
        message = comm_message.get()
        return None if message is None else self._owner(message)

    def _note_capture(self, state: Any) -> None:
        message = comm_message.get()
        if message is None or not isinstance(state, Mapping) or "msg_id" not in state:
            return
        request = self._owner(message)
        if state["msg_id"] == message["header"]["msg_id"]:
            self._route(message["header"])
        elif not state["msg_id"] and request is not None:
            self._route(request.message["header"])


def _comm_id(message: Message) -> str | None:
    content = message.get("content")
    comm_id = content.get("comm_id") if isinstance(content, Mapping) else None
    return comm_id if isinstance(comm_id, str) else None


class SessionTargets(dict[str, Any]):
    """What answers comms that front-ends open: a notebook's own targets are its session's.

    comm 0.2 `CommManager.targets` is one for the process: the newest notebook that registers a name
    would get the comms of all. What an imported module registers is everybody's.
    """

    def __init__(self, everybodys: Mapping[str, Any]) -> None:
        super().__init__(everybodys)
        self._of_session: dict[Any, dict[str, Any]] = {}

    def _own(self) -> dict[str, Any]:
        return self._of_session.get(current_session.get(None), {})

    def __setitem__(self, name: str, target: Any) -> None:
        if of_notebook(target):
            self._of_session.setdefault(current_session.get(None), {})[name] = target
        else:
            super().__setitem__(name, target)

    def __getitem__(self, name: str) -> Any:
        own = self._own()
        return own[name] if name in own else super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        return name in self._own() or super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Give the target of a name, the session's own first."""
        try:
            return self[name]
        except KeyError:
            return default

    def pop(self, name: str, *default: Any) -> Any:
        """Take a target away, the session's own first."""
        own = self._own()
        return own.pop(name) if name in own else super().pop(name, *default)

    def forget(self, session: Any) -> None:
        """Take the targets of a session away."""
        self._of_session.pop(session, None)


def of_notebook(target: Any) -> bool:
    """Whether a function or a callable object was defined in a cell."""
    function = getattr(target, "func", target)  # functools.partial
    module = getattr(function, "__module__", None) or type(function).__module__
    return bool(module == "__main__")
