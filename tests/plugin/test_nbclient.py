"""The extension in a stock kernel that nbclient drives: one cell at a time, without ids."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from kernels import write_kernelspec

from .stock import COMMAND

SOURCES = ("%load_ext akernel_ipy\n%akernel_mode react", "a = b + 1\na", "b = 2", "b * 10")


@pytest.mark.timeout(300)
def test_nbclient_gets_what_cells_show_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AKERNEL_TEST_COMMAND", COMMAND)
    write_kernelspec(tmp_path / "data" / "kernels" / "stock", "stock")
    cells = [nbformat.v4.new_code_cell(source) for source in SOURCES]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "test.ipynb")
    command = "from nbclient.cli import main; main()"
    subprocess.run(
        [sys.executable, "-c", command, "--inplace", "--kernel_name=stock", "test.ipynb"],
        cwd=tmp_path,
        env={
            **{k: v for k, v in os.environ.items() if "PYTEST" not in k},
            "JUPYTER_DATA_DIR": str(tmp_path / "data"),
            "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
            "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
            "IPYTHONDIR": str(tmp_path / "ipython"),
        },
        check=True,
    )
    done = nbformat.read(tmp_path / "test.ipynb", as_version=4).cells
    assert [cell.execution_count for cell in done] == [1, 2, 3, 4]
    assert [done[n].outputs[0].data["text/plain"] for n in (1, 3)] == ["3", "20"]
