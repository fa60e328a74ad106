"""One server and one browser for all tests of this folder, a page and a notebook for each test."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from .browser import ARGUMENTS, find_browser
from .desk import Desk
from .page import NotebookPage
from .server import REACTIVE, JupyterServer, code_notebook

PATIENCE = 90_000  # milliseconds
HERE = Path(__file__).parent
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember for the fixtures that their test failed."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a page that loads slowly on a busy machine its time."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Give a headless Chromium."""
    program = find_browser()
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*ARGUMENTS])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """Give a Jupyter server; it starts after the browser was found."""
    server = JupyterServer(tmp_path_factory.mktemp("server"))
    yield server
    server.close()


@pytest.fixture(scope="package")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Give a browser window, whose cache all pages share."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture(scope="package")
def desk(server: JupyterServer, context: BrowserContext) -> Desk:
    """Give what opens pages, and keeps JupyterLab's for the next test."""
    return Desk(server, context)


@pytest.fixture
def notebook(
    server: JupyterServer, desk: Desk, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[..., NotebookPage]]:
    """Open notebooks with cells of the given sources, or a whole notebook.

    A failed test leaves a picture of them and their messages in its `tmp_path`.
    """
    pages: list[NotebookPage] = []
    name = re.sub(r"\W+", "-", request.node.name)

    def make(
        *sources: str,
        kernel: str = "akernel",
        app: str = "lab",
        content: nbformat.NotebookNode | None = None,
    ) -> NotebookPage:
        folder = f"{name}-{len(pages)}"
        content = content or code_notebook(sources)
        path = server.add_notebook(folder, content, kernel)
        pages.append(NotebookPage(desk.page(app), server, path, app))
        pages[-1].open()
        return pages[-1]

    yield make
    failed = request.node.stash.get(FAILED, False)
    for page in pages:
        if failed:
            page.page.screenshot(path=tmp_path / "page.png")
            (tmp_path / "messages.txt").write_text("\n".join(map(str, page.frames)))
        desk.take_back(page, usable=not failed)
    server.end_sessions()


@pytest.fixture
def reactive(notebook: Callable[..., NotebookPage]) -> Callable[..., NotebookPage]:
    """Open notebooks as `notebook` does, with the reactive kernel."""
    return lambda *sources, **options: notebook(*sources, **{"kernel": REACTIVE, **options})
