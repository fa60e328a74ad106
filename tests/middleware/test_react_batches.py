"""react: which requests were sent in one go, and who is spared a run for it."""

from __future__ import annotations

import asyncio

import pytest

from akernel_ipy.core.model import Request, Run, RunState
from akernel_ipy.middleware.react.batches import Batches

from .notebook import Notebook


def run_of(arrived: float, date: object, session: str = "s") -> Run:
    header = {"msg_id": "m", "session": session, "date": date}
    request = Request.from_message({"header": header, "content": {"code": "1"}})
    return Run(request, 1, state=RunState(arrived=arrived))


def at(milliseconds: float) -> str:
    return f"2026-01-01T00:00:{milliseconds / 1000:06.3f}Z"


def exactly(milliseconds: float) -> str:
    return f"2026-01-01T00:00:{milliseconds / 1000 + 4e-6:09.6f}+00:00"


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        # Without dates: it arrived before the other one had ended, or not.
        ((1.0, 1.5, None), (1.4, None), True),
        ((1.0, 1.5, None), (1.6, None), False),
        ((1.0, None, None), (1.6, None), True),
        ((1.0, None, None), (9.0, None), False),
        ((1.0, 1.5, "nonsense"), (1.6, 5), False),
        # The page takes its time from one request to the next, and the kernel is quicker.
        ((1.0, 1.001, at(0)), (1.04, at(36)), True),
        ((1.0, 1.001, at(0)), (1.25, at(250)), False),
        # A cell that blocks, or a slow way, delays the next request: it was sent at once.
        ((1.0, 6.0, at(0)), (6.1, at(2)), True),
        ((1.0, 1.001, exactly(0)), (3.0, exactly(0.5)), True),
        # A program sends the next one when it has the reply.
        ((1.0, 1.001, exactly(0)), (1.004, exactly(3)), False),
        # Somebody goes on while a cell runs for long.
        ((1.0, None, at(0)), (3.0, at(2000)), False),
        # The clock was set back: what arrived when is all there is to know.
        ((1.0, 1.5, at(9000)), (1.6, at(10)), False),
        ((1.0, 1.5, at(9000)), (1.4, at(10)), True),
        ((1.0, 1.5, None), (1.4, None, "another"), False),
    ],
)
def test_requests_are_of_one_go_if_nobody_could_have_seen_the_first_end(
    first: tuple[float, float | None, object], second: tuple[float, object], together: bool
) -> None:
    batches = Batches()
    arrived, ended, date = first
    earlier = run_of(arrived, date)
    assert batches.began(earlier) == arrived
    if ended is not None:
        batches.ended(earlier, ended)
    assert (batches.began(run_of(*second)) == arrived) is together


@pytest.mark.parametrize(("milliseconds", "shown"), [(20, "0"), (5000, "1")])
def test_a_change_in_place_spares_readers_that_were_sent_in_the_same_go(
    milliseconds: int, shown: str
) -> None:
    """Each arrives when the one before has ended, as those of Run All may."""

    async def carry_out() -> None:
        notebook = Notebook()
        sources = {"a": "rows = []", "b": "len(rows)", "x": "x = 1", "c": "rows.append(1)"}
        for number, (cell, code) in enumerate(sources.items()):
            await notebook.send(cell, code, date=at(number * milliseconds))
        assert notebook.shell.shown["b"] == shown
        await notebook.send("c", "rows.append(2)", date=at(50_000))
        assert notebook.shell.shown["b"] == str(int(shown) + (2 if shown == "0" else 1))

    asyncio.run(carry_out())
