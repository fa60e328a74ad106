"""react in nbclient and papermill: the saved notebook holds the final values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from kernels import write_kernelspec
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook


@pytest.fixture(autouse=True)
def kernelspec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the kernel as ``react`` where Jupyter looks first."""
    write_kernelspec(tmp_path / "jupyter" / "kernels" / "react", "react")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")


def notebook_of(cells: Sequence[str]) -> Any:
    notebook = new_notebook(cells=[new_code_cell(code) for code in cells])
    notebook.metadata["kernelspec"] = {
        "name": "react",
        "display_name": "react",
        "language": "python",
    }
    return notebook


def nbclient(cells: Sequence[str], directory: Path, **options: Any) -> Any:
    notebook = notebook_of(cells)
    NotebookClient(
        notebook, timeout=60, resources={"metadata": {"path": str(directory)}}, **options
    ).execute()
    nbformat.validate(notebook)
    return notebook


def run_papermill(cells: Sequence[str], directory: Path, **parameters: Any) -> Any:
    nbformat.write(notebook_of(cells), directory / "in.ipynb")
    papermill.execute_notebook(
        str(directory / "in.ipynb"),
        str(directory / "out.ipynb"),
        parameters=parameters,
        progress_bar=False,
        cwd=str(directory),
    )
    notebook = nbformat.read(directory / "out.ipynb", as_version=4)
    nbformat.validate(notebook)
    return notebook


def results(notebook: Any) -> list[str]:
    """Give all that each cell shows as plain text."""
    return [
        "".join(o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.outputs)
        for cell in notebook.cells
    ]


def test_nbclient_saves_the_final_value_of_the_seeds_example(tmp_path: Path) -> None:
    notebook = nbclient(["a = b + 1\na", "b = 2", "'between'", "b = 10"], tmp_path)
    assert results(notebook) == ["11", "", "'between'", ""]
    [output] = notebook.cells[0].outputs
    assert output.output_type == "execute_result"
    assert output.execution_count == notebook.cells[0].execution_count == 1


def test_papermill_saves_the_final_value_of_the_seeds_example(tmp_path: Path) -> None:
    notebook = run_papermill(["a = b + 1\na", "b = 2", "'between'", "b = 10"], tmp_path)
    assert results(notebook) == ["11", "", "'between'", ""]


def test_papermill_s_parameters_reach_cells_above_them(tmp_path: Path) -> None:
    notebook = run_papermill(["total = price * 3\ntotal", "'end'"], tmp_path, price=5)
    assert "15" in results(notebook)


def test_nbclient_saves_a_notebook_that_runs_upside_down(tmp_path: Path) -> None:
    cells = ["d = c * 2\nd", "c = a + b\nc", "b = a + 1\nb", "a = 1\na"]
    assert results(nbclient(cells, tmp_path)) == ["6", "3", "2", "1"]


def test_rich_results_are_saved_in_full(tmp_path: Path) -> None:
    cells = ["HTML(f'<b>{x}</b>')", "from IPython.display import HTML", "x = 1", "x = 2"]
    [output] = nbclient(cells, tmp_path).cells[0].outputs
    assert output.data["text/html"] == "<b>2</b>"


def test_a_cell_that_is_still_pending_at_the_end_says_so_in_the_file(tmp_path: Path) -> None:
    [output] = nbclient(["typo + 1", "x = 1"], tmp_path).cells[0].outputs
    assert output.data["text/plain"] == "None"
    assert "typo" in output.data["text/html"]


def test_an_error_of_an_earlier_cell_is_told_in_its_saved_output(tmp_path: Path) -> None:
    notebook = nbclient(["10 / x", "x = 5", "x = 0"], tmp_path)
    assert "ZeroDivisionError" in results(notebook)[0]


def test_an_error_stops_the_run_as_ever(tmp_path: Path) -> None:
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        nbclient(["x = 0", "1 / x", "y = 1"], tmp_path)


def test_a_wave_of_waiting_cells_ends_before_the_notebook_is_saved(tmp_path: Path) -> None:
    cells = ["await asyncio.sleep(x / 100)\nx * 10", "y = x + 1\ny", "import asyncio", "x = 5"]
    assert results(nbclient(cells, tmp_path)) == ["50", "6", "", ""]


def test_what_a_pending_cell_prints_in_the_end_is_saved(tmp_path: Path) -> None:
    cells = ["print('sum is', x + y)", "x = 1", "y = 2", "y = 3"]
    assert results(nbclient(cells, tmp_path))[0].strip() == "sum is 4"


STEPS = """\
async def steps():
    yield 1
    await go.wait()
    yield 2
    done.set()  # whoever reads it has run
x = live(steps())
"""


def test_what_cells_display_under_ids_of_their_own_is_saved_as_it_is_in_the_end(
    tmp_path: Path,
) -> None:
    cells = [
        "display(f'b is {b}', display_id='b')",
        "go, done = asyncio.Event(), asyncio.Event()",
        STEPS,
        "display(f'x is {x}', display_id='x');",
        "handle = display(f'again {x}', display_id=True)",
        "b = 5",
        "b = 6",
        "go.set(); await done.wait()",
    ]
    shown = results(nbclient(cells, tmp_path))
    assert (shown[0], shown[3], shown[4]) == ("'b is 6'", "'x is 2'", "'again 2'")
