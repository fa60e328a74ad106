"""What a request, a run and its outcome are, and which run the code at hand belongs to."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

from .directives import Directive

#: A Jupyter message, as jupyter_client deserializes it.
Message = Mapping[str, Any]

Status = Literal["ok", "error", "aborted"]


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of an ``execute_request`` that decide what happens, and the message itself.

    Raises:
        ValueError: by `from_message`, naming the field that is missing or has the wrong type.
    """

    code: str
    silent: bool
    store_history: bool
    user_expressions: Mapping[str, str]
    allow_stdin: bool
    stop_on_error: bool
    cell_id: str | None
    session_id: str
    msg_id: str
    message: Message = field(repr=False)
    idents: tuple[bytes, ...] = ()
    #: It was typed into a console, or the like, which shows text alone.
    at_prompt: bool = False

    @property
    def counts(self) -> bool:
        """Whether the cell gets a number of its own and goes into the history."""
        return self.store_history and bool(self.code) and not self.code.isspace()

    @property
    def tags(self) -> tuple[object, ...]:
        """The cell's tags, which front-ends send with its metadata; what is true there counts too.

        A tag ``thread`` and an entry ``"thread": true`` mean the same.
        """
        metadata = self.message.get("metadata")
        if not isinstance(metadata, Mapping):
            return ()
        tags = metadata.get("tags")
        listed = tuple(tags) if isinstance(tags, list | tuple) else ()
        return (*(name for name, value in metadata.items() if value is True), *listed)

    @classmethod
    def from_message(
        cls, message: Message, idents: tuple[bytes, ...] = (), *, prompt: bool = False
    ) -> Request:
        """Read a deserialized ``execute_request``, with the defaults of the messaging spec.

        Args:
            message: the request.
            idents: who sent it.
            prompt: the sender has a prompt; it may have cells, too.
        """
        content = message.get("content")
        if not isinstance(content, Mapping):
            raise ValueError("execute_request: content is not an object")
        code = content.get("code")
        if not isinstance(code, str):
            raise ValueError(f"execute_request: code is {type(code).__name__}, not a string")
        silent = bool(content.get("silent", False))
        expressions = content.get("user_expressions") or {}
        if not isinstance(expressions, Mapping):
            raise ValueError("execute_request: user_expressions is not an object")
        metadata = message.get("metadata") or {}
        cell_id = metadata.get("cellId") if isinstance(metadata, Mapping) else None
        header = message["header"]
        return cls(
            code=code,
            silent=silent,
            store_history=bool(content.get("store_history", not silent)) and not silent,
            user_expressions=expressions,
            allow_stdin=bool(content.get("allow_stdin", False)),
            stop_on_error=bool(content.get("stop_on_error", True)),
            cell_id=cell_id if isinstance(cell_id, str) else None,
            session_id=str(header.get("session", "")),
            msg_id=str(header["msg_id"]),
            message=message,
            idents=idents,
            at_prompt=prompt and not isinstance(cell_id, str),
        )


