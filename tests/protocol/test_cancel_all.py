"""A cell that cancels all tasks ends cells of its notebook, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from kernels import Kernel

from .request import PATIENCE

Launch = Callable[..., Kernel]

#: Ways to do it, and what the cell itself comes to.
RECIPES = {
    "the others, and wait": (
        "tasks = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]\n"
        "for t in tasks: t.cancel()\n"
        "results = await asyncio.gather(*tasks, return_exceptions=True)",
        None,
    ),
    "all": ("for t in asyncio.all_tasks(): t.cancel()", None),
    "all, and wait": (
        "for t in asyncio.all_tasks(): t.cancel()\nawait asyncio.sleep(0)\nprint('not here')",
        "CancelledError",
    ),
}


@pytest.mark.parametrize("flavour", ["async", "chain", "flow", "react"])
def test_every_request_is_answered_and_later_cells_run(launch: Launch, flavour: str) -> None:
    kernel = launch(flavour)
    client = kernel.clients[0]
    for code, ename in RECIPES.values():
        waiting = None
        if flavour != "chain":
            waiting = client.execute("print('in')\nawait asyncio.sleep(600)").until("in")
        with kernel.stopped():  # all of it arrives at once
            cell = client.execute(code)
            questions = [
                client.send("complete_request", {"code": "asy", "cursor_pos": 3}),
                client.send("inspect_request", {"code": "asyncio", "cursor_pos": 7}),
                client.send("kernel_info_request"),
            ]
            behind = client.execute("'behind'")
        assert cell.result().ename == ename
        assert cell.stdout == ""
        assert [question.result().status for question in questions] == ["ok"] * 3
        assert behind.result().status in {"ok", "aborted"}
        if waiting is not None:
            assert waiting.result().ename == "CancelledError"
        assert client.run("'later'").value == "'later'"


def test_react_goes_on_after_a_wave_was_cancelled(launch: Launch) -> None:
    client = launch("react").clients[0]
    client.run("x = 1", cell_id="x")
    client.run("nap = 0", cell_id="nap")
    reader = client.run("y = x\nprint('in')\nawait asyncio.sleep(nap)", cell_id="reader")
    last = client.run("print('y', y)", cell_id="last")
    reader.background = last.background = True
    again = client.execute("nap = 600", cell_id="nap")
    client.wait(lambda: reader.stdout == "in\nin\n", PATIENCE, "the reader's second run")
    client.run(RECIPES["the others, and wait"][0])
    assert again.result().ename == "CancelledError"
    assert [m["content"]["ename"] for m in reader.of("error")] == ["CancelledError"]
    client.run("nap = 0", cell_id="nap")
    client.run("x = 3", cell_id="x")
    assert last.stdout.endswith("y 3\n")


def test_a_notebook_of_many_cancels_its_own_tasks_only(launch: Launch) -> None:
    kernel = launch("multi")
    mine, other = kernel.clients[0], kernel.client()
    theirs = other.execute(
        "task = asyncio.create_task(asyncio.sleep(600))\nprint('in')\nawait asyncio.sleep(600)"
    ).until("in")
    for code, ename in RECIPES.values():
        waiting = mine.execute("print('in')\nawait asyncio.sleep(600)").until("in")
        assert mine.execute(code).result().ename == ename
        assert waiting.result().ename == "CancelledError"
    assert other.run("task.done()").value == "False"
    assert not theirs.done
    assert other.run("len(asyncio.all_tasks())").value == "3"
    other.run("for t in asyncio.all_tasks() - {asyncio.current_task()}: t.cancel()")
    assert theirs.result().ename == "CancelledError"
