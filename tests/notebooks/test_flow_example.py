"""examples/flow.ipynb: downloads at the same time, and the outputs of a run in turn."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest

from akernel_ipy.runner import NotebookResult, Options, run_notebook
from akernel_ipy.runner.schedule import schedule_of

from .percent import essence

EXAMPLE = Path(__file__).parents[2] / "examples" / "flow.ipynb"
QUICK = {"latency": 0.02}
DOWNLOADS = 8


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> NotebookResult:
    """The example under flow, in a hurry."""
    options = Options(flavour="flow", parameters=QUICK, cwd=tmp_path_factory.mktemp("flow"))
    return asyncio.run(run_notebook(EXAMPLE, None, options))


def shown(notebook: Any) -> dict[str, list[Any]]:
    return {
        cell.id: essence(cell.outputs)
        for cell in notebook.cells
        if cell.cell_type == "code" and "injected-parameters" not in cell.metadata.get("tags", ())
    }


def test_the_example_shows_what_papermill_shows(
    result: NotebookResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    assert result.ok, [cell.error for cell in result.cells if cell.failed]
    written = tmp_path / "out.ipynb"
    options: dict[str, Any] = {"progress_bar": False, "cwd": str(tmp_path)}
    papermill.execute_notebook(EXAMPLE, written, QUICK, kernel_name="python3", **options)
    expected = shown(nbformat.read(written, as_version=4))
    assert shown(result.notebook) == expected
    figures = [o for cell in expected.values() for o in cell if "image/png" in str(o)]
    assert len(figures) == 6


def test_no_download_of_the_example_waits_for_another(result: NotebookResult) -> None:
    bars = schedule_of(result).bars
    downloads = {bar.number for bar in bars if "await download(" in bar.line}
    assert len(downloads) == DOWNLOADS
    waited = {bar.number: {wait.number for wait in bar.waits} for bar in bars}
    assert not any(waited[number] & downloads for number in downloads)


def test_the_example_is_saved_without_outputs() -> None:
    cells = nbformat.read(EXAMPLE, as_version=4).cells
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
