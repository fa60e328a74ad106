"""Middleware is folded around a runner, the first outermost."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akernel_ipy.core.model import ABORTED, Outcome, Run
from akernel_ipy.core.pipeline import Middleware, Runner, pipeline

from .runs import make_run


def recorder(record: list[str]) -> Runner:
    async def run_cell(run: Run) -> Outcome:
        record.append("cell")
        return Outcome(result=run.number)

    return run_cell


def named(name: str, record: list[str]) -> Middleware:
    async def layer(run: Run, inner: Runner) -> Outcome:
        record.append(f"{name} before")
        try:
            return await inner(run)
        finally:
            record.append(f"{name} after")

    return layer


@given(st.lists(st.text("abc", min_size=1), max_size=6))
def test_the_first_layer_is_outermost(names: list[str]) -> None:
    record: list[str] = []
    runner = pipeline([named(name, record) for name in names], recorder(record))
    outcome = asyncio.run(_call(runner, make_run(7)))
    assert outcome.result == 7
    before = [f"{name} before" for name in names]
    after = [f"{name} after" for name in reversed(names)]
    assert record == [*before, "cell", *after]


async def _call(runner: Runner, run: Run) -> Outcome:
    return await runner(run)


def test_a_layer_may_keep_a_run_from_the_cell() -> None:
    record: list[str] = []

    async def refuse(run: Run, inner: Runner) -> Outcome:
        return ABORTED

    runner = pipeline([named("outer", record), refuse], recorder(record))
    assert asyncio.run(_call(runner, make_run())) is ABORTED
    assert record == ["outer before", "outer after"]


def test_a_layer_may_run_the_cell_again() -> None:
    record: list[str] = []

    async def twice(run: Run, inner: Runner) -> Outcome:
        await inner(run)
        return await inner(run)

    asyncio.run(_call(pipeline([twice], recorder(record)), make_run()))
    assert record == ["cell", "cell"]


def test_a_cancellation_passes_all_layers() -> None:
    record: list[str] = []

    async def cancelled(run: Run) -> Outcome:
        raise asyncio.CancelledError

    runner = pipeline([named("outer", record), named("inner", record)], cancelled)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(_call(runner, make_run()))
    assert record == ["outer before", "inner before", "inner after", "outer after"]


def test_a_pipeline_serves_many_runs_at_once() -> None:
    started: list[int] = []

    async def cell(run: Run) -> Outcome:
        started.append(run.number)
        await asyncio.sleep(0)
        return Outcome(result=run.number)

    async def main() -> list[Outcome]:
        runner = pipeline([named("layer", [])], cell)
        return await asyncio.gather(*(_call(runner, make_run(n)) for n in (1, 2, 3)))

    assert [outcome.result for outcome in asyncio.run(main())] == [1, 2, 3]
    assert started == [1, 2, 3]
