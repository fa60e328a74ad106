"""JupyterLab's debugger: a cell stops at a breakpoint, is looked at, and goes on."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .page import NotebookPage
from .server import REACTIVE

DOUBLE = """
def double(n):
    result = 2 * n
    return result
print("twice is", double(21))
"""
RETURN = 3
BESIDE = "from gates import passed\nawait passed('gate')\nprint('ended')"


@pytest.mark.parametrize("kernel", ["akernel", REACTIVE])
def test_a_cell_stops_at_a_breakpoint_shows_its_variables_and_goes_on_as_others_do(
    notebook: Callable[..., NotebookPage], kernel: str
) -> None:
    page = notebook(DOUBLE, BESIDE, kernel=kernel)
    stopped, beside = page.cell(0), page.cell(1)
    page.run(1)
    start_debugger(page)
    set_breakpoint(page, RETURN)
    page.run(0)
    expect(page.page.locator(".jp-DebuggerCallstack-body li").first).to_contain_text("double")
    variables = page.page.locator(".jp-debuggerVariables-local")
    expect(variables).to_contain_text(re.compile(r"result\s*42"))
    stopped.expect_running()
    page.page.locator("[data-command='debugger:continue']").first.click()
    stopped.expect_output("twice is 42")
    stopped.expect_ended(2)
    beside.expect_running()
    page.open_gate("gate")
    beside.expect_output("ended")
    beside.expect_ended(1)
    page.expect_status("idle")
    page.page.evaluate("window.jupyterapp.shell.collapseRight()")


def start_debugger(page: NotebookPage) -> None:
    """Press the button with the bug, and wait for the debugger's panel."""
    button = page.page.locator(".jp-DebuggerBugButton")
    expect(button).to_have_attribute("aria-disabled", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    page.page.evaluate("window.jupyterapp.shell.expandRight()")


def set_breakpoint(page: NotebookPage, line: int) -> None:
    """Click beside a line of the first cell; the dot appears when the kernel has agreed."""
    cell = page.cell(0).locator
    # The first element of a gutter can't be seen; it has the width of the widest, or even a dot.
    cell.locator(".cm-breakpoint-gutter .cm-gutterElement").nth(line).click()
    expect(cell.locator(".cm-breakpoint-icon:visible")).to_have_count(1)
