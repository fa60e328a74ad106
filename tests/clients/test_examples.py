"""The example notebooks, executed in turn by clients that send one cell at a time.

``concurrency.ipynb`` is not among them: it would take the 34 s that its cells take in sum.
"""

from __future__ import annotations

from pathlib import Path

import nbformat

from .notebooks import by_nbclient, by_nbconvert, by_papermill, own_cells, shown

EXAMPLES = Path(__file__).parents[2] / "examples"


def copy_of(name: str, directory: Path, kernel: str = "akernel") -> Path:
    """Copy an example, for the kernelspec of this name."""
    file = directory / name
    notebook = nbformat.read(EXAMPLES / name, as_version=4)
    notebook.metadata["kernelspec"]["name"] = kernel
    nbformat.write(notebook, file)
    return file


def texts(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """Give what each cell shows, by its id; no cell has failed but where that is shown."""
    cells = own_cells(notebook)
    failed = {cell.id for cell in cells for o in cell.outputs if o.output_type == "error"}
    assert failed <= {"harm"}
    return {cell.id: shown(cell) for cell in cells}


def figures(notebook: nbformat.NotebookNode, kind: str = "image/png") -> int:
    """Count the pictures of a kind."""
    return sum(kind in o.get("data", {}) for cell in own_cells(notebook) for o in cell.outputs)


def test_nbclient_saves_what_the_reactive_example_shows_in_the_end(tmp_path: Path) -> None:
    notebook = by_nbclient(copy_of("reactivity.ipynb", tmp_path), {})
    text = texts(notebook)
    assert text["total"] == "net 72.00, with VAT 86.40"
    assert "are ill at once" in text["peak"]
    assert text["gauge"].endswith("°C")
    assert "ran because" in text["why"]
    assert (figures(notebook), figures(notebook, "image/svg+xml")) == (1, 1)


def test_papermill_gives_the_example_of_flow_its_parameter(tmp_path: Path) -> None:
    file = copy_of("flow.ipynb", tmp_path, "akernel-flow")
    notebook = by_papermill(file, {"latency": 0.02})
    text = texts(notebook)
    assert "GWh/h²" in text["sun"]
    assert "demand" in text["table"]
    assert figures(notebook) == 6


def test_what_nbconvert_executes_a_second_time_comes_back_from_the_cache(tmp_path: Path) -> None:
    file = copy_of("caching.ipynb", tmp_path)
    first, second = (by_nbconvert(file, {}) for _ in range(2))
    before, after = texts(first), texts(second)
    told = {"mode", "look", "why"}
    assert [after[id] for id in after if id not in told] == [
        before[id] for id in before if id not in told
    ]
    assert "from the cache" in after["why"], after["why"]
    assert "from the cache" not in before["why"], before["why"]
    assert figures(first) == figures(second) == 1


def test_nbclient_saves_what_the_neighbours_of_the_multi_example_show(tmp_path: Path) -> None:
    text = texts(by_nbclient(copy_of("multi.ipynb", tmp_path), {}))
    assert text["names"] == "False"
    assert text["classes"] == "the neighbour's\nthis notebook's"
    assert sorted(text["together"].split("\n")) == [
        f"notebook {n} {step}" for n in range(3) for step in range(3)
    ]
    assert text["harm"].endswith("False\nthis notebook's")
