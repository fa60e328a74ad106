"""What the reactive flavour can tell about its cells; it changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...core.graph import Edge
from ...core.model import Run
from ...core.units import in_a_row
from ...graphview import Box, Flow, Link
from .book import Book
from .cells import Cell, CellStatus

#: Names that several cells define are told, but not more than these.
MOST_NOTES = 6


def flow(book: Book) -> Flow:
    """Give the dataflow between the cells, without those that only ask about it."""
    status = effective(book)
    shown = [book.cells[cell] for cell in book.graph.cells if cell in status]
    boxes = tuple(
        Box(cell.id, cell.label, _first_line(cell), status[cell.id], _note(cell)) for cell in shown
    )
    links = tuple(
        Link(edge.parent, edge.child, edge.names, edge.deferred)
        for cell in shown
        for edge in book.graph.edges(cell.id)
        if edge.parent in status
    )
    names = sorted({name for cell in shown for name in book.graph.names(cell.id).defs})
    notes = [note for name in names if (note := _redefined(book, name))]
    if len(notes) > MOST_NOTES:
        notes[MOST_NOTES:] = [f"{len(notes) - MOST_NOTES} more names are defined by several cells"]
    return Flow(boxes, links, tuple(notes))


def find(book: Book, count: int) -> Cell | None:
    """Find the cell that shows ``In [count]``."""
    return next((cell for cell in book.cells.values() if cell.run.count == count), None)


def latest(book: Book, own: Run | None) -> Cell | None:
    """Find the cell that the user ran last, before this run, other than to ask."""
    asked = [cell for cell in book.cells.values() if cell.run is not own and not _asks(cell)]
    return max(asked, key=lambda cell: cell.run.number, default=None)


def why(book: Book, cell: Cell) -> list[str]:
    """Say why a cell ran, or didn't, in sentences."""
    status = effective(book).get(cell.id, cell.status)
    label, reasons = cell.label, reason(book, cell)
    verb = "re-ran" if reasons and cell.runs > 1 else "ran"
    if status == "pending":
        first = f"{label} waits for {_waits(book, cell)}"
    elif status == "stale":
        first = f"{label} is stale{': ' * bool(reasons)}{reasons}; %akernel run stale runs it"
    elif status == "blocked":
        first = f"{label} did not run: {_blame(book, cell)}"
    elif status == "running":
        first = f"{label} is running{' because ' * bool(reasons)}{reasons}"
    else:
        first = f"{label} {verb} because {reasons or 'you ran it'}"
        first += ", and failed" if status == "failed" else ""
    lines = [first]
    if status == "fresh":
        lines += [f"{label} did not re-run: {names}" for names in _equal(book, cell)]
    names = book.graph.names(cell.id)
    notes = (_redefined(book, name) for name in sorted(names.defs | names.reads))
    return [*lines, *(note for note in notes if note)]


def effective(book: Book) -> dict[str, CellStatus]:
    """Give the status of each cell; what depends on a failed cell is blocked or stale."""
    found = {cell.id: cell.status for cell in book.cells.values() if not _asks(cell)}
    state, graph = book.wave.state, book.graph
    todo: list[tuple[str, CellStatus]] = []
    for cell in found:
        if found[cell] == "fresh" and cell in state.owing:
            failed = any(found.get(parent) == "failed" for parent in graph.parents(cell))
            todo.append((cell, "blocked" if failed else "stale"))
    while todo:
        cell, status = todo.pop()
        if found.get(cell) == "fresh":
            found[cell] = status
            todo += [(child, status) for child in graph.children(cell)]
    return found


def reason(book: Book, cell: Cell) -> str:
    """Say what made a cell run that the user did not run; empty if there is nothing."""
    named = [(name, by) for name, by in cell.because if name]
    known = {by for _, by in named}
    rest = [(name, by) for name, by in cell.because if not name and by not in known]
    if not any(by for _, by in rest) and named:
        rest = []
    return in_a_row(dict.fromkeys(_cause(book, cell, name, by) for name, by in [*named, *rest]))


