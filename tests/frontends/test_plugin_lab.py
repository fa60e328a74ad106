"""The extension in the stock kernel ``python3``, as JupyterLab shows it."""

from __future__ import annotations

from collections.abc import Callable

from .page import NotebookPage
from .reactive_page import expect_outputs, expect_pending, run_to_end, write

LOAD = "%load_ext akernel_ipy\n%akernel_mode react"
ALL_KINDS = """
import matplotlib.pyplot as plt
print("a is", a)
plt.plot([0, a])
plt.show()
a * 2
"""


def test_cells_of_the_stock_kernel_follow_their_data_until_it_is_unloaded(
    notebook: Callable[..., NotebookPage],
) -> None:
    page = notebook(LOAD, "a = b + 1\na", "b = 2", ALL_KINDS, kernel="python3")
    run_to_end(page, 0, 1)
    expect_pending(page.cell(1), 2, "b")
    run_to_end(page, 2, 3)
    page.cell(1).expect_output("[2]:", "3")
    write(page, 2, "b = 10")
    run_to_end(page, 2)
    page.cell(1).expect_output("[2]:", "11")
    page.cell(3).expect_within_output("a is 11")
    page.cell(3).expect_within_output("[4]:", "22")
    expect_outputs(page.cell(3), 3)
    write(page, 0, "%unload_ext akernel_ipy")
    run_to_end(page, 0)
    write(page, 2, "b = 50")
    run_to_end(page, 2)
    page.cell(1).expect_output("[2]:", "11")
