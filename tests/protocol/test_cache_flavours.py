"""cache together with the other flavours, and with cells that wait for each other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from protocol.caching import Cached, Cell, Notebook, cached


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cached]:
    yield from cached(tmp_path_factory.mktemp("flavours"))


@pytest.fixture(scope="module")
def notebook(shared: Cached) -> Notebook:
    return shared.notebook()


def last(reactive: Notebook, cell_id: str) -> list[str]:
    """What a reactive cell shows by now, its texts since it was last cleared."""
    shown: list[str] = []
    for message in reactive.client.iopub:
        if message["parent_header"].get("msg_id") not in reactive.ids.get(cell_id, ()):
            continue
        if message["msg_type"] == "clear_output":
            shown.clear()
        elif message["msg_type"] == "stream":
            shown.append(message["content"]["text"])
        elif message["msg_type"] == "execute_result":
            shown.append(message["content"]["data"]["text/plain"])
    return shown


class Reactive(Notebook):
    """A notebook whose cells have ids."""

    def __init__(self, notebook: Notebook) -> None:
        super().__init__(notebook.kernel)
        self.ids: dict[str, set[str]] = {}

    def cell(self, cell_id: str, code: str) -> Cell:
        request = self.client.run(code, cell_id=cell_id)
        request.background = True  # a wave shows its outputs later
        self.ids[cell_id] = {request.msg_id}
        self.flush()
        return Cell(request)


def test_a_wave_takes_its_steps_from_the_cache(shared: Cached) -> None:
    first, second = (Reactive(shared.notebook("react-cache")) for _ in range(2))
    for lab in (first, second):
        lab.client.run("ran = []", silent=True)
        lab.cell("a", "a = 1")
        lab.cell("b", "print('b sees', a); b = a * 10")
        lab.cell("c", "b + 1")
        lab.cell("a", "a = 2")
        assert last(lab, "b") == ["b sees 2\n"]
        assert last(lab, "c") == ["21"]
        lab.cell("a", "a = 1")
        assert last(lab, "b") == ["b sees 1\n"]
        assert last(lab, "c") == ["11"]
    listed = second.client.run("%akernel cache").displays[0]
    assert "misses 0" in listed, listed


def test_a_hit_whose_value_did_not_change_ends_the_wave(shared: Cached) -> None:
    lab = Reactive(shared.notebook("cache-react"))
    lab.cell("a", "a = 5")
    lab.cell("sign", "sign = a > 0")
    lab.cell("shown", "print('sign is', sign)")
    lab.cell("a", "a = 6")
    lab.cell("a", "a = 5")
    assert last(lab, "shown") == ["sign is True\n"]
    shown = [m for m in lab.client.iopub if m["parent_header"].get("msg_id") in lab.ids["shown"]]
    assert len([m for m in shown if m["msg_type"] == "stream"]) == 1


def test_a_pending_cell_is_filled_from_the_cache(shared: Cached) -> None:
    for expected in (False, True):
        lab = Reactive(shared.notebook("react-cache"))
        lab.cell("late", "late_value = early * 3\nlate_value")
        lab.cell("early", "early = 4")
        assert last(lab, "late")[-1] == "12"
        assert ("hit" in lab.client.run("%akernel cache").displays[0]) or not expected


def test_a_chain_of_cells_sent_at_once(shared: Cached) -> None:
    cells = ["n1 = 1", "import asyncio\nawait asyncio.sleep(0.01)\nn2 = n1 + 1", "n3 = n2 + 1\nn3"]
    for hit in (False, True):
        notebook = shared.notebook("chain-cache")
        ran = [Cell(request.result()) for request in map(notebook.client.execute, cells)]
        notebook.flush()
        assert [cell.hit for cell in ran] == [hit] * 3, [cell.told for cell in ran]
        assert ran[-1].value == "3"


def test_cells_that_overlap_are_not_stored(notebook: Notebook) -> None:
    gate = notebook.client.gate()
    waiting = notebook.client.execute(f"{gate.wait}\noverlap = shared_name")
    notebook.run("shared_name = 7")
    gate.open()
    told = Cell(waiting.result())
    assert not told.stored
    assert told.uncached


def test_a_cell_that_awaits_alone_is_stored(notebook: Notebook) -> None:
    code = "import asyncio\nawait asyncio.sleep(0.01)\nalone = 1"
    assert notebook.run(code).stored
    assert notebook.run(code).hit


def test_an_interrupted_cell_is_not_stored(notebook: Notebook) -> None:
    request = notebook.client.execute("import asyncio\nprint('on')\nawait asyncio.sleep(60)")
    request.until("on")
    notebook.kernel.interrupt()
    assert Cell(request.result()).told["stored"] is False
    assert request.ename == "KeyboardInterrupt"


def test_output_of_a_task_that_goes_on_is_not_lost(notebook: Notebook) -> None:
    code = (
        "import asyncio\nasync def later():\n    await asyncio.sleep(0.05)\n    print('late')\n"
        "asyncio.get_running_loop().create_task(later()) and None"
    )
    for _ in range(2):
        request = notebook.client.execute(code)
        request.background = True
        request.result()
        assert not Cell(request).stored
        assert "task" in Cell(request).uncached
        request.until("late")


def test_cells_in_threads(notebook: Notebook) -> None:
    code = "%%thread\nimport time\ntime.sleep(0.05)\nprint('in a thread')\nthreaded = [1]"
    ran = notebook.run(code)
    again = notebook.run(code)
    assert again.stdout == ran.stdout == "in a thread\n"
    assert notebook.ask("threaded") == [1]


def test_sessions_of_one_kernel_share_the_cache_and_nothing_else(shared: Cached) -> None:
    notebook = shared.notebook("cache-multi")
    other = Notebook(notebook.kernel)
    other.client = notebook.kernel.client()
    assert notebook.run("mine = [1]\nclass M: pass\nm = M()").stored
    assert other.run("mine = [1]\nclass M: pass\nm = M()").hit
    assert other.run("mine.append(2)\nmine").value == "[1, 2]"
    assert notebook.ask("mine") == [1]
    assert other.ask("type(m) is M")
    assert notebook.ask("type(m) is M")


def test_nothing_is_imported_before_it_is_used(shared: Cached) -> None:
    notebook = shared.notebook("async")
    loaded = "[m for m in sys.modules if 'middleware.cache.' in m or 'store' in m or 'finger' in m]"
    notebook.client.run("import sys", silent=True)
    found = [m for m in notebook.ask(loaded) if m.startswith("akernel_ipy")]
    assert found == []


def test_an_interrupt_while_a_large_input_is_hashed_ends_the_cell(notebook: Notebook) -> None:
    notebook.client.run(
        "import numpy as np\nhuge = [np.zeros(1 << 22) for _ in range(40)]", silent=True
    )
    request = notebook.client.execute("total_of_huge = sum(map(np.sum, huge)); huge = 0")
    request.until_busy()
    notebook.kernel.interrupt()
    request.result()
    # Either it came in time, or the cell had ended: the kernel is as it should be.
    assert request.ename in {None, "KeyboardInterrupt"}
    notebook.client.run("huge = None", silent=True)
    assert notebook.run("after = 1").value is None


def test_cells_that_run_in_another_process_are_not_cached(notebook: Notebook) -> None:
    cell = notebook.run("%%offload\nfar = 6 * 7\nfar", timeout=60)
    assert cell.value == "42"
    assert "another process" in cell.uncached
