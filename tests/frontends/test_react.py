"""Reactive notebooks: what their pages show, replace and forget."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .page import NotebookPage
from .reactive_page import (
    delete,
    expect_outputs,
    expect_pending,
    insert_below,
    run_to_end,
    save_and_reload,
    shape_of_figure,
    undo_delete,
    write,
)

Open = Callable[..., NotebookPage]

READER = "a = b + 1\na"
FIGURE = "import matplotlib.pyplot as plt\nplt.figure(figsize=(n, 2))\nplt.plot([0, n]);"
TABLE = """
from IPython.display import HTML
HTML("<table>" + "".join(f"<tr><td>row {i}</td></tr>" for i in range(n)) + "</table>")
"""
FRAME = "import pandas\npandas.DataFrame({'n': range(n)})"
ALL_KINDS = """
import sys
import matplotlib.pyplot as plt
from IPython.display import HTML
print("out", n)
print("err", n, file=sys.stderr)
display(HTML(f"<b>bold {n}</b>"))
plt.figure(figsize=(n, 2))
plt.plot([0, n])
plt.show()
n * n
"""


def test_the_example_of_the_guide_shows_none_then_three_then_eleven(reactive: Open) -> None:
    page = reactive(READER, "b = 2")
    run_to_end(page, 0)
    expect_pending(page.cell(0), 1, "b")
    run_to_end(page, 1)
    page.cell(0).expect_output("[1]:", "3")
    write(page, 1, "b = 10")
    run_to_end(page, 1)
    page.cell(0).expect_output("[1]:", "11")
    page.cell(0).expect_ended(1)


def test_a_third_cell_that_defines_the_name_anew_updates_the_first(reactive: Open) -> None:
    page = reactive(READER, "b = 2")
    run_to_end(page, 0, 1)
    page.cell(0).expect_output("[1]:", "3")
    insert_below(page, 1, "b = 10")
    run_to_end(page, 2)
    page.cell(0).expect_output("[1]:", "11")
    page.cell(0).expect_ended(1)
    page.cell(1).expect_output()
    page.cell(2).expect_output()


def test_a_printed_text_is_replaced_in_place(reactive: Open) -> None:
    page = reactive("n = 1", "for i in range(n):\n    print('line', i)")
    run_to_end(page, 0, 1)
    page.cell(1).expect_output("line 0")
    write(page, 0, "n = 3")
    run_to_end(page, 0)
    page.cell(1).expect_output("line 0", "line 1", "line 2")
    write(page, 0, "n = 2")
    run_to_end(page, 0)
    page.cell(1).expect_output("line 0", "line 1")
    page.cell(1).expect_ended(2)


def test_a_figure_is_replaced_in_place(reactive: Open) -> None:
    page = reactive("n = 2", FIGURE)
    run_to_end(page, 0, 1)
    assert shape_of_figure(page.cell(1)) < 1.5
    old = page.cell(1).images.get_attribute("src") or ""
    write(page, 0, "n = 6")
    run_to_end(page, 0)
    expect(page.cell(1).images).not_to_have_attribute("src", old)
    assert shape_of_figure(page.cell(1)) > 2
    expect_outputs(page.cell(1), 1)


@pytest.mark.parametrize("source", [TABLE, FRAME])
def test_a_table_is_replaced_in_place(reactive: Open, source: str) -> None:
    if source == FRAME:
        pytest.importorskip("pandas")
    page = reactive("n = 2", source)
    run_to_end(page, 0, 1)
    rows = page.cell(1).area.locator("tr:has(td)")
    expect(rows).to_have_count(2)
    write(page, 0, "n = 5")
    run_to_end(page, 0)
    expect(rows).to_have_count(5)
    expect(page.cell(1).area.locator("table")).to_have_count(1)
    expect(page.cell(1).area.locator(".jp-OutputPrompt")).to_have_text("[2]:")


def test_an_error_takes_the_place_of_a_value_and_gives_it_back(reactive: Open) -> None:
    page = reactive("n = 4", "print('divide')\n12 // n")
    run_to_end(page, 0, 1)
    page.cell(1).expect_output("divide", "[2]:", "3")
    write(page, 0, "n = 0")
    run_to_end(page, 0)
    page.cell(1).expect_error("ZeroDivisionError")
    expect_outputs(page.cell(1), 2)
    expect(page.cell(0).errors).to_have_count(0)
    page.cell(0).expect_ended(3)
    write(page, 0, "n = 6")
    run_to_end(page, 0)
    page.cell(1).expect_output("divide", "[2]:", "2")
    expect(page.cell(1).errors).to_have_count(0)


def test_all_that_a_cell_shows_is_replaced_together_in_its_order(reactive: Open) -> None:
    page = reactive("n = 2", ALL_KINDS)
    run_to_end(page, 0, 1)
    page.cell(1).expect_output("out 2", "err 2", "bold 2", "[2]:", "4")
    expect_outputs(page.cell(1), 5)
    write(page, 0, "n = 5")
    run_to_end(page, 0)
    page.cell(1).expect_output("out 5", "err 5", "bold 5", "[2]:", "25")
    expect_outputs(page.cell(1), 5)
    assert shape_of_figure(page.cell(1)) > 2


def test_a_re_run_without_output_empties_its_cell(reactive: Open) -> None:
    page = reactive("n = 1", "if n:\n    print('some', n)")
    run_to_end(page, 0, 1)
    page.cell(1).expect_output("some 1")
    write(page, 0, "n = 0")
    run_to_end(page, 0)
    page.cell(1).expect_output()
    expect_outputs(page.cell(1), 0)
    write(page, 0, "n = 2")
    run_to_end(page, 0)
    page.cell(1).expect_output("some 2")


def test_names_of_a_deleted_cell_leave_and_return_when_it_is_undone_and_run(
    reactive: Open,
) -> None:
    page = reactive("b = 2", READER, "print('other')", "'b' in globals()")
    run_to_end(page, 0, 1)
    page.cell(1).expect_output("[2]:", "3")
    delete(page, 0)
    run_to_end(page, 1)
    blame = "(deleted with In [1]; if you restored that, run it)"
    page.cell(0).expect_output("[2]:", "None", "waits for", "b", blame)
    run_to_end(page, 2)
    page.cell(2).expect_output("[4]:", "False")
    page.cell(0).select()
    undo_delete(page)
    run_to_end(page, 0)
    page.cell(1).expect_output("[2]:", "3")


def test_a_cell_deleted_and_undone_at_once_defines_its_names_when_run_again(
    reactive: Open,
) -> None:
    page = reactive("b = 2", READER, "print('other')")
    run_to_end(page, 0, 1)
    delete(page, 0)
    undo_delete(page)
    run_to_end(page, 2, 0)
    page.cell(1).expect_output("[2]:", "3")
    write(page, 0, "b = 10")
    run_to_end(page, 0)
    page.cell(1).expect_output("[2]:", "11")


def test_after_a_reload_the_state_holds_and_cells_follow_once_they_were_run(
    reactive: Open,
) -> None:
    page = reactive(READER, "b = 2", "print('a is', a)")
    run_to_end(page, 0, 1, 2)
    save_and_reload(page)
    page.cell(0).expect_output("[1]:", "3")
    page.cell(2).expect_output("a is 3")
    run_to_end(page, 2)
    page.cell(2).expect_output("a is 3")
    write(page, 1, "b = 10")
    run_to_end(page, 1)
    page.cell(2).expect_output("a is 11")
    run_to_end(page, 0)
    page.cell(0).expect_output("[6]:", "11")
    write(page, 1, "b = 20")
    run_to_end(page, 1)
    page.cell(0).expect_output("[6]:", "21")
    page.cell(2).expect_output("a is 21")


def test_any_notebook_becomes_reactive_with_a_magic_and_shows_its_graph(notebook: Open) -> None:
    page = notebook("%akernel_mode react", READER, "b = 2", "%akernel graph")
    run_to_end(page, 0, 1)
    expect_pending(page.cell(1), 2, "b")
    run_to_end(page, 2)
    page.cell(1).expect_output("[2]:", "3")
    run_to_end(page, 3)
    assert shape_of_figure(page.cell(3)) > 0
    expect(page.cell(3).images).to_have_attribute("src", re.compile("^data:image/svg"))
