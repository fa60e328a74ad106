"""Reactive notebooks: values that change by themselves, widgets and live generators."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .page import NotebookPage
from .reactive_page import (
    drag,
    expect_outputs,
    look,
    run_to_end,
    save_and_reload,
    shape_of_figure,
    write,
)
from .server import JupyterServer

Open = Callable[..., NotebookPage]

KERNEL_SETTINGS = "@jupyterlab/apputils-extension:kernels-settings"
SLIDER = "from ipywidgets import IntSlider\nw = IntSlider(value=2, max=50)\nw"
PLOT = """
import matplotlib.pyplot as plt
plt.figure(figsize=(w.value, 2))
plt.plot([0, w.value]);
"""
SLOW = """
from gates import passed
n = w.value
print("began", n)
if n > 2:
    await passed("go")
print("ended", n)
"""
TICKS = """
from gates import passed
async def ticks():
    for n in range(3):
        yield n
        await passed(f"tick {n}")
x = live(ticks())
"""
BREAKS = """
from gates import passed
async def ticks():
    yield 1
    await passed("on")
    yield 2
    raise ValueError("lost")
x = live(ticks())
"""
INTERACT = """
from ipywidgets import interact
@interact(n=(0, 10))
def add(n=5):
    print("sum", base + n)
"""
FORM = """
from ipywidgets import Dropdown, Text
name, fruit = Text("Ada"), Dropdown(options=["figs", "plums"])
display(name, fruit)
"""


@pytest.mark.parametrize("settings", [{"commsOverSubshells": "disabled"}, {}])
def test_a_slider_drives_two_cells_and_a_plot(
    reactive: Open, server: JupyterServer, settings: dict[str, str]
) -> None:
    server.set(KERNEL_SETTINGS, settings)
    try:
        page = reactive(SLIDER, "print('twice', 2 * w.value)", "w.value**2", PLOT)
    finally:
        server.set(KERNEL_SETTINGS, {})
    run_to_end(page, 0, 1, 2, 3)
    slider, twice, square, plot = (page.cell(index) for index in range(4))
    twice.expect_output("twice 4")
    assert shape_of_figure(plot) < 1.5
    for value in range(3, 8):
        slider.move_slider()
        twice.expect_output(f"twice {2 * value}")
        square.expect_output("[3]:", str(value**2))
    page.expect_status("idle")
    assert shape_of_figure(plot) > 2
    expect_outputs(plot, 1)
    expect_outputs(slider, 1)
    for index in range(4):
        page.cell(index).expect_ended(index + 1)


def test_while_a_dependent_runs_only_the_newest_value_of_a_slider_counts(reactive: Open) -> None:
    page = reactive(SLIDER, SLOW, "print('next', n)")
    run_to_end(page, 0, 1, 2)
    slider, slow, after = (page.cell(index) for index in range(3))
    slow.expect_output("began 2", "ended 2")
    for value in (3, 4, 5):
        slider.move_slider()
        slow.expect_output(f"began {value}")
    page.open_gate("go")
    slow.expect_output("began 5", "ended 5")
    after.expect_output("next 5")


def test_after_a_slider_was_dragged_its_reader_shows_where_it_stopped(reactive: Open) -> None:
    page = reactive(SLIDER, "import time\ntime.sleep(0.02)\nprint('at', w.value)")
    run_to_end(page, 0, 1)
    page.cell(1).expect_output("at 2")
    drag(page, page.cell(0), 0.8)
    page.cell(1).expect_output("at 40")
    expect(page.cell(0).area.locator(".widget-readout")).to_have_text("40")
    drag(page, page.cell(0), 0.0)
    page.cell(1).expect_output("at 0")


def test_a_cell_that_sets_a_slider_moves_it_and_its_readers(reactive: Open) -> None:
    page = reactive(SLIDER, "print('at', w.value)", "w.value = 7")
    run_to_end(page, 0, 1)
    look(page)
    run_to_end(page, 2)
    page.cell(1).expect_output("at 7")
    expect(page.cell(0).area.locator(".widget-readout")).to_have_text("7")
    page.cell(0).move_slider()
    page.cell(1).expect_output("at 8")


def test_after_a_reload_a_slider_drives_the_cells_that_were_run_again(reactive: Open) -> None:
    page = reactive(SLIDER, "print('at', w.value)")
    run_to_end(page, 0, 1)
    save_and_reload(page)
    page.cell(1).expect_output("at 2")
    run_to_end(page, 1)
    page.cell(0).move_slider()
    page.cell(1).expect_output("at 3")


def test_a_live_generator_ticks_into_the_cells_that_read_it(reactive: Open) -> None:
    page = reactive(TICKS, "print('tick', x)", "10 * x")
    run_to_end(page, 0, 1, 2)
    for value in range(3):
        page.cell(1).expect_output(f"tick {value}")
        page.cell(2).expect_output("[3]:", str(10 * value))
        page.open_gate(f"tick {value}")


def test_an_edited_cell_ends_its_live_generator(reactive: Open) -> None:
    page = reactive(TICKS, "print('tick', x)", "x")
    run_to_end(page, 0, 1)
    page.cell(1).expect_output("tick 0")
    write(page, 0, "x = 7")
    run_to_end(page, 0)
    page.cell(1).expect_output("tick 7")
    page.open_gate("tick 0")
    run_to_end(page, 2)
    page.cell(2).expect_output("[4]:", "7")
    page.cell(1).expect_output("tick 7")


@pytest.mark.parametrize("source", ["w", "display(w)", "HBox([w])", "box = VBox([w])\nbox"])
def test_a_slider_shown_by_another_cell_stays_in_hand_while_it_moves(
    reactive: Open, source: str
) -> None:
    definition = "from ipywidgets import HBox, IntSlider, VBox\nw = IntSlider(value=2, max=50)"
    page = reactive(definition, source, "print('at', w.value)")
    run_to_end(page, 0, 1, 2)
    handle = page.cell(1).handle
    handle.focus()
    for value in (3, 4, 5):
        page.page.keyboard.press("ArrowRight")
        page.cell(2).expect_output(f"at {value}")
        expect(handle).to_be_focused()
    drag(page, page.cell(1), 0.8)
    page.cell(2).expect_output("at 40")


def test_a_function_that_reads_a_slider_passes_its_moves_on(reactive: Open) -> None:
    page = reactive("def level():\n    return 10 * w.value", SLIDER, "print('level', level())")
    run_to_end(page, 0, 1, 2)
    page.cell(2).expect_output("level 20")
    page.cell(1).move_slider()
    page.cell(2).expect_output("level 30")


def test_interact_shows_its_own_moves_and_follows_what_its_cell_reads(reactive: Open) -> None:
    page = reactive("base = 10", INTERACT)
    run_to_end(page, 0, 1)
    cell = page.cell(1)
    expect(cell.captured).to_have_text("sum 15")
    cell.move_slider()
    expect(cell.captured).to_have_text("sum 16")
    write(page, 0, "base = 20")
    run_to_end(page, 0)
    expect(cell.captured).to_have_text("sum 25")
    expect(cell.handle).to_have_count(1)
    cell.move_slider()
    expect(cell.captured).to_have_text("sum 26")


def test_a_text_box_and_a_menu_drive_a_cell(reactive: Open) -> None:
    page = reactive(FORM, "print(name.value, 'likes', fruit.value)")
    run_to_end(page, 0, 1)
    page.cell(1).expect_output("Ada likes figs")
    form = page.cell(0).area
    form.locator("select").select_option("plums")
    page.cell(1).expect_output("Ada likes plums")
    form.locator("input[type=text]").fill("Grace")
    page.cell(1).expect_output("Grace likes plums")


def test_a_slider_that_makes_its_reader_fail_brings_it_back(reactive: Open) -> None:
    page = reactive(SLIDER, "12 // (w.value - 3)")
    run_to_end(page, 0, 1)
    page.cell(0).move_slider()
    page.cell(1).expect_error("ZeroDivisionError")
    page.cell(0).move_slider()
    page.cell(1).expect_output("[2]:", "12")


def test_after_a_restart_run_all_makes_the_slider_drive_its_readers_again(reactive: Open) -> None:
    page = reactive(SLIDER, "print('at', w.value)")
    run_to_end(page, 0, 1)
    page.cell(0).move_slider()
    page.cell(1).expect_output("at 3")
    page.restart()
    page.expect_status("idle")
    page.run_all()
    page.cell(1).expect_output("at 2")
    page.expect_status("idle")
    page.cell(0).move_slider()
    page.cell(1).expect_output("at 3")


def test_a_live_generator_that_fails_shows_it_in_its_cell(reactive: Open) -> None:
    page = reactive(BREAKS, "print('tick', x)")
    run_to_end(page, 0, 1)
    page.open_gate("on")
    page.cell(1).expect_output("tick 2")
    page.cell(0).expect_error("lost")
    page.cell(1).expect_output("tick 2")
    run_to_end(page, 0)
    page.cell(0).expect_error("lost")
