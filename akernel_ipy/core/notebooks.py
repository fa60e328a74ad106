"""Which notebook a request comes from: clients come and go with each page reload, cells stay.

A front-end names itself by the ``session`` of its headers, anew after each reload, and JupyterLab
and VS Code name the cell that they send. So a notebook is known by its clients, and a client that
nobody knows by its first cell.

>>> notebooks = Notebooks()
>>> notebooks.place("tab 1", "cell a", lambda client: False).key
1
>>> notebooks.place("tab 2", "cell b", lambda client: False).key
2
>>> notebooks.place("tab 1 reloaded", "cell a", lambda client: client == "tab 1").key
1
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class Notebook:
    """One notebook: who has sent its cells, and which cells these were."""

    key: int
    #: Ids of its clients, the newest last.
    clients: dict[str, None] = field(default_factory=dict)
    cells: set[str] = field(default_factory=set)
    #: Where a front-end says that it lies, if it does: VS Code.
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request belongs.

    ``left`` is the notebook that its client had until now, if nobody is left there.
    """

    key: int
    new: bool = False
    left: int | None = None


class Notebooks:
    """The notebooks that a kernel knows, by the clients and by the cells that it has seen."""

    def __init__(self) -> None:
        self._notebooks: dict[int, Notebook] = {}
        self._by_client: dict[str, int] = {}
        self._by_cell: dict[str, set[int]] = {}
        #: Clients that have run a cell: they keep their notebook.
        self._settled: set[str] = set()
        self._last = 0

    def __iter__(self) -> Iterator[Notebook]:
        return iter(self._notebooks.values())

    def __len__(self) -> int:
        return len(self._notebooks)

    def __getitem__(self, key: int) -> Notebook:
        return self._notebooks[key]

    def of(self, client: str) -> int | None:
        """Give the notebook of a client, None if it has not executed anything."""
        return self._by_client.get(client)

    def place(
        self,
        client: str,
        cell_id: str | None,
        gone: Callable[[str], bool],
        *,
        silent: bool = False,
        files: Callable[[str], Iterable[frozenset[str]]] = lambda cell_id: (),
    ) -> Place:
        """Find the notebook of an ``execute_request``, and remember what it tells.

        A client keeps its notebook from its first cell on. With its first cell it joins the one
        notebook that has this cell and whose clients are all gone. If there is none, or several (a
        file and its copy), or a client is still there (a second view, or a copy), it gets one of
        its own: in doubt, namespaces stay apart.

        Args:
            client: the ``session`` of the request's header.
            cell_id: the cell's id, if the front-end tells it.
            gone: whether a client has disconnected.
            files: the cells of each saved notebook that has a certain one; asked for a cell that
                nobody has run, which belongs where its neighbours in the file have been run.
            silent: the front-end's own request, not a cell of the user's; it settles nothing.
        """
        key = self._by_client.get(client)
        left = None
        if client not in self._settled:
            found = self._rejoins(client, cell_id, gone, files)
            if found is not None and found != key:
                left = self._leave(client)
                key = found
        new = key is None
        if key is None:
            key = self._open()
        if cell_id is not None or not silent:
            self._settled.add(client)
        self._note(key, client, cell_id)
        return Place(key, new, left)

    def attach(self, client: str, key: int) -> int | None:
        """Give a client another notebook, for good, at the user's wish.

        If nobody is left at the old one, its cells are now the other's.

        Returns:
            The notebook that it had, if nobody is left there.

        Raises:
            KeyError: there is no such notebook.
        """
        notebook = self._notebooks[key]
        left = self._leave(client) if self._by_client.get(client) != key else None
        self._by_client[client] = key
        notebook.clients[client] = None
        self._settled.add(client)
        if left is not None:
            for cell in list(self._notebooks[left].cells):
                self._note(key, client, cell)
                self._by_cell[cell].discard(left)
            self._notebooks[left].cells.clear()
        return left

    def forget(self, key: int) -> None:
        """Forget a notebook: its clients and its cells are unknown from now on."""
        notebook = self._notebooks.pop(key)
        for client in notebook.clients:
            del self._by_client[client]
            self._settled.discard(client)
        for cell in notebook.cells:
            holders = self._by_cell[cell]
            holders.discard(key)
            if not holders:
                del self._by_cell[cell]

    def _rejoins(
        self,
        client: str,
        cell_id: str | None,
        gone: Callable[[str], bool],
        files: Callable[[str], Iterable[frozenset[str]]],
    ) -> int | None:
        if cell_id is None:
            return None
        free = {
            notebook.key
            for notebook in self
            if notebook.cells and all(gone(other) for other in notebook.clients if other != client)
        }
        path = path_of(cell_id)
        if not free:
            return None
        if path is not None:
            known = {notebook.key for notebook in self if notebook.path == path}
        elif cell_id in self._by_cell:
            known = self._by_cell[cell_id]
        else:
            neighbours = frozenset[str]().union(*files(cell_id))
            known = {key for cell in neighbours for key in self._by_cell.get(cell, ())}
        found = free & known
        return next(iter(found)) if len(found) == 1 else None

    def _open(self) -> int:
        self._last += 1
        self._notebooks[self._last] = Notebook(self._last)
        return self._last

    def _note(self, key: int, client: str, cell_id: str | None) -> None:
        notebook = self._notebooks[key]
        self._by_client[client] = key
        notebook.clients[client] = None
        if cell_id is not None and cell_id not in notebook.cells:
            notebook.cells.add(cell_id)
            notebook.path = path_of(cell_id) or notebook.path
            self._by_cell.setdefault(cell_id, set()).add(key)

    def _leave(self, client: str) -> int | None:
        """Take a client out of its notebook; give that if it is empty now."""
        key = self._by_client.pop(client, None)
        if key is None:
            return None
        del self._notebooks[key].clients[client]
        return key if not self._notebooks[key].clients else None


def path_of(cell_id: str) -> str | None:
    """Give the notebook's URI, if the cell's id is a URI in it, as VS Code's are.

    >>> path_of("vscode-notebook-cell:/home/me/plot.ipynb#W0sZmlsZQ%3D%3D")
    'vscode-notebook-cell:/home/me/plot.ipynb'
    >>> path_of("24b37480") is None
    True
    """
    path, hash_, _ = cell_id.partition("#")
    return path if hash_ and ":" in path else None
