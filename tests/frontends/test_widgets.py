"""ipywidgets whose callbacks act while cells run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from .page import NotebookPage
from .server import JupyterServer

Open = Callable[..., NotebookPage]

KERNEL_SETTINGS = "@jupyterlab/apputils-extension:kernels-settings"
SETTINGS = {"subshells": {}, "main": {"commsOverSubshells": "disabled"}}
SLIDER = """
import asyncio, ipywidgets
slider, told = ipywidgets.IntSlider(description="level"), []
def moved(change):
    print("moved to", change["new"])
    told.append(change["new"])
slider.observe(moved, "value")
display(slider)
"""
# A front-end that has subshells moves the slider in a thread beside the cell: only when the
# callback says so has it printed.
UNTIL_THREE = """
while 3 not in told:
    await asyncio.sleep(0.01)
print("reached", slider.value)
"""
INTERACT = """
import ipywidgets
@ipywidgets.interact(n=(0, 10))
def show(n=5):
    print("n is", n)
    return n * n
"""
OUTPUT = """
import ipywidgets
slider, captured = ipywidgets.IntSlider(), ipywidgets.Output()
@captured.capture()
def moved(change):
    print("captured", change["new"])
slider.observe(moved, "value")
display(slider, captured)
"""
AWAIT = "from gates import passed\nawait passed('end')\nslider.value"


@pytest.fixture(scope="module", params=SETTINGS.values(), ids=SETTINGS)
def subshells(request: pytest.FixtureRequest, server: JupyterServer) -> Iterator[None]:
    """JupyterLab's settings: whether comm messages go to a subshell, as they do by default."""
    server.set(KERNEL_SETTINGS, request.param)
    yield
    server.set(KERNEL_SETTINGS, {})


@pytest.mark.usefixtures("subshells")
def test_a_slider_acts_while_its_own_cell_awaits_and_after_it(notebook: Open) -> None:
    page = notebook(SLIDER + UNTIL_THREE)
    page.run(0)
    cell = page.cell(0)
    for value in (1, 2):
        cell.move_slider()
        cell.expect_within_output(f"moved to {value}")
        cell.expect_running()
    cell.move_slider()
    cell.expect_within_output("moved to 1", "moved to 2", "moved to 3", "reached 3")
    cell.expect_ended(1)
    for value in (4, 5):
        cell.move_slider()
        cell.expect_within_output(f"moved to {value}")


@pytest.mark.usefixtures("subshells")
def test_a_slider_of_an_ended_cell_acts_while_another_awaits(notebook: Open) -> None:
    page = notebook(SLIDER, AWAIT)
    page.run(0, 1)
    page.cell(0).expect_ended(1)
    for value in (1, 2, 3):
        page.cell(0).move_slider()
        page.cell(0).expect_within_output(f"moved to {value}")
    page.cell(1).expect_running()
    page.open_gate("end")
    page.cell(1).expect_output("[2]:", "3")
    page.cell(0).move_slider()
    page.cell(0).expect_within_output("moved to 1", "moved to 2", "moved to 3", "moved to 4")


@pytest.mark.usefixtures("subshells")
def test_interact_shows_in_its_own_output_while_another_cell_awaits(notebook: Open) -> None:
    page = notebook(INTERACT, "from gates import passed\nawait passed('end')")
    page.run(0, 1)
    cell = page.cell(0)
    for value in (6, 7):
        cell.move_slider()
        expect(cell.captured).to_have_text(f"n is {value}\n{value * value}")
    page.cell(1).expect_running()
    expect(cell.area.get_by_text("n is")).to_have_count(1)


@pytest.mark.usefixtures("subshells")
def test_an_output_widget_captures_what_a_callback_prints(notebook: Open) -> None:
    page = notebook(OUTPUT, AWAIT)
    page.run(0, 1)
    cell = page.cell(0)
    for value in (1, 2):
        cell.move_slider()
        expect(cell.captured).to_contain_text(f"captured {value}")
    page.cell(1).expect_running()
    expect(cell.area.get_by_text("captured")).to_have_count(1)
    page.open_gate("end")
    page.cell(1).expect_output("[2]:", "2")


def test_under_chain_a_slider_acts_while_its_cell_awaits(notebook: Open) -> None:
    page = notebook(SLIDER + UNTIL_THREE, "slider.value", kernel="akernel-chain")
    page.run(0, 1)
    for value in (1, 2, 3):
        page.cell(0).move_slider()
        page.cell(0).expect_within_output(f"moved to {value}")
    page.cell(1).expect_output("[2]:", "3")
