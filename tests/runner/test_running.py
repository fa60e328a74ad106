"""Notebooks run from Python, on real kernels."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import nbformat
import pytest

from akernel_ipy.core.errors import ModeError, NotebookError
from akernel_ipy.runner import (
    CellInfo,
    CellResult,
    Observer,
    Options,
    Status,
    run_notebook,
)
from runner.notebooks import code_cells, outputs_text, read, run_cells, statuses, write

WAIT_FOR_EACH_OTHER = [
    "import asyncio\nmet = asyncio.Barrier(3)",
    *["print('a'); await met.wait(); await asyncio.sleep(0.2); print('b')"] * 3,
]


class Log(Observer):
    def __init__(self) -> None:
        self.events: list[str] = []

    def cell_started(self, name: str, cell: CellInfo) -> None:
        self.events.append(f"{cell.number} started")

    def cell_finished(self, name: str, result: CellResult) -> None:
        self.events.append(f"{result.cell.number} {result.status}")


def test_cells_that_await_run_side_by_side_and_each_keeps_its_output(tmp_path: Path) -> None:
    log = Log()
    result = run_cells(tmp_path, WAIT_FOR_EACH_OTHER, log)
    assert result.ok
    assert outputs_text(result) == ["", "a\nb\n", "a\nb\n", "a\nb\n"]
    assert [cell.execution_count for cell in code_cells(result.notebook)] == [1, 2, 3, 4]
    assert log.events[:5] == ["1 started", "1 ok", "2 started", "3 started", "4 started"]
    assert sorted(log.events[5:]) == ["2 ok", "3 ok", "4 ok"]
    assert result.cell_seconds > 0.6 > result.seconds


def test_the_chain_flavour_runs_one_cell_after_the_other(tmp_path: Path) -> None:
    log = Log()
    cells = ["import asyncio", *["await asyncio.sleep(0.01)"] * 2]
    assert run_cells(tmp_path, cells, log, flavour="chain").ok
    assert log.events == ["1 started", "1 ok", "2 started", "2 ok", "3 started", "3 ok"]


def test_a_stock_kernel_runs_the_cells_in_order(tmp_path: Path) -> None:
    result = run_cells(tmp_path, ["x = 1", "x += 1\nx"], kernel="python3")
    assert outputs_text(result) == ["", "2"]


def test_every_kind_of_output_reaches_its_cell(tmp_path: Path) -> None:
    cells = [
        "import sys\nfrom IPython.display import display, clear_output, Markdown\n"
        "handle = display('first', display_id=True)",
        "print('out'); print('err', file=sys.stderr); display(Markdown('*m*')); 42",
        "print('old'); clear_output(wait=True); print('new')",
        "handle.update('updated from afar')",
    ]
    result = run_cells(tmp_path, cells)
    nodes = [cell.outputs for cell in code_cells(result.notebook)]
    assert outputs_text(result)[0] == "'updated from afar'"
    assert [node.output_type for node in nodes[1]] == [
        *("stream", "stream", "display_data", "execute_result"),
    ]
    assert nodes[1][2].data["text/markdown"] == "*m*"
    assert nodes[1][3].execution_count == 2
    assert outputs_text(result)[2:] == ["new\n", ""]


def test_what_a_background_task_prints_after_its_cell_is_kept_there(tmp_path: Path) -> None:
    cells = [
        "go = asyncio.Event()",
        "async def late():\n    await go.wait(); print('late')\ntask = asyncio.create_task(late())",
        "await __task__()\ngo.set()\nawait task\nprint('end')",
    ]
    assert outputs_text(run_cells(tmp_path, cells)) == ["", "late\n", "end\n"]


def test_a_cell_that_fails_makes_the_run_fail_and_aborts_those_not_started(tmp_path: Path) -> None:
    cells = ["running = asyncio.Event()", "await running.wait(); 1", "running.set(); 1/0", "2", "3"]
    result = run_cells(tmp_path, cells)
    assert not result.ok
    assert statuses(result) == ["ok", "ok", "error", "aborted", "aborted"]
    error = result.cells[2].error
    assert error is not None
    assert error.name == "ZeroDivisionError"
    assert outputs_text(result) == ["", "1", "ZeroDivisionError", "", ""]
    assert [cell.execution_count for cell in code_cells(result.notebook)][3:] == [None, None]


def test_allowed_errors_abort_nothing(tmp_path: Path) -> None:
    result = run_cells(tmp_path, ["1/0", "2"], allow_errors=True)
    assert (result.ok, statuses(result)) == (True, ["error", "ok"])


def test_tags_allow_an_error_and_skip_a_cell(tmp_path: Path) -> None:
    cells = [("1/0", "raises-exception"), ("1/0", "skip-execution"), "", "2"]
    result = run_cells(tmp_path, cells)
    assert (result.ok, statuses(result)) == (True, ["error", "skipped", "ok"])


def test_a_cell_that_takes_too_long_is_interrupted_and_named(tmp_path: Path) -> None:
    cells = ["1", "print('begun'); await asyncio.sleep(60)", "2"]
    result = run_cells(tmp_path, cells, timeout=0.4)
    assert statuses(result) == ["ok", "timeout", "ok"]
    assert result.problem is not None
    assert "cell 2 (print('begun'); await asyncio.sleep(60)) ran" in result.problem
    assert outputs_text(result)[1].startswith("begun\n")


def test_a_kernel_that_dies_is_reported_with_the_cells_it_was_running(tmp_path: Path) -> None:
    cells = [
        "import os",
        "print('kept', flush=True); await asyncio.sleep(60)",
        "await asyncio.sleep(0.1); os._exit(7)",
    ]
    result = run_cells(tmp_path, cells)
    assert statuses(result) == ["ok", "died", "died"]
    assert result.problem is not None
    assert "status 7" in result.problem
    assert "cell 2 (print('kept'" in result.problem
    assert outputs_text(result)[1] == "kept\n"


def test_a_kernel_that_dies_at_once_blames_the_cell_in_turn(tmp_path: Path) -> None:
    cells = [("import os", "parameters"), "os.kill(os.getpid(), 9)", "1"]
    result = run_cells(tmp_path, cells)
    assert result.problem is not None
    assert "SIGKILL" in result.problem
    assert "running cell 2 (os.kill(os.getpid(), 9))" in result.problem
    assert statuses(result) == ["ok", "died", "aborted"]


def test_asking_for_input_fails_instead_of_waiting(tmp_path: Path) -> None:
    result = run_cells(tmp_path, ["input('name? ')"])
    assert statuses(result) == ["error"]


def test_parameters_are_set_before_any_other_cell_starts(tmp_path: Path) -> None:
    cells = [
        ("n = 1; await asyncio.sleep(0.1); n = 2", "parameters"),
        "print(n, name)",
    ]
    result = run_cells(tmp_path, cells, parameters={"n": 3, "name": "x"})
    assert [cell.source for cell in code_cells(result.notebook)][1] == (
        "# Parameters\nn = 3\nname = 'x'"
    )
    assert outputs_text(result) == ["", "", "3 x\n"]


def test_a_failing_parameters_cell_keeps_the_others_from_starting(tmp_path: Path) -> None:
    result = run_cells(tmp_path, [("1/0", "parameters"), "print(1)"])
    assert statuses(result) == ["error", "aborted"]
    assert outputs_text(result)[1] == ""


def test_requests_carry_the_cell_id_and_the_metadata_of_the_cell(tmp_path: Path) -> None:
    code = (
        "metadata = get_ipython().get_parent()['metadata']\n"
        "print(metadata['cellId'], metadata['tags'], metadata['trusted'])"
    )
    result = run_cells(tmp_path, [(code, "mine")])
    cell_id = code_cells(result.notebook)[0].id
    assert outputs_text(result) == [f"{cell_id} ['mine'] True\n"]


def test_the_notebook_says_when_its_cells_ran_and_what_ran_them(tmp_path: Path) -> None:
    path = write(tmp_path / "notebook.ipynb", ["1"])
    notebook = read(path)
    notebook.metadata["kernelspec"] = {"language": "python"}  # which isn't all it has to be
    path.write_text(json.dumps(notebook))
    result = asyncio.run(run_notebook(path))
    nbformat.validate(result.notebook)
    metadata = result.notebook.metadata
    assert metadata.language_info.name == "python"
    assert metadata.kernelspec.name == "akernel"
    execution = code_cells(result.notebook)[0].metadata.execution
    moments = ("iopub.status.busy", "iopub.execute_input", "shell.execute_reply")
    assert [execution[moment] for moment in moments] == sorted(
        execution[moment] for moment in moments
    )
    assert execution["iopub.status.idle"].endswith("Z")


def test_the_kernel_works_beside_the_notebook_or_where_it_is_told(tmp_path: Path) -> None:
    code = "import os; print(os.getcwd(), os.path.basename(__session__))"
    assert outputs_text(run_cells(tmp_path, [code])) == [f"{tmp_path} notebook.ipynb\n"]
    other = tmp_path / "other"
    other.mkdir()
    assert outputs_text(run_cells(tmp_path, [code], cwd=other)) == [f"{other} notebook.ipynb\n"]


def test_outputs_of_an_earlier_run_are_replaced(tmp_path: Path) -> None:
    path = write(tmp_path / "again.ipynb", ["print('once')", "1/0", "print('never')"])
    for _ in range(2):
        asyncio.run(run_notebook(path, path))
    assert [len(cell.outputs) for cell in code_cells(read(path))] == [1, 1, 0]


def test_many_cells_in_flight_lose_nothing(tmp_path: Path) -> None:
    result = run_cells(tmp_path, [f"await asyncio.sleep(0); print({n})" for n in range(300)])
    assert result.ok
    assert outputs_text(result) == [f"{n}\n" for n in range(300)]


def test_an_error_at_the_top_aborts_all_of_many_cells(tmp_path: Path) -> None:
    result = run_cells(tmp_path, ["1/0", *(f"print({n})" for n in range(300))])
    assert statuses(result) == ["error", *["aborted"] * 300]


def test_a_cell_with_half_a_character_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "half.ipynb"
    write(path, ["1", "print('X')"])
    path.write_text(path.read_text().replace("print('X')", "print('\\ud800')"))
    with pytest.raises(NotebookError, match="cell 2"):
        asyncio.run(run_notebook(path))


def test_an_unknown_kernel_or_flavour_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match="'nothing'; installed are: "):
        run_cells(tmp_path, ["1"], kernel="nothing")
    with pytest.raises(ModeError, match="known flavours"):
        run_cells(tmp_path, ["1"], flavour="warp")


def test_a_cancelled_run_leaves_no_kernel(tmp_path: Path) -> None:
    pids = tmp_path / "pid"
    path = write(
        tmp_path / "long.ipynb",
        [
            f"import os, pathlib\npathlib.Path({str(pids)!r}).write_text(str(os.getpid()))",
            "await asyncio.sleep(60)",
        ],
    )
    begun = asyncio.Event()

    class Begun(Observer):
        def cell_started(self, name: str, cell: CellInfo) -> None:
            if cell.number == 2:
                begun.set()

    async def cancel() -> None:
        run = asyncio.create_task(run_notebook(path, None, Options(), Begun()))
        await begun.wait()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    asyncio.run(cancel())
    assert not Path(f"/proc/{pids.read_text()}").exists()


def test_statuses_say_what_failed() -> None:
    cell = CellInfo(1, "a", "x")
    failing = [status for status in Status if CellResult(cell, status).failed]
    assert failing == [s for s in Status if s not in (Status.OK, Status.SKIPPED)]
    assert not CellResult(cell, Status.ERROR, error_allowed=True).failed


def test_widgets_keep_the_state_that_a_page_needs_to_show_them(tmp_path: Path) -> None:
    pytest.importorskip("ipywidgets")
    cells = [
        "import ipywidgets\nslider = ipywidgets.IntSlider(value=1)\nslider",
        "slider.value = 7",
    ]
    result = run_cells(tmp_path, cells)
    view = code_cells(result.notebook)[0].outputs[0].data
    widgets = result.notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]
    model = widgets.state[view["application/vnd.jupyter.widget-view+json"]["model_id"]]
    assert (model.model_name, model.state.value) == ("IntSliderModel", 7)


OUTPUT_WIDGETS = """\
print("above")
with outer:
    print("outer")
    with inner:
        print("gone")
        clear_output()
        display("inner")
    print("outer again")
print("below")
"""


def test_output_widgets_take_what_is_shown_in_them(tmp_path: Path) -> None:
    pytest.importorskip("ipywidgets")
    cells = [
        "from ipywidgets import Output\nfrom IPython.display import clear_output\n"
        "outer, inner = Output(), Output()\nprint(outer.model_id, inner.model_id)",
        OUTPUT_WIDGETS,
        "with inner:\n    1 / 0",
    ]
    result = run_cells(tmp_path, cells)
    ids, cell, failing = outputs_text(result)
    assert (cell, failing) == ("above\nbelow\n", "")
    widgets = result.notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]
    outer, inner = (widgets.state[model].state.outputs for model in ids.split())
    assert [output.text for output in outer] == ["outer\nouter again\n"]
    assert [output.output_type for output in inner] == ["display_data", "error"]
