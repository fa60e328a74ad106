"""What nbclient, papermill and nbconvert save, for each flavour."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from akernel_ipy import kernelspec
from akernel_ipy.core import modes

from .notebooks import CLIENTS, notebook_of, own_cells, renumbered, shown
from .stories import STORIES, N, Story


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.flavour)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_saves_what_the_flavour_shows(client: str, story: Story, tmp_path: Path) -> None:
    kernel = kernelspec.default_name(modes.parse(story.flavour))
    nbformat.write(notebook_of(story.cells, kernel), tmp_path / "story.ipynb")
    injected = client == "papermill"
    n = N + injected
    cells = own_cells(CLIENTS[client](tmp_path / "story.ipynb", {"n": n}))
    assert [renumbered(shown(cell), injected) for cell in cells] == story.shown(n)
    first, *others = (cell.execution_count for cell in cells)
    assert (first, others) == (1, [*range(2 + injected, len(cells) + 1 + injected)])
