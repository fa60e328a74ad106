"""Take the pictures of docs/images: ``python -m frontends.screenshots`` in the folder tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, expect, sync_playwright

from .browser import ARGUMENTS, find_browser
from .page import NotebookPage
from .server import JupyterServer, code_notebook

IMAGES = Path(__file__).parents[2] / "docs" / "images"
#: Pictures are 1280 pixels wide, of a page of 1024: README pages show them smaller.
WIDTH, SCALE = 1024, 1.25

TIDY = """async () => {
    const {commands, shell} = window.jupyterapp;
    await commands.execute("application:toggle-left-area");
    for (const side of ["left", "right"])
        await commands.execute("application:toggle-side-tabbar", {side});
}"""

FETCH = """
import time
start = time.perf_counter()
for page in range(1, 30):
    await asyncio.sleep(1.0)
    print(f"{time.perf_counter() - start:4.1f} s   fetched page {page}")
"""
TRAIN = """
for epoch in range(1, 20):
    await asyncio.sleep(1.6)
    print(f"{time.perf_counter() - start:4.1f} s   epoch {epoch}: loss {2 / (epoch + 1):.2f}")
"""
PLOT = """
import numpy as np
import matplotlib.pyplot as plt
t = np.linspace(0, 15, 500)
plt.figure(figsize=(8.4, 2.2))
for damping in (0.2, 0.4, 0.8):
    plt.plot(t, np.exp(-damping * t) * np.cos(3 * t), label=f"damping {damping}")
plt.legend(loc="upper right");
"""
SLIDER = """
import ipywidgets
power = ipywidgets.IntSlider(value=3, min=0, max=30, description="power")
display(power)
for step in range(100):
    print(f"{power.value:3} " + "●" * power.value)
    await asyncio.sleep(0.5)
"""
BESIDE = """
for n in range(1, 100):
    await asyncio.sleep(1)
print("the other cell runs on")
"""


@contextmanager
def notebooks(directory: Path) -> Iterator[tuple[JupyterServer, BrowserContext]]:
    """Give a server and a browser whose pictures have the right scale."""
    server = JupyterServer(directory)
    expect.set_options(timeout=60_000)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=[*ARGUMENTS])
            viewport = {"width": WIDTH, "height": 800}
            yield server, browser.new_context(viewport=viewport, device_scale_factor=SCALE)
            browser.close()
    finally:
        server.close()


class Photographer:
    """Opens notebooks without anything beside them, and takes their pictures."""

    def __init__(self, server: JupyterServer, context: BrowserContext) -> None:
        self.server = server
        self.context = context

    def open(self, name: str, sources: list[str], height: int) -> NotebookPage:
        path = self.server.add_notebook(name, code_notebook(sources), "akernel", f"{name}.ipynb")
        page = NotebookPage(self.context.new_page(), self.server, path)
        page.page.set_viewport_size({"width": WIDTH, "height": height})
        page.open()
        page.page.evaluate(TIDY)
        return page

    def take(self, page: NotebookPage, name: str) -> None:
        page.page.mouse.move(WIDTH / 2, 2)
        page.page.screenshot(path=IMAGES / name)
        page.page.close()
        self.server.end_sessions()

    def concurrency(self) -> None:
        """Two cells run, below them one has ended."""
        page = self.open("concurrency", [FETCH, TRAIN, PLOT], 880)
        page.run_all()
        page.cell(2).expect_ended(3)
        expect(page.cell(2).images).to_be_visible()
        page.cell(0).expect_within_output("fetched page 6")
        page.cell(1).expect_within_output("epoch 4")
        page.cell(0).select()
        self.take(page, "concurrency.png")

    def slider(self) -> None:
        """A slider acts in a running cell."""
        page = self.open("slider", [SLIDER, BESIDE], 560)
        page.run(1, 0)
        for value in range(4, 25):
            page.cell(0).move_slider()
            expect(page.cell(0).area.locator(".widget-readout")).to_have_text(str(value))
            if value % 4 == 0:
                page.cell(0).expect_within_output(f"{value} ●")
        self.take(page, "slider.png")


def main() -> None:
    """Write all pictures."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, notebooks(Path(directory)) as served:
        photographer = Photographer(*served)
        photographer.concurrency()
        photographer.slider()


if __name__ == "__main__":
    main()
