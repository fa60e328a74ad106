"""What users of reactive notebooks do: edit, add, delete cells, reload the page, drag a slider."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from akernel_ipy.middleware.react.batches import PROMPT

from .page import Cell, NotebookPage

SAVED = "() => !window.jupyterapp.shell.currentWidget.context.model.dirty"
SIZE = "image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])"


def write(page: NotebookPage, index: int, source: str) -> None:
    """Replace a cell's source, as by typing."""
    editor = page.cell(index).editor
    editor.click()
    editor.press("Control+a")
    page.page.keyboard.insert_text(source)
    expect(editor).to_have_text(re.compile(r"\s*".join(map(re.escape, source.split()))))


def insert_below(page: NotebookPage, index: int, source: str) -> None:
    """Add a cell with the key ``b``."""
    count = page.cells.count()
    page.cell(index).select()
    page.page.keyboard.press("b")
    expect(page.cells).to_have_count(count + 1)
    write(page, index + 1, source)


def delete(page: NotebookPage, index: int) -> None:
    """Delete a cell with the keys ``d d``."""
    count = page.cells.count()
    page.cell(index).select()
    page.page.keyboard.press("d")
    page.page.keyboard.press("d")
    expect(page.cells).to_have_count(count - 1)


def undo_delete(page: NotebookPage) -> None:
    """Bring a deleted cell back with the key ``z``."""
    count = page.cells.count()
    page.page.keyboard.press("z")
    expect(page.cells).to_have_count(count + 1)


def run_to_end(page: NotebookPage, *indices: int) -> None:
    """Run cells, each after the end of the one before, and wait for the waves that they cause."""
    for index in indices:
        sent = sum(frame.type == "execute_request" for frame in page.frames)
        page.run(index)
        page.cell(index).expect_ended(sent + 1)
    page.expect_status("idle")


def look(page: NotebookPage) -> None:
    """Take the time that a person needs to see how a cell ended.

    Requests that follow faster are one go, as those of Run All are.
    """
    seen = page.page.evaluate("() => performance.now()") + 1000 * PROMPT + 10
    page.page.wait_for_function("seen => performance.now() > seen", arg=seen)


def save_and_reload(page: NotebookPage) -> None:
    """Save the notebook, then load the page anew."""
    page.page.keyboard.press("Control+s")
    page.page.wait_for_function(SAVED)
    page.load()


def expect_pending(cell: Cell, count: int, *names: str) -> None:
    """Wait until the cell shows nothing but ``None`` and the names that it waits for."""
    cell.expect_output(f"[{count}]:", "None", "waits for", ", ".join(names))


def expect_outputs(cell: Cell, count: int) -> None:
    """Wait until a cell has this number of outputs."""
    expect(cell.area.locator(".jp-OutputArea-child")).to_have_count(count)


def shape_of_figure(cell: Cell) -> float:
    """Wait for the cell's only figure; tell how many times as wide as high it is."""
    expect(cell.images).to_have_count(1)
    width, height = cell.images.evaluate(SIZE)
    return float(width / height)


def drag(page: NotebookPage, cell: Cell, share: float) -> None:
    """Drag a slider's handle to a share of its track, through many values on the way."""
    track = cell.area.locator(".noUi-base").bounding_box()
    handle = cell.handle.bounding_box()
    assert track is not None
    assert handle is not None
    mouse, level = page.page.mouse, handle["y"] + handle["height"] / 2
    mouse.move(handle["x"] + handle["width"] / 2, level)
    mouse.down()
    mouse.move(track["x"] + share * track["width"], level, steps=20)
    mouse.up()
