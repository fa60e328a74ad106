"""The example notebooks, as a reader runs them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from .page import NotebookPage

Open = Callable[..., NotebookPage]

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("name", ["concurrency.ipynb"])
def test_an_example_runs_to_its_end_without_errors(notebook: Open, name: str) -> None:
    content = nbformat.read(EXAMPLES / name, as_version=4)
    for cell in content.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    page = notebook(content=content)
    page.run_all()
    for index in range(page.cells.count()):
        expect(page.cell(index).prompt).to_have_text(re.compile(r"\[\d+\]:"))
    page.expect_status("idle")
    errors = [output for output in page.frames if output.type == "error"]
    assert not errors, errors
