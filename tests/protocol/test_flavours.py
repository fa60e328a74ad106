"""Every combination of flavours does what any kernel does, and each flavour what it is for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import Kernel, audited
from notebooks.lab import Lab

from akernel_ipy.core.modes import ADDITIONS, ORDERINGS, Mode, parse

from .client import Client

#: Every combination there is, those with many additions last.
FLAVOURS = [
    str(Mode(ordering, frozenset(additions)))
    for count in range(len(ADDITIONS) + 1)
    for ordering in ORDERINGS
    for additions in itertools.combinations(ADDITIONS, count)
]


@pytest.fixture(scope="module", params=FLAVOURS)
def flavour(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def kernel(flavour: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel of each flavour, with a cache that keeps whatever is cheap, too."""
    directory: Path = tmp_path_factory.mktemp("flavours")
    kernel = Kernel(
        flavour,
        args=("--CacheStore.min_seconds=-1",),
        env={
            "AKERNEL_CACHE_DIR": str(directory / "cache"),
            "XDG_STATE_HOME": str(directory / "state"),
        },
    )
    yield from audited(kernel)


@pytest.fixture
def lab(kernel: Kernel) -> Iterator[Lab]:
    """A notebook whose cells have ids, and nothing left of the one before."""
    client = kernel.client()
    client.run("get_ipython().run_line_magic('reset', '-f -s')", silent=True)
    yield Lab(client)
    kernel.release(client)


names = (f"name_{n}" for n in itertools.count())


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return next(names)


# -- what any kernel does


def test_the_kernel_says_its_flavour(flavour: str, client: Client) -> None:
    assert client.run("%akernel_mode").stdout.split()[0] == flavour
    assert str(parse(flavour)) == flavour


def test_results_names_and_prompts(lab: Lab, name: str) -> None:
    first = lab.run("1", f"{name} = 20")
    second = lab.run("2", f"{name} + 1")
    assert second.value == "21"
    assert second.count == first.count + 1
    assert lab.ask(f"Out[{second.count}], In[{first.count}]") == (21, f"{name} = 20")


def test_run_all_gives_what_a_run_in_turn_gives(lab: Lab, name: str) -> None:
    cells = lab.run_all(
        {
            "a": f"{name} = [1]",
            "b": f"{name}_b = {name} + [2]\nprint('b', {name}_b)",
            "c": f"{name}_c = {name}_b + [3]\n{name}_c",
            "d": f"for i in {name}_c: print(i)",
        }
    )
    assert [cell.status for cell in cells] == ["ok"] * 4
    assert [lab.text(cell) for cell in "bcd"] == ["b [1, 2]\n", "[1, 2, 3]", "1\n2\n3\n"]


def test_cells_that_await_have_outputs_of_their_own(lab: Lab, name: str) -> None:
    cells = {
        f"{n}": f"for {name}_{n} in range(3):\n    print('{n}', {name}_{n})\n"
        f"    await asyncio.sleep(0.01)\n'{n}'"
        for n in range(4)
    }
    lab.run_all(cells)
    for n in range(4):
        lab.wait_text(f"{n}", f"{n} 0\n{n} 1\n{n} 2\n'{n}'")


def test_streams_displays_and_updates(lab: Lab, name: str) -> None:
    lab.run("1", f"import sys\nprint('out'); print('err', file=sys.stderr)\n{name} = 1")
    assert lab.text("1") == "out\nerr\n"
    lab.run("2", "handle = display('old', display_id=True)\nhandle.update('new')")
    assert lab.text("2") == "'new'"


@pytest.mark.parametrize(
    ("code", "ename"),
    [("1 / 0", "ZeroDivisionError"), ("def", "SyntaxError"), ("raise KeyError(1)", "KeyError")],
)
def test_errors_are_shown_and_harm_nothing(lab: Lab, code: str, ename: str) -> None:
    failed = lab.run("1", code)
    assert (failed.status, failed.ename) == ("error", ename)
    assert lab.run("2", "'after'").value == "'after'"
    assert lab.run("1", "'repaired'").value == "'repaired'"


def test_magics_and_shell_commands(lab: Lab) -> None:
    assert lab.run("1", "!echo hello").stdout.strip() == "hello"
    assert "Wall time" in lab.run("2", "%time 1 + 1").stdout
    assert lab.run("3", "%%capture caught\nprint('captured')").stdout == ""
    assert lab.run("4", "caught.stdout").value == "'captured\\n'"


def test_completion_inspection_and_history(lab: Lab, name: str) -> None:
    lab.run("1", f"{name} = 'text'")
    question = {"code": name[:-1], "cursor_pos": len(name) - 1}
    assert name in lab.client.ask("complete_request", question).reply["matches"]
    look = {"code": name, "cursor_pos": len(name), "detail_level": 0}
    assert lab.client.ask("inspect_request", look).reply["found"]
    range_ = {"hist_access_type": "range", "output": False, "raw": True, "session": 0, "start": 0}
    history = lab.client.ask("history_request", {**range_, "stop": None}).reply["history"]
    assert f"{name} = 'text'" in [line[2] for line in history]


