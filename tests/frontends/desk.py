"""Pages for the tests; JupyterLab's is used again, for loading takes most of a short test."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page

from .page import NotebookPage
from .server import JupyterServer

#: A notebook, or what is left of one.
OPENED = ".jp-NotebookPanel"


class Desk:
    """Gives each notebook a page of its own at a time."""

    def __init__(self, server: JupyterServer, context: BrowserContext) -> None:
        self._server = server
        self._context = context
        self._kept: Page | None = None
        #: The changes of settings that each page was loaded after.
        self._changes: dict[Page, int] = {}

    def page(self, app: str) -> Page:
        """Give an empty JupyterLab if there is one, or a page that has loaded nothing."""
        if app == "lab" and self._kept is not None:
            page, self._kept = self._kept, None
            if self._changes[page] == self._server.changes and not page.locator(OPENED).count():
                return page
            self._close(page)
        page = self._context.new_page()
        self._changes[page] = self._server.changes
        return page

    def take_back(self, notebook: NotebookPage, *, usable: bool) -> None:
        """Close a notebook, and keep its page or close it, too."""
        page = notebook.page
        # A page that was loaded anew restores its notebooks, perhaps after they were closed.
        usable = usable and notebook.app == "lab" and notebook.loads < 2
        if usable and self._kept is None and not page.is_closed():
            notebook.close()
            self._kept = page
        else:
            self._close(page)

    def _close(self, page: Page) -> None:
        del self._changes[page]
        page.close()