@dataclass(slots=True)
class RunState:
    """What changes while a run runs; owned by that run alone."""

    #: True from the first step of the run until its reply is ready.
    active: bool = False
    #: When the request arrived, the run started and ended, by `time.monotonic`.
    arrived: float = field(default_factory=time.monotonic)
    started: float = 0.0
    ended: float = 0.0
    #: When the first of the requests arrived that were sent in one go with this one.
    batch: float = 0.0
    #: Number shown in ``In [n]``; set when the run starts.
    count: int = 0
    #: Its number is its place in the order of arrival, whenever it starts and ends.
    ordered: bool = False
    #: What ``shell.execution_count`` says inside this run.
    execution_count: int = 0
    #: True while IPython is about to count this run itself.
    counting: bool = False
    #: The cancellation came from an interrupt or from ``%akernel cancel``.
    interrupted: bool = False
    #: The cell after IPython's input transformers.
    source: str = ""
    #: ``%%cache`` and the like on top of the cell, and those among its tags.
    directives: tuple[Directive, ...] = ()
    #: What the transformers raised, as `sys.exc_info` gives it.
    problem: Any = None
    #: Whether they wanted to warn of something before the cell's turn had come.
    warns: bool = False
    traceback: list[str] | None = None
    #: What its statement raised and has shown.
    shown_error: BaseException | None = None
    #: How many statements are under way: a cell may run another one's code in between.
    depth: int = 0
    #: The exception that the displayhook met while it formatted the result.
    display_error: BaseException | None = None
    display_message: dict[str, Any] | None = None
    exec_result: Any = None
    payload: list[dict[str, Any]] = field(default_factory=list)
    #: matplotlib figure managers made by this run, by number.
    figures: OrderedDict[Any, Any] | None = None
    #: The inline backend's flags: something was drawn, and what.
    drew: bool = False
    to_draw: list[Any] = field(default_factory=list)
    #: Lets a later update find the run's result.
    display_id: str | None = None
    #: The run repeats an earlier request's cell: no history, and its outputs replace the old ones.
    rerun: bool = False
    #: Nobody wants to see how it ends: a newer run of the cell takes its place.
    superseded: bool = False
    #: The last ``execute_result``: its data and metadata.
    shown: tuple[dict[str, Any], dict[str, Any]] | None = None
    #: The cell has given the loop back at least once.
    waited: bool = False
    #: How many steps it has made: pieces of it between two awaits.
    steps: int = 0
    #: Brings back what it made an earlier time, instead of running it: set by the cache.
    replay: Callable[[], None] | None = None
    #: What the kernel saw it do that can't be done again from a store, as ends of sentences.
    effects: dict[str, None] = field(default_factory=dict)
    #: Somebody else says busy and idle for it: a subshell, the control channel.
    aside: bool = False
    #: The reply has been sent.
    replied: bool = False
    #: It has been decided where its statements run.
    placed: bool = False
    #: The thread that its statements run in, if they do.
    thread: Any = None
    #: Metadata of the reply, begun when the run starts.
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def unwanted(self) -> bool:
        """Whether nobody wants to see how it ends."""
        return self.superseded or (self.thread is not None and self.thread.left)


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One evaluation of one cell; ``cause`` is the run whose change made it necessary."""

    request: Request
    #: Position among the runs of its session, in order of arrival, from 1.
    number: int
    cause: Run | None = None
    state: RunState = field(default_factory=RunState)

    @property
    def active(self) -> bool:
        """Whether the run has started and has not ended."""
        return self.state.active

    @property
    def count(self) -> int:
        """The number of ``In [n]``."""
        return self.state.count

    @property
    def age(self) -> float:
        """Seconds since the run started."""
        return time.monotonic() - self.state.started

    @property
    def label(self) -> str:
        """Name the cell for people: its number and its first line."""
        line = next(iter(self.request.code.strip().splitlines()), "")
        shown = line if len(line) <= 60 else f"{line[:59]}…"
        return f"In [{self.state.count or '*'}] {shown}".rstrip()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to: its status, its value, and what it changed."""

    status: Status = "ok"
    result: Any = None
    ename: str = ""
    evalue: str = ""
    traceback: tuple[str, ...] = ()
    user_expressions: Mapping[str, Any] = field(default_factory=dict)
    payload: tuple[Mapping[str, Any], ...] = ()


ABORTED = Outcome(status="aborted")


#: The run that the code at hand belongs to: a cell's own code, its tasks and callbacks.
current_run: ContextVar[Run] = ContextVar("akernel_run")

#: The same for threads and executor work items, whose binding ends with the run.
thread_run: ContextVar[Run | None] = ContextVar("akernel_thread_run", default=None)

#: The session that the code at hand belongs to, also after its cell has ended.
current_session: ContextVar[Any] = ContextVar("akernel_session")


def find_run() -> Run | None:
    """Find the run that the calling code belongs to, in a task or in a thread."""
    run = current_run.get(None)
    if run is None:
        run = thread_run.get()
        if run is not None and not run.active:
            return None
    return run


def own_number(number: int) -> int:
    """Give the number of the cell that the calling code compiles.

    Args:
        number: what IPython takes for it: that of the next cell, if this one is run again.
    """
    run = find_run()
    return run.count if run is not None and run.state.rerun else number


def header_of_caller(owner: Any) -> Any:
    """Find the header that the calling task or thread belongs to, else the last one set.

    ipykernel 7.4 looks no further than its ContextVar, which a plain thread does not have: its
    output then goes to the cell started last. A thread belongs to the cell that started it, while
    that runs, and after that to the cell that its session started last.
    """
    try:
        return owner._parent_header.get()
    except LookupError:
        request = request_of_thread()
        return owner._parent_header_global if request is None else request.message["header"]


def request_of_thread() -> Request | None:
    """Find the request that a thread belongs to, None if that is the one of the process."""
    run = thread_run.get()
    if run is not None and run.active:
        return run.request
    session = current_session.get(None)
    last: Request | None = None if session is None else session.last_request
    return last


def set_header(owner: Any, value: Any) -> None:
    """Set the header of the calling context, and the one that others fall back on."""
    owner._parent_header.set(value)
    owner._parent_header_global = value
