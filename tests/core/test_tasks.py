"""The live runs of a session, and the handles that ``__task__`` gives, on a plain asyncio loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akernel_ipy.core.errors import TaskDeadlockError, TaskLookupError
from akernel_ipy.core.model import Run, current_run
from akernel_ipy.tasks import Tasks

from .runs import make_run


class Session:
    """Runs cells as a session does, without a kernel."""

    def __init__(self) -> None:
        self.out: dict[int, Any] = {}
        self.withdrawn: list[Run] = []
        self.tasks = Tasks(lambda: self.out, self._withdraw)
        self.number = 0
        self.count = 0

    def _withdraw(self, run: Run) -> bool:
        self.withdrawn.append(run)
        return True

    def arrive(
        self, work: Callable[[Run], Awaitable[Any]] | None = None, **content: Any
    ) -> tuple[Run, asyncio.Task[Any]]:
        """Track a run whose task does ``work`` once it is told to start; else it waits."""
        self.number += 1
        run = make_run(self.number, f"cell {self.number}", **content)

        async def execute() -> None:
            if work is None:
                await asyncio.Event().wait()
                return
            current_run.set(run)
            self.start(run)
            try:
                value = await work(run)
                if value is not None:
                    self.out[run.count] = value
            finally:
                self.end(run)

        task = asyncio.get_running_loop().create_task(execute())
        self.tasks.track(run, task)
        return run, task

    def start(self, run: Run) -> None:
        run.state.active, run.state.started = True, 1.0
        self.tasks.start(run)
        if not run.request.silent:
            self.count += 1
        run.state.count = self.count

    def end(self, run: Run) -> None:
        run.state.active = False
        self.tasks.end(run)


async def give(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


def test_a_run_is_live_from_its_arrival_to_its_end() -> None:
    async def main() -> None:
        session = Session()
        run, task = session.arrive(lambda run: give(1))
        assert [*session.tasks] == [run]
        assert session.tasks.running() == []
        await asyncio.sleep(0)
        assert session.tasks.running() == [run]
        assert session.tasks.started == 1
        await task
        assert (len(session.tasks), session.tasks.started) == (0, 0)

    asyncio.run(main())


def test_a_run_that_never_started_does_not_count_as_started() -> None:
    async def main() -> None:
        session = Session()
        run, task = session.arrive()
        session.tasks.end(run)
        assert session.tasks.started == 0
        task.cancel()

    asyncio.run(main())


def test_a_subshells_run_which_is_not_tracked_does_not_count() -> None:
    session = Session()
    run = make_run()
    session.tasks.start(run)
    session.tasks.end(run)
    assert session.tasks.started == 0


def test_a_handle_gives_the_result_of_the_cell_before() -> None:
    async def main() -> None:
        session = Session()

        async def wait_for_previous(run: Run) -> Any:
            return await session.tasks.find(-1, run) + 1

        session.arrive(lambda run: give(41))
        _, task = session.arrive(wait_for_previous)
        await task
        assert session.out == {1: 41, 2: 42}

    asyncio.run(main())


def test_a_failed_cell_gives_none() -> None:
    async def main() -> None:
        session = Session()

        async def fail(run: Run) -> Any:
            await asyncio.sleep(0)
            raise ValueError

        _, failing = session.arrive(fail)
        waiting = session.tasks.find(-1, None)
        with pytest.raises(ValueError):  # noqa: PT011
            await failing
        assert await waiting is None
        assert waiting.done()

    asyncio.run(main())


def test_before_a_handles_cell_has_ended_its_result_is_none() -> None:
    async def main() -> None:
        session = Session()
        session.arrive(lambda run: give(1))
        handle = session.tasks.find(-1, None)
        assert not handle.done()
        assert handle.result() is None
        assert await handle == 1
        assert handle.result() == 1

    asyncio.run(main())


@pytest.mark.parametrize(
    ("n", "complaint"),
    [(0, "give -1"), (-3, "fewer than 3"), (7, r"In \[7\] has not run")],
)
def test_a_cell_that_is_not_there_is_a_clear_error(n: int, complaint: str) -> None:
    async def main() -> None:
        session = Session()
        for _ in range(2):
            _, task = session.arrive(lambda run: give(None))
            await task
        with pytest.raises(TaskLookupError, match=complaint):
            session.tasks.find(n, None)

    asyncio.run(main())


def test_the_first_cell_has_a_previous_one_that_is_done() -> None:
    async def main() -> None:
        session = Session()

        async def look_back(run: Run) -> Any:
            handle = session.tasks.find(-1, run)
            assert handle.done()
            assert not handle.cancel()
            return await handle

        _, task = session.arrive(look_back)
        await task
        assert session.out == {}

    asyncio.run(main())


def test_silent_requests_are_no_previous_cells() -> None:
    async def main() -> None:
        session = Session()
        _, first = session.arrive(lambda run: give("first"))
        _, silent = session.arrive(lambda run: give(None), silent=True)
        await asyncio.gather(first, silent)
        assert await session.tasks.find(-1, None) == "first"

    asyncio.run(main())


def test_waiting_for_oneself_is_an_error_whatever_the_way_round() -> None:
    async def main() -> None:
        session = Session()
        told: list[str] = []

        async def wait_for(n: int, run: Run) -> None:
            await asyncio.sleep(0)
            try:
                await session.tasks.find(n, run)
            except TaskDeadlockError as error:
                told.append(str(error))

        tasks = [session.arrive(lambda run, n=n: wait_for(n, run))[1] for n in (2, 3, 1)]
        await asyncio.gather(*tasks)
        assert len(told) == 1
        assert "would wait for itself" in told[0]

    asyncio.run(main())


def test_a_wait_that_is_given_up_is_forgotten() -> None:
    async def main() -> None:
        session = Session()
        run, slow = session.arrive(lambda run: give_when(session_may_end))
        waiter = make_run(99)
        waiting = asyncio.ensure_future(session.tasks.wait(run, waiter))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        # The other way round is no deadlock now.
        assert session.tasks._waits == {}
        session_may_end.set()
        await slow

    async def give_when(event: asyncio.Event) -> None:
        await event.wait()

    session_may_end = asyncio.Event()
    asyncio.run(main())


def test_an_interrupt_cancels_the_task_and_says_that_it_was_one() -> None:
    async def main() -> None:
        session = Session()
        run, task = session.arrive(lambda run: asyncio.Event().wait())
        assert not session.tasks.interrupt(run), "it has not started"
        await asyncio.sleep(0)
        assert session.tasks.interrupt(run)
        assert run.state.interrupted
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not session.tasks.interrupt(run), "it has ended"

    asyncio.run(main())


def test_cancelling_what_has_not_started_withdraws_it() -> None:
    async def main() -> None:
        session = Session()
        run, task = session.arrive()
        assert session.tasks.find(-1, None).cancel()
        assert session.withdrawn == [run]
        assert not task.cancelled()
        task.cancel()

    asyncio.run(main())


def test_a_handle_says_what_it_is() -> None:
    async def main() -> None:
        session = Session()
        _, task = session.arrive(lambda run: give(1))
        handle = session.tasks.find(-1, None)
        assert repr(handle) == "<__task__ In [*] running>"
        await asyncio.sleep(0)
        assert repr(handle) == "<__task__ In [1] running>"
        await task
        assert repr(handle) == "<__task__ In [1] done>"

    asyncio.run(main())


def test_a_re_run_is_live_and_no_previous_cell() -> None:
    async def main() -> None:
        session = Session()
        _, first = session.arrive(lambda run: give("cell"))
        await first
        rerun = make_run(1)
        rerun.state.rerun = rerun.state.active = True
        rerun.state.started, rerun.state.count = 1.0, 1
        task = asyncio.ensure_future(asyncio.Event().wait())
        session.tasks.track(rerun, task)
        session.tasks.start(rerun)
        assert session.tasks.running() == [rerun]
        assert session.tasks.before(make_run(2)) is None
        session.tasks.end(rerun)
        assert session.tasks.started == 0
        task.cancel()

    asyncio.run(main())


events = st.lists(
    st.tuples(st.sampled_from(["arrive", "silent", "start", "end"]), st.integers(0, 50)),
    max_size=40,
)


@given(events)
def test_whatever_happens_the_bookkeeping_is_that_of_a_list(history: list[tuple[str, int]]) -> None:
    async def main() -> None:
        session = Session()
        tasks = session.tasks
        arrived: list[tuple[Run, asyncio.Task[Any]]] = []
        for what, index in history:
            live = [run for run, _ in arrived if run in [*tasks]]
            if what in ("arrive", "silent"):
                arrived.append(session.arrive(silent=what == "silent"))
            elif live:
                run = live[index % len(live)]
                if what == "start" and not run.active:
                    session.start(run)
                elif what == "end":
                    session.end(run)
            check(session, [run for run, _ in arrived])
        for _, task in arrived:
            task.cancel()

    def check(session: Session, runs: list[Run]) -> None:
        tasks = session.tasks
        live = [run for run in runs if run in [*tasks]]
        assert [*tasks] == live
        assert tasks.running() == [run for run in live if run.active]
        assert tasks.started == len(tasks.running())
        for place, run in enumerate(runs):
            earlier = [other for other in runs[:place] if other in live]
            assert tasks.before(run) is (earlier[-1] if earlier else None)
        cells = [run for run in runs if not run.request.silent]
        for back, run in enumerate(reversed(cells), start=1):
            handle = tasks.find(-back, None)
            assert handle.done() == (run not in live)
        if cells:
            with pytest.raises(TaskLookupError):
                tasks.find(-len(cells) - 1, None)

    asyncio.run(main())
