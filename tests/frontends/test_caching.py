"""A notebook that comes back after a restart, as JupyterLab shows it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import nbformat
from playwright.sync_api import expect

from .page import NotebookPage

Open = Callable[..., NotebookPage]

EXAMPLE = Path(__file__).parents[2] / "examples" / "caching.ipynb"


def run_to_the_end(page: NotebookPage) -> list[str]:
    """Run all cells; give what they show, without their prompts."""
    page.run_all()
    for index in range(page.cells.count()):
        expect(page.cell(index).prompt).to_have_text(f"[{index + 1}]:")
    page.expect_status("idle")
    texts = [page.cell(index).area.all_text_contents() for index in range(page.cells.count())]
    return [re.sub(r"\[\d+\]:", "", " ".join(text)).strip() for text in texts]


def test_the_example_shows_the_same_after_a_restart_and_says_that_it_came_back(
    notebook: Open,
) -> None:
    content = nbformat.read(EXAMPLE, as_version=4)
    for cell in content.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    page = notebook(content=content)
    first = run_to_the_end(page)
    figures = page.page.locator(".jp-Notebook img").count()
    page.restart()
    page.page.wait_for_function("window.jupyterapp.shell.currentWidget.sessionContext.isReady")
    again = run_to_the_end(page)
    assert again[:-2] == first[:-2]
    assert figures == page.page.locator(".jp-Notebook img").count() > 0
    assert "from the cache" in again[-1], again[-1]
    assert "from the cache" not in first[-1], first[-1]
    notes = page.page.locator(".jp-InputArea[data-akernel-cache]")
    expect(notes.first).to_have_attribute("data-akernel-cache", re.compile("cache: .* instead of"))
    assert notes.count() > 2
    page.menu("File", "Save Notebook")
    expect(page.page.locator(".jp-mod-current.jp-mod-dirty")).to_have_count(0)
    saved = (page.server.root / page.path).read_text()
    assert not re.search(r"cache: [\d.]+ m?s instead of", saved)
    errors = [output for output in page.frames if output.type == "error"]
    assert not errors, errors
