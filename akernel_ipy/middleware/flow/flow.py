"""The ordering middleware: decides with `core.hazards`, and acts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from ...core.hazards import Access, Board, Entry, Notes, access_of, text_of
from ...core.model import ABORTED, Outcome, Run
from ...core.names import CellSyntaxError, analyze
from ...core.parsing import quietly
from ...core.pipeline import Runner
from .failures import Failures
from .gate import Gate
from .stories import Fate, Stories, Story


class Host(Protocol):
    """What the middleware needs from the session that it works for."""

    @property
    def shell(self) -> Any:
        """Transforms cells, numbers runs, holds the namespace."""

    @property
    def outputs(self) -> Any:
        """Shows errors."""

    @property
    def abort_window(self) -> float:
        """Seconds after an error within which arriving requests are aborted, too."""

    def arrived(self) -> int:
        """Take in the requests that have arrived; give the number of the last one."""


@dataclass(eq=False)
class Ticket:
    """A run that waits or runs."""

    run: Run
    story: Story
    turn: asyncio.Future[None]
    entry: Entry = field(default_factory=lambda: Entry(0, Access))
    looks: int = 0


class Flow:
    """Starts a cell when no earlier unfinished one of its session shares data with it."""

    def __init__(self, host: Host) -> None:
        self.stories = Stories()
        self._host = host
        self._notes = Notes()
        self._failures = Failures()
        self._board = Board(self._decided)
        self._tickets: dict[int, Ticket] = {}
        #: Tickets of runs that have no number in the notebook yet, in order of arrival.
        self._unnumbered: dict[int, Ticket] = {}
        self._strangers: dict[Run, Entry] = {}
        #: Orders evaluations, where there are others than those of requests.
        self.gate = Gate(self._access, lambda: host.outputs)

    async def __call__(self, run: Run, inner: Runner) -> Outcome:
        """Wait for the cells that this one shares data with, then run."""
        ticket, outcome = self._enter(run), ABORTED
        try:
            await ticket.turn
            if ticket.story.fate is not None:
                if run.state.count:
                    self._host.shell.pass_over(run)
                return outcome
            self._number(run)
            outcome = await inner(run)
            return outcome
        finally:
            self._leave(ticket, outcome)

    def admit(self, runs: Iterable[Run]) -> None:
        """Wait for runs that began under another flavour: nothing is known of them."""
        for run in runs:
            if run.number not in self._tickets and run not in self._strangers:
                self.stories.begin(run)
                self._strangers[run] = self._board.enter(run.number, _anything)

    def gone(self, run: Run) -> None:
        """A run of whatever flavour has ended, or never will begin."""
        entry = self._strangers.pop(run, None)
        if entry is not None:
            self._board.leave(entry)

    # -- coming and going ------------------------------------------------------------------

    def _enter(self, run: Run) -> Ticket:
        self._supersede(run)
        turn = asyncio.get_running_loop().create_future()
        ticket = Ticket(run, self.stories.begin(run), turn)
        self._tickets[run.number] = self._unnumbered[run.number] = ticket
        self._board.enter(run.number, partial(self._look, ticket))
        culprit = self._failures.culprit(run, ticket.entry.access, self._board)
        if culprit is not None:
            self._doom(ticket, Fate("failed", culprit))
        return ticket

    def _decided(self, entry: Entry) -> None:
        """The board has looked at a cell: it may start, or waits."""
        ticket = self._tickets.get(entry.number)
        if ticket is None:
            return
        ticket.entry = entry
        ticket.story.waits(entry.blockers)
        if entry.granted and not ticket.turn.done():
            ticket.turn.set_result(None)

    def _leave(self, ticket: Ticket, outcome: Outcome) -> None:
        run, fate = ticket.run, ticket.story.fate
        ticket.story.end(outcome.status)
        if run.state.started:
            waited = self.stories.told(ticket.story)
            run.state.metadata.setdefault("akernel", {})["waited"] = waited
        if outcome.status == "ok":
            self._failures.heal(run, ticket.entry.access)
        elif (fate is None or fate.kind == "failed") and _stops(run):
            self._fail(ticket)
        del self._tickets[run.number]
        self._unnumbered.pop(run.number, None)
        self._board.leave(ticket.entry)

    def _fail(self, ticket: Ticket) -> None:
        """Abort what depends on a failed cell's data, and take note of it for what comes."""
        run, fate = ticket.run, ticket.story.fate
        culprit = run.number if fate is None else fate.culprit
        until, deadline = self._host.arrived(), time.monotonic() + self._host.abort_window
        namespace = self._host.shell.user_ns
        self._failures.add(run, culprit, ticket.entry.access, until, deadline, namespace)
        for entry in self._board.depends(ticket.entry):
            waiter = self._tickets.get(entry.number)
            if waiter is not None and waiter.run.request.session_id == run.request.session_id:
                self._doom(waiter, Fate("failed", culprit))

    def _doom(self, ticket: Ticket, fate: Fate) -> None:
        if ticket.story.fate is None:
            ticket.story.fate = fate
            if not ticket.turn.done():
                ticket.turn.set_result(None)

    def _supersede(self, run: Run) -> None:
        """A cell that is asked for again while it waits need not run twice.

        But if others wait for what it defines, it runs: the order of the requests decides.
        """
        cell_id = run.request.cell_id
        if cell_id is None:
            return
        for ticket in self._tickets.values():
            waits = ticket.run.request.cell_id == cell_id and not ticket.turn.done()
            if waits and not self._board.depends(ticket.entry):
                self._doom(ticket, Fate("superseded", run.number))

    def _number(self, run: Run) -> None:
        """Number the cells that this one overtakes: ``In [n]`` is by arrival."""
        run.state.ordered = True
        self._unnumbered.pop(run.number, None)
        for number, ticket in list(self._unnumbered.items()):
            if number > run.number:
                break
            if ticket.story.fate is None:
                del self._unnumbered[number]
                ticket.run.state.ordered = True
                self._host.shell.count(ticket.run)

    # -- what a cell may do ----------------------------------------------------------------

    def _look(self, ticket: Ticket) -> Access:
        """Say what a request may do that has not been evaluated."""
        run = ticket.run
        ticket.looks += 1
        if ticket.looks > 1 and not ticket.entry.granted:
            # What it waited for may have defined a magic, an alias, a name that is one too.
            run.state.source, run.state.problem = "", None
        return self._access(run, in_order=True)

    def _access(self, run: Run, *, in_order: bool = False) -> Access:
        """Say what a run may do; ``in_order``: requests before it may give its text a meaning."""
        try:
            source = self._source(run)
            try:
                names = analyze(source)
                text = text_of(source, names)
            except (CellSyntaxError, RecursionError):
                # An earlier cell may define the magic or the alias that makes it Python.
                if in_order and any(entry.number < run.number for entry in self._board):
                    return Access(barrier="what is no Python yet")
                return Access()
            self._notes.take(source, names, text)
            return access_of(source, names, self._host.shell.user_ns, self._notes)
        except Exception as error:
            # An object of the user's that can't be looked at: the cell waits its turn.
            return Access(barrier=f"{type(error).__name__} while it was looked at: {error}")

    def _source(self, run: Run) -> str:
        """The cell as Python, and what else its request evaluates."""
        source: str = run.state.source or self._host.shell.prepare(run)
        for expression in run.request.user_expressions.values():
            try:
                with quietly():
                    compile(expression, "<user expression>", "eval")
            except (SyntaxError, ValueError, TypeError):
                continue  # the reply will say so
            source += f"\n({expression})"
        return source


def _anything() -> Access:
    return Access(barrier="another flavour")


def _stops(run: Run) -> bool:
    return run.request.stop_on_error and not run.request.silent
