"""The extension in the stock kernel under nbconvert."""

from __future__ import annotations

from pathlib import Path

import pytest
from plugin.stock import COMMAND

from .server import code_notebook
from .test_nbconvert import execute

LOAD = "%load_ext akernel_ipy\n%akernel_mode react"


def test_nbconvert_gets_what_cells_show_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AKERNEL_TEST_COMMAND", COMMAND)
    sources = [LOAD, "a = b + 1\na", "b = 2", "b * 10", "b = 5"]
    sources[4] = "del b\nb = 5"
    cells = execute(tmp_path, code_notebook(sources)).cells
    assert [cell.execution_count for cell in cells] == [1, 2, 3, 4, 5]
    assert [cells[n].outputs[0].data["text/plain"] for n in (1, 3)] == ["3", "20"]