def _cause(book: Book, cell: Cell, name: str, by: str) -> str:
    """Say what one reason is: a name, and the cell from which the change came."""
    if not name:
        return _rebound(book, cell, by)
    if by not in book.cells:
        return f"`{name}` changed"
    label, source = book.cells[by].label, book.graph.source(cell.id, name)
    if source is not None and source != by and source in book.cells:
        return f"`{name}` from {book.cells[source].label} was changed in place by {label}"
    if cell.runs == (cell.status in ("fresh", "failed")):  # its first run
        return f"{label} defined `{name}`"
    return f"`{name}` from {label} changed"


def _rebound(book: Book, cell: Cell, by: str) -> str:
    if by not in book.cells:
        return "it was stale"
    edge = _edge(book, cell, by)
    label = book.cells[by].label
    if edge is None:
        return f"{label} no longer defines what it reads"
    return f"{label}, which it reads {_names(edge.names)} from, ran"


def _waits(book: Book, cell: Cell) -> str:
    """Say for each name that a cell lacks what is the matter with it."""
    by_matter: dict[str, list[str]] = {}
    for name in cell.waits_for:
        by_matter.setdefault(_matter(book, cell, name), []).append(name)
    text = in_a_row(f"{_names(names)}, {matter}" for matter, names in by_matter.items())
    culprit = book.cells.get(cell.blame or "")
    if culprit is not None and culprit is not cell:
        text += f": {_on_the_way(book, cell, culprit)} needs it"
    return text


def _matter(book: Book, cell: Cell, name: str) -> str:
    graph = book.graph
    definer = book.cells.get(graph.source(cell.id, name) or graph.owner(name) or "")
    if definer is None or definer is cell:
        deleted = book.gone.get(name)
        return f"which {deleted} defined, which was deleted" if deleted else "which no cell defines"
    matters: dict[CellStatus, str] = {
        "failed": "has failed",
        "pending": f"waits for {_names(definer.waits_for)}",
        "blocked": "did not run",
        "stale": "is stale",
        "running": "is running",
    }
    return f"which {definer.label} defines; that {matters.get(definer.status, 'has not bound it')}"


def _blame(book: Book, cell: Cell) -> str:
    culprit = book.cells.get(cell.blame or "") or _failed(book, cell)
    if culprit is None:
        return "a cell that it depends on failed"
    return f"{_on_the_way(book, cell, culprit)} failed"


def _failed(book: Book, cell: Cell) -> Cell | None:
    """Find the nearest failed cell that a cell depends on."""
    todo, seen = [cell.id], {cell.id}
    for current in todo:
        for parent in book.graph.parents(current):
            found = book.cells.get(parent)
            if found is not None and found.status == "failed":
                return found
            if parent not in seen:
                seen.add(parent)
                todo.append(parent)
    return None


def _on_the_way(book: Book, cell: Cell, culprit: Cell) -> str:
    edge = _edge(book, cell, culprit.id)
    if edge is None:
        return f"{culprit.label}, which it depends on through other cells,"
    return f"{culprit.label}, which it reads {_names(edge.names)} from,"


def _equal(book: Book, cell: Cell) -> Iterator[str]:
    """Name what was computed again after the cell ran, and had not changed."""
    for edge in book.graph.edges(cell.id):
        parent = book.cells.get(edge.parent)
        if parent is not None and parent.status == "fresh" and parent.ran > cell.ran:
            equal = "an equal value" if len(edge.names) == 1 else "equal values"
            yield f"{_names(edge.names)} from {parent.label} got {equal}"


def _redefined(book: Book, name: str) -> str:
    definers = [book.cells[cell].label for cell in book.graph.definers(name) if cell in book.cells]
    return f"`{name}` is defined by {in_a_row(definers)}" if len(definers) > 1 else ""


def _edge(book: Book, cell: Cell, parent: str) -> Edge | None:
    return next((edge for edge in book.graph.edges(cell.id) if edge.parent == parent), None)


def _asks(cell: Cell) -> bool:
    """Tell whether a cell is nothing but ``%akernel`` magics."""
    lines = [line.strip() for line in cell.run.request.code.splitlines()]
    return all(line.startswith(("%akernel", "#")) for line in lines if line)


def _first_line(cell: Cell) -> str:
    lines = cell.run.request.code.strip().splitlines()
    return lines[0] if lines else ""


def _note(cell: Cell) -> str:
    return ", ".join(cell.waits_for) if cell.status == "pending" else ""


def _names(names: Iterable[str]) -> str:
    return in_a_row(f"`{name}`" for name in names)
