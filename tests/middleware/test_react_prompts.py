"""react: what is typed into a console, and what later inputs replace."""

from __future__ import annotations

import asyncio

import pytest

from .notebook import Notebook


def after(*inputs: str) -> Notebook:
    """Type inputs, and give what there is then."""

    async def carry_out() -> Notebook:
        notebook = Notebook()
        await notebook.type(*inputs)
        return notebook

    return asyncio.run(carry_out())


def cells(notebook: Notebook) -> list[str]:
    return [cell.source for cell in notebook.react.book.cells.values()]


@pytest.mark.parametrize(
    ("inputs", "left"),
    [
        (["x = 1", "x = 2", "x = 3"], ["x = 3"]),
        (["x = 1", "x", "x = 2", "x"], ["x = 2", "x"]),
        (["x = 1", "x", "x = 2"], ["x = 1", "x", "x = 2"]),
        (["x = 1", "y = x + 1", "x = 2", "y = x + 1"], ["x = 2", "y = x + 1"]),
        (["x = y = 1", "x = 2"], ["x = y = 1", "x = 2"]),
        (["x = y = 1", "x = 2", "y = 3"], ["x = 2", "y = 3"]),
        (["x = 1", "x += 1", "x += 1"], ["x = 1", "x += 1", "x += 1"]),
        (["x = 1", "x += 1", "x += 1", "x = 5"], ["x = 5"]),
        (["x = 1", "x = 1 / 0", "x = 2"], ["x = 2"]),
        (["x = 1", "x = 1 / 0"], ["x = 1", "x = 1 / 0"]),
        (["y = x", "y = 1"], ["y = 1"]),
        (["items = []", "items.append(1)", "items.append(1)"], None),
        (["later", "later"], ["later"]),
    ],
)
def test_an_input_is_forgotten_when_later_ones_have_replaced_it(
    inputs: list[str], left: list[str] | None
) -> None:
    assert cells(after(*inputs)) == (inputs if left is None else left)


def test_a_name_that_is_defined_again_and_again_runs_its_readers_once_each_time() -> None:
    notebook = after("total = rate * 2", *(t for n in range(20) for t in (f"rate = {n}", "total")))
    assert notebook.shell.user_ns["total"] == 38
    assert cells(notebook) == ["total = rate * 2", "rate = 19", "total"]
    assert sum(notebook.shell.runs.values()) <= 4 * 20
    assert not notebook.react.book.older._kept


def test_cells_of_a_notebook_are_not_forgotten_for_what_a_console_defines() -> None:
    async def carry_out() -> None:
        notebook = Notebook()
        await notebook.run("a", "x = 1")
        await notebook.type("x = 2", "x = 3")
        assert cells(notebook) == ["x = 1", "x = 3"]
        await notebook.run("b", "x = 4")
        await notebook.type("y = 1")
        assert cells(notebook) == ["x = 1", "x = 3", "x = 4", "y = 1"]
        await notebook.send("c", "0", deleted=("b",))
        assert notebook.shell.user_ns["x"] == 3

    asyncio.run(carry_out())


def test_an_input_that_still_runs_is_not_forgotten() -> None:
    async def carry_out() -> None:
        notebook = Notebook()
        gate = notebook.shell.user_ns["gate"] = asyncio.Event()
        slow = notebook.send(None, "await gate.wait(); x = 1")
        await notebook.type("x = 2")
        gate.set()
        assert (await slow).status == "ok"
        assert notebook.shell.user_ns["x"] == 2

    asyncio.run(carry_out())
