"""The example notebooks, as a reader runs them in JupyterLab and in Notebook 7 side by side."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from .page import Cell, NotebookPage
from .reactive_page import SAVED, drag, write

Open = Callable[..., NotebookPage]

EXAMPLES = Path(__file__).parents[2] / "examples"


class Example:
    """An example in one of the two applications: its code cells by their ids."""

    def __init__(self, page: NotebookPage, content: nbformat.NotebookNode) -> None:
        self.page = page
        self.ids = [cell.id for cell in content.cells if cell.cell_type == "code"]

    def cell(self, name: str) -> Cell:
        return self.page.cell(self.ids.index(name))

    def text(self, name: str) -> str:
        """Give what a cell shows, without prompts."""
        return re.sub(r"\[\d+\]:", "", self.cell(name).area.text_content() or "").strip()

    def expect_end(self, *failing: str) -> None:
        """Wait until all cells have ended; only those of these names show an error."""
        for index, name in enumerate(self.ids):
            self.cell(name).expect_ended(index + 1)
        self.page.expect_status("idle")
        for name in self.ids:
            expect(self.cell(name).errors).to_have_count(int(name in failing))


def read(name: str) -> nbformat.NotebookNode:
    """Read an example, without outputs."""
    content = nbformat.read(EXAMPLES / name, as_version=4)
    for cell in content.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return content


def run_in_both(
    notebook: Open, content: nbformat.NotebookNode, kernel: str = "akernel"
) -> list[Example]:
    """Open a notebook in JupyterLab and in Notebook 7, and choose Run All in each."""
    pytest.importorskip("notebook")
    examples = []
    for app in ("lab", "notebook"):
        page = notebook(content=content, kernel=kernel, app=app)
        page.run_all()
        examples.append(Example(page, content))
    return examples


def test_concurrency_cells_print_side_by_side_each_below_itself(notebook: Open) -> None:
    for example in run_in_both(notebook, read("concurrency.ipynb")):
        example.expect_end()
        for number in (1, 2):
            lines = [f"cell {number}: {step}" for step in range(10)]
            example.cell(f"loop-{number}").expect_output(*lines)
        example.cell("wait").expect_output("cell 2 has run")
        example.cell("fetch").expect_within_output("ten answers in")
        expect(example.cell("figure").images).to_have_count(1)
        for number, done in enumerate(("40/40", "60/60", "20/20"), 1):
            example.cell(f"bar-{number}").expect_within_output(done)
        printed = [str(f.content.get("text")) for f in example.page.frames if f.type == "stream"]
        begun = next(n for n, text in enumerate(printed) if "cell 2: 0" in text)
        assert begun < next(n for n, text in enumerate(printed) if "cell 1: 9" in text)


def test_flow_shows_what_a_run_in_turn_shows(notebook: Open) -> None:
    content = read("flow.ipynb")
    (parameters,) = [cell for cell in content.cells if cell.id == "parameters"]
    parameters.source = "latency = 0.1"
    for example in run_in_both(notebook, content, "akernel-flow"):
        example.expect_end()
        for name in ("sun", "wind", "gas-heat", "heat", "cost", "months"):
            expect(example.cell(name).images).to_have_count(1)
        example.cell("sun").expect_within_output("GWh/h²")
        expect(example.cell("table").area.locator("tbody tr")).to_have_count(4)


def test_reactivity_cells_follow_an_edit_a_slider_and_a_feed(notebook: Open) -> None:
    for example in run_in_both(notebook, read("reactivity.ipynb")):
        total, peak = example.cell("total"), example.cell("peak")
        total.expect_output("net 72.00, with VAT 86.40")
        example.cell("gauge").expect_within_output("19.5 °C")
        example.expect_end()
        expect(example.cell("graph").images).to_have_attribute("src", re.compile("image/svg"))
        write(example.page, example.ids.index("vat"), "vat = 0.5")
        example.page.run(example.ids.index("vat"))
        total.expect_output("net 72.00, with VAT 108.00")
        before = peak.area.text_content() or ""
        example.cell("contacts").handle.scroll_into_view_if_needed()
        drag(example.page, example.cell("contacts"), 0.8)
        expect(peak.area).not_to_have_text(before)
        peak.expect_within_output("are ill at once")


def test_caching_brings_cells_back_after_a_restart_and_in_another_application(
    notebook: Open,
) -> None:
    content = read("caching.ipynb")
    first = Example(notebook(content=content), content)
    first.page.run_all()
    first.expect_end()
    shown = {name: first.text(name) for name in first.ids[:-2]}
    assert "from the cache" not in first.text("why")
    first.page.restart()
    first.page.page.wait_for_function(
        "window.jupyterapp.shell.currentWidget.sessionContext.isReady"
    )
    second = Example(notebook(content=content, app="notebook"), content)
    for example in (first, second):
        example.page.run_all()
        example.expect_end()
        assert {name: example.text(name) for name in shown} == shown
        expect(example.cell("plot").images).to_have_count(1)
        assert "from the cache" in example.text("why"), example.text("why")
        note = example.cell("model").locator.locator(".jp-InputArea")
        expect(note).to_have_attribute("data-akernel-cache", re.compile("cache: .* instead of"))
        example.page.page.keyboard.press("Control+s")
        example.page.page.wait_for_function(SAVED)
        saved = (example.page.server.root / example.page.path).read_text()
        assert not re.search(r"cache: [\d.]+ m?s instead of", saved)


def test_multi_keeps_the_neighbours_apart(notebook: Open) -> None:
    for example in run_in_both(notebook, read("multi.ipynb")):
        example.expect_end("harm")
        example.cell("names").expect_output("False")
        example.cell("classes").expect_output("the neighbour's", "this notebook's")
        for n in range(3):
            expect(example.cell("together").area).to_contain_text(f"notebook {n} 2")
        example.cell("harm").expect_within_output("False", "this notebook's")
        example.cell("memory").expect_within_output("MiB each")
        expect(example.cell("list").area).to_contain_text("chain-multi")
