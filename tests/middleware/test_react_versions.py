"""react: single histories of overlapping requests; `test_react_random` plays random ones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from akernel_ipy.core.model import Run, find_run

from .notebook import Notebook

#: Seconds that nothing takes unless it hangs.
PATIENCE = 20


def play(history: Callable[[Notebook], Awaitable[None]], mode: str = "react") -> Notebook:
    """Carry a history out, and give the notebook at rest; a request waits for its gate."""

    async def carry_out() -> Notebook:
        notebook = Notebook(mode)
        notebook.shell.user_ns["gate"] = asyncio.Event()
        await asyncio.wait_for(history(notebook), PATIENCE)
        return notebook

    notebook = asyncio.run(carry_out())
    assert notebook.react.book.wave.done
    return notebook


def interrupt(notebook: Notebook, cell: str) -> None:
    running: list[Run] = notebook.session.tasks.running()
    for run in running:
        if run.request.cell_id == cell:
            notebook.session.tasks.interrupt(run)


def test_a_cell_can_be_interrupted_just_before_its_turn() -> None:
    async def history(notebook: Notebook) -> None:
        notebook.shell.user_ns["interrupt"] = lambda: interrupt(notebook, "b")
        a = notebook.send("a", "await gate.wait(); x = 1; interrupt()")
        b = notebook.send("b", "y = x")
        await asyncio.sleep(0)
        notebook.shell.user_ns["gate"].set()
        assert (await a).status == "ok"
        assert (await b).ename == "KeyboardInterrupt"
        assert (await notebook.run("b", "y = x; y")).result == 1

    play(history)


def test_a_cell_can_be_interrupted_when_its_turn_has_just_come() -> None:
    async def history(notebook: Notebook) -> None:
        a = notebook.send("a", "await gate.wait(); x = 1")
        a.add_done_callback(lambda _: interrupt(notebook, "b"))
        b = notebook.send("b", "await asyncio.sleep(0); y = x")
        await asyncio.sleep(0)
        notebook.shell.user_ns["gate"].set()
        assert (await b).ename == "KeyboardInterrupt"
        assert (await notebook.run("b", "y = x; y")).result == 1

    play(history)


def test_a_cell_that_still_waits_keeps_its_value_from_a_newer_definition() -> None:
    async def history(notebook: Notebook) -> None:
        older = notebook.send("a", "await gate.wait(); x = 1")
        await notebook.run("b", "x = 2")
        reader = notebook.send("c", "x")
        notebook.shell.user_ns["gate"].set()
        await asyncio.gather(older, reader)
        await notebook.run("d", "x")

    notebook = play(history)
    assert notebook.shell.user_ns["x"] == 2
    assert (notebook.shell.shown["c"], notebook.shell.shown["d"]) == ("2", "2")


def test_a_redefiner_goes_on_from_the_version_that_it_reads() -> None:
    async def history(notebook: Notebook) -> None:
        await notebook.run("a", "x = 1")
        await notebook.run("b", "x = x + 1; x")
        await notebook.run("c", "x = x * 10; x")
        await notebook.run("a", "x = 2")
        assert (notebook.shell.shown["b"], notebook.shell.shown["c"]) == ("3", "30")
        await notebook.run("b", "x = x + 5; x")
        assert notebook.shell.shown["c"] == "70"
        await notebook.run("a", "x = 3")

    notebook = play(history)
    assert (notebook.shell.shown["b"], notebook.shell.shown["c"]) == ("8", "80")


def test_an_older_definition_comes_back_when_the_newer_one_is_deleted() -> None:
    async def history(notebook: Notebook) -> None:
        await notebook.run("a", "x = 1")
        await notebook.run("b", "x = 2")
        await notebook.run("c", "x")
        await notebook.send("d", "0", deleted=("b",))

    notebook = play(history)
    assert notebook.shell.shown["c"] == "1"
    assert notebook.shell.runs["a"] == 2  # nobody had read its value: it wasn't kept


def test_a_name_that_was_deleted_is_not_computed_again() -> None:
    async def history(notebook: Notebook) -> None:
        await notebook.run("a", "x = 1")
        await notebook.run("b", "x")
        await notebook.run("c", "del x")
        await notebook.run("d", "x = 2")

    notebook = play(history)
    assert notebook.shell.shown["b"] == "1"
    assert set(notebook.shell.runs.values()) == {1}


def test_a_cell_deleted_before_it_is_evaluated_leaves_no_names() -> None:
    async def history(notebook: Notebook) -> None:
        await notebook.run("a", "x = 1")
        await notebook.run("c", "await asyncio.sleep(0); y = x")
        changed = notebook.send("a", "x = 2")
        for _ in range(3):  # the re-run of c has begun
            await asyncio.sleep(0)
        again = notebook.send("c", "await asyncio.sleep(0); y = x")
        other = notebook.send("d", "0", deleted=("c",))
        await asyncio.gather(changed, again, other)

    notebook = play(history)
    assert "y" not in notebook.shell.user_ns
    assert "c" not in notebook.react.book.cells


def test_what_an_aborted_request_tells_of_deleted_cells_counts() -> None:
    async def history(notebook: Notebook) -> None:
        await notebook.run("c", "y = 1")
        notebook.shell.user_ns["stop"] = lambda: notebook.session.abort_waiting("s", 0)
        bad = notebook.send("a", "stop(); 1 / 0")
        aborted = notebook.send("b", "0", deleted=("c",))
        assert (await bad).status == "error"
        assert (await aborted).status == "aborted"

    notebook = play(history, "chain-react")
    assert "y" not in notebook.shell.user_ns
    assert "c" not in notebook.react.book.cells


def test_a_cell_does_not_wait_for_one_whose_turn_comes_after_it() -> None:
    async def history(notebook: Notebook) -> None:
        namespace = notebook.shell.user_ns
        namespace["__task__"] = lambda: notebook.session.tasks.find(-1, find_run())
        await notebook.run("c", "c = 1")
        await notebook.run("b", "b = c")
        await notebook.run("a", "a = b")
        first = notebook.send("c", "await gate.wait(); c = 2")
        waits = notebook.send("a", "a = b; a")
        asks = notebook.send("b", "await __task__(); b = c")
        await asyncio.sleep(0)
        namespace["gate"].set()
        assert (await first).status == "ok"
        assert (await asks).ename == "TaskDeadlockError"
        await waits
        await notebook.run("b", "b = c")

    assert play(history).shell.shown["a"] == "2"


def test_a_re_run_does_not_wait_for_the_cell_that_causes_it() -> None:
    async def history(notebook: Notebook) -> None:
        namespace = notebook.shell.user_ns
        namespace["__task__"] = lambda: notebook.session.tasks.find(2, find_run())
        await notebook.run("a", "await __task__() if x else None; x")
        assert (await notebook.run("b", "x = 1")).status == "ok"

    assert play(history).shell.shown["a"] == "1"


def test_readers_of_a_name_that_was_always_there_run_again_only_for_another_value() -> None:
    async def history(notebook: Notebook) -> None:
        await notebook.run("a", "len(asyncio.__name__)")
        await notebook.run("b", "import asyncio")
        assert notebook.shell.runs["a"] == 1
        await notebook.run("c", "import json as asyncio")

    notebook = play(history)
    assert (notebook.shell.runs["a"], notebook.shell.shown["a"]) == (2, "4")


def test_values_that_share_an_object_with_one_that_was_changed_in_place_are_changed() -> None:
    async def history(notebook: Notebook) -> None:
        await notebook.run("a", "items = [[1], 2]")
        await notebook.run("same", "alias = items")
        await notebook.run("part", "inner = alias[0]")
        await notebook.run("count", "size = len(items)")
        for cell, code in (("b", "str(inner)"), ("c", "str(alias)"), ("d", "size")):
            await notebook.run(cell, code)
        await notebook.run("m", "items[0].append(5)")

    notebook = play(history)
    assert (notebook.shell.shown["b"], notebook.shell.shown["c"]) == ("'[1, 5]'", "'[[1, 5], 2]'")
    assert (notebook.shell.runs["a"], notebook.shell.runs["d"]) == (1, 1)


def test_a_step_left_to_a_request_is_dropped_when_its_cell_has_to_wait_again() -> None:
    async def history(notebook: Notebook) -> None:
        namespace, log = notebook.shell.user_ns, notebook.shell.log
        for name in ("slow", "first"):
            namespace[name] = asyncio.Event()
            namespace[name].set()
        for cell, code in {
            "a": "a = 1",
            "s": "s = 1",
            "x": "await slow.wait(); x = s * 10",
            "b": "b = a + x; b",
        }.items():
            await notebook.run(cell, code)
        namespace["slow"].clear()
        namespace["first"].clear()
        del log[:]
        waiting = [
            notebook.send(cell, code)
            for cell, code in {
                "g": "await first.wait()",
                "z": "b * 100",
                "b": "b = a + x; b",
            }.items()
        ]
        await asyncio.sleep(0)
        moved = notebook.react.sources._changed  # as widgets do
        namespace["a"] = 2
        moved({"a": None})  # the step of b is left to its request
        assert [*notebook.react._waves._left] == ["b"]
        namespace["s"] = 5
        moved({"s": None})  # x runs
        namespace["a"] = 3
        moved({"a": None})  # b waits for x now
        namespace["first"].set()
        await waiting[0]
        for _ in range(5):  # z asks for b
            await asyncio.sleep(0)
        assert [cell for cell, _ in log] == ["g"]
        namespace["slow"].set()
        await asyncio.gather(*waiting)
        assert [entry for entry in log if entry[0] in "bz"] == [
            ("b", "53"),
            ("z", "5300"),
            ("b", "53"),
        ]

    play(history, "chain-react")


def test_a_model_that_is_fitted_again_predicts_again() -> None:
    async def history(notebook: Notebook) -> None:
        fit = "def fit(self, x): self.mean = sum(x) / len(x)"
        await notebook.run("c", f"class Model:\n    {fit}\n    def predict(self): return self.mean")
        await notebook.run("x", "x = [1, 3]")
        await notebook.run("m", "model = Model()")
        await notebook.run("f", "model.fit(x)")
        await notebook.run("p", "model.predict()")
        await notebook.run("x", "x = [10]")

    notebook = play(history)
    assert notebook.shell.shown["p"] == "10.0"
    assert notebook.shell.runs == {"c": 1, "x": 2, "m": 1, "f": 2, "p": 2}
