"""Take docs/images/reactivity.png: ``python -m frontends.reactive_screenshot`` in tests."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import expect

from .page import NotebookPage
from .reactive_page import REACTIVE, add_kernelspec, expect_pending, run_to_end, write
from .screenshots import IMAGES, TIDY, WIDTH, notebooks
from .server import code_notebook

HEIGHT = 1145
SUM = "a = b + 1\na"
SLIDER = """
# a slider
from ipywidgets import FloatSlider
damping = FloatSlider(0.1, min=0, max=1, step=0.05, description="damping")
damping
"""
TEXT = 'print(f"halves every {0.693 / damping.value:.1f} s")'
PLOT = """
# a damped wave
import numpy as np
import matplotlib.pyplot as plt
t = np.linspace(0, 10, 1000)
plt.figure(figsize=(8.4, 1.4))
plt.plot(t, np.exp(-damping.value * t) * np.cos(a * t))
plt.ylim(-1, 1);
"""
SOURCES = (SUM, "b = 2", SLIDER, TEXT, PLOT, "%akernel graph")


def act(page: NotebookPage) -> None:
    """Do what the picture shows: `b` comes late and changes, the slider moves."""
    run_to_end(page, 0)
    expect_pending(page.cell(0), 1, "b")
    run_to_end(page, 1, 2, 3, 4)
    write(page, 1, "b = 10")
    run_to_end(page, 1)
    page.cell(0).expect_output("[1]:", "11")
    for _ in range(5):
        page.cell(2).move_slider()
    page.cell(3).expect_within_output("every 2.0 s")
    run_to_end(page, 5)
    expect(page.cell(5).area.locator("img, svg")).to_be_visible()
    expect(page.cell(4).images).to_have_count(1)


def take(directory: Path, file: Path) -> None:
    """Write the picture."""
    with notebooks(directory) as (server, context):
        add_kernelspec(server)
        name = "reactivity.ipynb"
        path = server.add_notebook("reactivity", code_notebook(SOURCES), REACTIVE, name)
        page = NotebookPage(context.new_page(), server, path)
        page.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        page.open()
        page.page.evaluate(TIDY)
        act(page)
        page.cell(2).select()
        page.page.mouse.move(WIDTH / 2, 2)
        page.page.screenshot(path=file)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        take(Path(directory), Path(*sys.argv[1:2]) if sys.argv[1:] else IMAGES / "reactivity.png")
