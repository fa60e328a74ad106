"""A notebook in the browser: what a user does with it and sees in it."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from .frames import Frames
from .server import JupyterServer

#: How each application opens a notebook; a workspace of its own has no tabs of other tests.
ADDRESSES = {"lab": "lab/workspaces/{name}/tree/{path}", "notebook": "notebooks/{path}"}

#: Everything is there, and the kernel has answered.
READY = """() => {
    const app = window.jupyterapp;
    const context = app.shell.currentWidget?.sessionContext;
    const usable = app.commands.isEnabled("runmenu:run-all")
        && app.commands.keyBindings.some(binding => binding.command === "notebook:run-cell");
    return usable && context?.isReady && context.session?.kernel?.status === "idle";
}"""

#: A page that is loaded opens one more notebook.
OPEN = """async path => {
    const {commands} = window.jupyterapp;
    await commands.execute("docmanager:open", {path, factory: "Notebook"});
}"""

#: Close all documents, changed or not: their kernels are the server's business.
CLOSE = """() => {
    for (const widget of [...window.jupyterapp.shell.widgets("main")])
        widget.dispose();
}"""

#: Keys go to the notebook. Notebook 7.6 drops the focus, now and then, when its spinner leaves.
FOCUSED = "document.querySelector('.jp-Notebook')?.contains(document.activeElement)"


class Cell:
    """A code cell, its prompt and its outputs."""

    def __init__(self, locator: Locator) -> None:
        self.locator = locator
        self.prompt = locator.locator(".jp-InputPrompt")
        self.editor = locator.locator(".jp-InputArea .cm-content")
        self.area = locator.locator(".jp-Cell-outputArea")
        self.images = self.area.locator("img")
        self.errors = self.area.locator("[data-mime-type='application/vnd.jupyter.stderr']")
        self.question = self.area.locator("input.jp-Stdin-input")
        self.handle = self.area.locator(".noUi-handle")
        self.captured = self.area.locator(".widget-output")

    def select(self) -> None:
        """Select the cell, in command mode."""
        self.prompt.click()
        expect(self.locator).to_have_class(re.compile(r"\bjp-mod-active\b"))

    def edit(self) -> None:
        """Put the cursor at the end of the source."""
        self.editor.click()
        self.editor.press("Control+End")

    def answer(self, text: str) -> None:
        """Type into the box of the cell's ``input()``."""
        self.question.fill(text)
        self.question.press("Enter")

    def move_slider(self) -> None:
        """Move the slider shown by this cell by one step."""
        self.handle.press("ArrowRight")

    def expect_running(self) -> None:
        expect(self.prompt).to_have_text("[*]:")

    def expect_ended(self, count: int) -> None:
        expect(self.prompt).to_have_text(f"[{count}]:")

    def expect_output(self, *parts: str) -> None:
        """Wait until the outputs are these parts, in this order and with any space between."""
        expect(self.area).to_have_text(re.compile(r"^\s*" + _spaced(parts) + r"\s*$"))

    def expect_within_output(self, *parts: str) -> None:
        """Wait until these parts are among the outputs, with nothing but space between them."""
        expect(self.area).to_have_text(re.compile(_spaced(parts)))

    def expect_error(self, name: str, timeout: float | None = None) -> None:
        """Wait until the cell shows this error and no other."""
        expect(self.errors).to_contain_text(name, timeout=timeout)
        expect(self.errors).to_have_count(1)


class NotebookPage:
    """A notebook opened in JupyterLab or in Notebook 7."""

    def __init__(self, page: Page, server: JupyterServer, path: str, app: str = "lab") -> None:
        self.app = app
        self.page = page
        self.server = server
        self.path = path
        self.directory = (server.root / path).parent
        #: How often the page was loaded for this notebook.
        self.loads = 0
        self.frames = Frames(page)
        self.cells = page.locator(".jp-Notebook .jp-CodeCell")
        self.indicator = page.locator(".jp-Notebook-ExecutionIndicator")

    def open(self) -> None:
        """Open the notebook in a page that is there, or load it, and wait for the kernel."""
        if self.page.url.startswith(self.server.address):
            self.loads += 1
            self.page.evaluate(OPEN, self.path)
            self.expect_ready()
        else:
            self.load()

    def load(self) -> None:
        """Load the page, or load it anew, and wait until the kernel is ready."""
        self.loads += 1
        address = ADDRESSES[self.app].format(name=self.directory.name, path=self.path)
        self.page.goto(f"{self.server.address}/{address}?token={self.server.token}")
        self.expect_ready()

    def close(self) -> None:
        """Close the notebook; the page can open another one."""
        self.frames.close()
        self.page.evaluate(CLOSE)

    def expect_ready(self) -> None:
        self.page.wait_for_function("window.jupyterapp")
        self.page.evaluate("window.jupyterapp.restored.then(() => true)")
        self.page.wait_for_function(READY)
        self.page.locator(".jp-Notebook .jp-Cell").first.locator(".jp-InputPrompt").click()
        self.page.wait_for_function(FOCUSED)

    def expect_status(self, status: str) -> None:
        """Wait until the toolbar's circle means this, and JupyterLab's status bar says it."""
        expect(self.indicator).to_have_attribute("data-status", status)
        if self.app == "lab":
            said = self.page.locator(".jp-StatusBar-TextItem", has_text=" | ")
            expect(said).to_have_text(re.compile(rf"\| {status}$", re.IGNORECASE))

    def cell(self, index: int) -> Cell:
        return Cell(self.cells.nth(index))

    def run(self, *indices: int) -> None:
        """Run cells one after the other, without waiting for their end."""
        for index in indices:
            self.cell(index).select()
            self.page.keyboard.press("Control+Enter")
            expect(self.cell(index).prompt).not_to_have_text("[ ]:")

    def menu(self, menu: str, item: str) -> None:
        """Choose an item of the menu bar."""
        self.page.locator(f".lm-MenuBar-itemLabel:text-is('{menu}')").click()
        self.page.locator(f".lm-Menu-itemLabel:text-is('{item}')").click()

    def run_all(self) -> None:
        self.cell(0).select()
        self.menu("Run", "Run All Cells")

    def interrupt(self) -> None:
        """Press the stop button of the toolbar."""
        self.page.locator("[data-command='notebook:interrupt-kernel']").first.click()

    def restart(self) -> None:
        """Press the restart button of the toolbar, and confirm."""
        self.page.locator("[data-command='notebook:restart-kernel']").first.click()
        self.page.locator(".jp-Dialog button.jp-mod-accept").click()

    def open_gate(self, name: str) -> None:
        """Let the cells go on that wait for the gate of this name."""
        Path(self.directory, f"{name}.open").touch()


def _spaced(parts: tuple[str, ...]) -> str:
    return r"\s*".join(map(re.escape, parts))