def test_questions_are_answered(lab: Lab, name: str) -> None:
    asking = lab.send("1", f"{name} = await ainput('one? ')\n{name}")
    asking.answer("1")
    assert asking.result().value == "'1'"
    asking = lab.send("2", f"{name}_b = input('two? ')\n{name}_b")
    asking.answer("2")
    assert asking.result().value == "'2'"


@pytest.mark.parametrize("code", ["await asyncio.sleep(30)", "while True: pass"])
def test_interrupts_end_what_runs(kernel: Kernel, lab: Lab, code: str) -> None:
    running = lab.send("1", code).until_busy()
    kernel.interrupt()
    assert running.result().ename == "KeyboardInterrupt"
    assert lab.run("2", "'alive'").value == "'alive'"


def test_cells_can_be_awaited(lab: Lab, name: str) -> None:
    first = lab.send("1", f"await asyncio.sleep(0.05)\n'{name}'")
    second = lab.send("2", "await __task__()")
    assert second.result().value == f"'{name}'"
    first.result()


def test_classes_and_functions_of_the_notebook_pickle(lab: Lab, name: str) -> None:
    lab.run("1", f"import pickle\nclass {name}:\n    x = 1\ndef {name}_f(): return 2")
    lab.run("2", f"await asyncio.sleep(0)\n{name}_c = pickle.loads(pickle.dumps({name}())).x")
    shown = lab.run("3", f"{name}_c, pickle.loads(pickle.dumps({name}_f))()")
    assert shown.value == "(1, 2)"


def test_threads_and_tasks_print_into_their_cell(lab: Lab) -> None:
    lab.run(
        "1",
        "import threading\nasync def speak(): print('task')\n"
        "thread = threading.Thread(target=print, args=('thread',)); thread.start()\n"
        "await asyncio.create_task(speak())\nthread.join()",
    )
    assert "task" in lab.text("1")
    assert "thread" in lab.text("1")


def test_silent_requests_and_expressions(lab: Lab, name: str) -> None:
    lab.client.run(f"{name} = 3", silent=True)
    assert lab.ask(f"{name} * 2") == 6


def test_a_widget_moves_and_its_callback_prints(lab: Lab, name: str) -> None:
    lab.run(
        "1",
        f"import ipywidgets\n{name} = ipywidgets.IntSlider(1)\n"
        f"{name}.observe(lambda change: print('moved', change['new']), 'value')\n",
    )
    model = lab.ask(f"{name}.model_id")
    data = {"method": "update", "state": {"value": 5}, "buffer_paths": []}
    lab.client.send("comm_msg", {"comm_id": model, "data": data})
    lab.client.wait(lambda: "moved 5" in lab.text("1"), 20, "the callback's text")
    assert lab.ask(f"{name}.value") == 5


# -- what each flavour is for


def test_cells_overlap_unless_they_are_chained(flavour: str, lab: Lab, name: str) -> None:
    gate = lab.client.file_gate()
    waiting = lab.send("1", f"{name} = 1\n{gate.wait}").until_busy()
    other = lab.send("2", f"{name}_other = 2\n'done'")
    if "chain" in parse(flavour):
        lab.client.ask("kernel_info_request")
        assert not other.replies
        gate.open()
    assert other.result().value == "'done'"
    assert ("chain" in parse(flavour)) == waiting.done
    gate.open()
    waiting.result()


def test_a_reader_waits_for_its_data_under_flow_and_chain(
    flavour: str, lab: Lab, name: str
) -> None:
    mode = parse(flavour)
    if mode.ordering == "async" and "react" not in mode:
        pytest.skip("under async a cell reads what is there")
    cells = lab.run_all({"1": f"await asyncio.sleep(0.1)\n{name} = 5", "2": f"{name} + 1"})
    assert [cell.status for cell in cells] == ["ok", "ok"]
    lab.wait_text("2", "6")


def test_dependents_follow_under_react_alone(flavour: str, lab: Lab, name: str) -> None:
    lab.run("1", f"{name} = 1")
    lab.run("2", f"{name} * 10")
    lab.run("1", f"{name} = 2")
    lab.wait_text("2", "20" if "react" in parse(flavour) else "10")


def test_what_was_computed_comes_back_under_cache_alone(flavour: str, lab: Lab, name: str) -> None:
    told = []
    for _ in range(2):
        lab.run("1", f"{name}_x = 2")
        cell = lab.run("2", f"{name}_y = sum(range({name}_x * 1000))\nprint('{name} computed')")
        assert lab.text("2") == f"{name} computed\n"
        told.append(cell.replies[0]["metadata"].get("akernel", {}).get("cache", {}))
        if "cache" in parse(flavour):
            store = "get_ipython().kernel.sessions.at_hand().caching.cache.store"
            lab.client.run(f"{store}.flush()", silent=True)
    assert bool(told[1].get("hit")) == ("cache" in parse(flavour)), told
    assert lab.ask(f"{name}_y") == sum(range(2000))


def test_notebooks_are_apart_under_multi_alone(
    flavour: str, kernel: Kernel, lab: Lab, name: str
) -> None:
    lab.run("1", f"{name} = 1")
    other = Lab(kernel.client())
    shown = other.run("2", f"'{name}' in globals()")
    assert shown.value == str("multi" not in parse(flavour))
    kernel.release(other.client)
