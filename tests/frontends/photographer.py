"""Takes pictures of JupyterLab: nothing beside the notebook, few colours, few bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import BrowserContext, Locator, expect, sync_playwright

from .browser import ARGUMENTS, find_browser
from .page import NotebookPage
from .server import JupyterServer, code_notebook

IMAGES = Path(__file__).parents[2] / "docs" / "images"
#: Pictures are 1280 pixels wide, of a page of 1024: README pages show them smaller.
WIDTH, SCALE = 1024, 1.25
#: A third of the bytes, and no area changes its colour.
COLOURS = 256

TIDY = """async () => {
    const {commands, shell} = window.jupyterapp;
    shell.collapseLeft();
    shell.collapseRight();
    for (const side of ["left", "right"])
        if (document.querySelector(`.jp-SideBar.jp-mod-${side}:not(.lm-mod-hidden)`))
            await commands.execute("application:toggle-side-tabbar", {side});
}"""
THEMES = "@jupyterlab/apputils-extension:themes"


class Photographer:
    """Opens notebooks without anything beside them, and takes their pictures.

    Args:
        directory: where the pictures go.
    """

    def __init__(self, server: JupyterServer, context: BrowserContext, directory: Path) -> None:
        self.server = server
        self.directory = directory
        self._context = context

    def open(
        self,
        name: str,
        sources: Sequence[str],
        height: int,
        *,
        kernel: str = "akernel",
        width: int = WIDTH,
        app: str = "lab",
    ) -> NotebookPage:
        """Open a notebook in a page of this size."""
        content = code_notebook(sources)
        path = self.server.add_notebook(name, content, kernel, f"{name}.ipynb")
        page = NotebookPage(self._context.new_page(), self.server, path, app)
        page.page.set_viewport_size({"width": width, "height": height})
        page.open()
        if app == "lab":
            page.page.evaluate(TIDY)
        return page

    def take(self, page: NotebookPage, name: str, part: Locator | None = None) -> None:
        """Write a picture of a page, or of a part of it; close the page, and end its kernels."""
        page.page.mouse.move(WIDTH / 2, 2)
        file = self.directory / f"{name}.png"
        if part is None:
            page.page.screenshot(path=file)
        else:
            part.screenshot(path=file)
        with Image.open(file) as picture:
            few = picture.convert("RGB").quantize(COLOURS, kmeans=4, dither=Image.Dither.NONE)
        few.save(file, optimize=True)
        page.page.close()
        self.server.end_sessions()


@contextmanager
def studio(directory: Path, pictures: Path = IMAGES, theme: str = "") -> Iterator[Photographer]:
    """Give a photographer with a server whose files lie in a directory."""
    server = JupyterServer(directory)
    if theme:
        server.set(THEMES, {"theme": theme})
    expect.set_options(timeout=60_000)
    pictures.mkdir(parents=True, exist_ok=True)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=[*ARGUMENTS])
            context = browser.new_context(device_scale_factor=SCALE)
            context.set_default_timeout(60_000)
            yield Photographer(server, context, pictures)
            browser.close()
    finally:
        server.close()
