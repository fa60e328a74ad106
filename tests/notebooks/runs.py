"""Run the notebooks with a kernel: all requests at once, or one by one as nbclient does."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from kernels import Kernel, write_kernelspec
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from .lab import PATIENCE, Lab
from .percent import NOTEBOOKS, cells_of, essence

if TYPE_CHECKING:
    from collections.abc import Iterator

STOCK = "{python} -m ipykernel_launcher -f {connection_file}"

#: What each cell of a notebook shows, by the cell's id.
Shown = Mapping[str, list[Any]]

RESET = """\
get_ipython().run_line_magic('reset', '-f -s')
get_ipython().run_line_magic('precision', '')
import sys
if 'matplotlib' in sys.modules:
    import matplotlib, matplotlib.pyplot
    matplotlib.pyplot.close('all')
    matplotlib.rcParams['figure.figsize'] = matplotlib.rcParamsDefault['figure.figsize']
    del matplotlib
del sys
"""


def reset(flavour: str) -> str:
    """Give the code that makes a used kernel as good as new."""
    return RESET + (f"%akernel_mode {flavour}\n" if flavour != "stock" else "")


@contextmanager
def command_of(flavour: str) -> Iterator[None]:
    """Let ``stock`` mean ipykernel's own kernel."""
    environment = {"AKERNEL_TEST_COMMAND": STOCK} if flavour == "stock" else {}
    with patch.dict(os.environ, environment):
        yield


def at_once(flavour: str) -> dict[str, Shown]:
    """Run all notebooks with one kernel as JupyterLab's Run All does."""
    shown: dict[str, Shown] = {}
    with command_of(flavour):
        kernel = Kernel(flavour)
    try:
        for path in NOTEBOOKS:
            client = kernel.client()
            client.run(reset(flavour), silent=True)
            lab = Lab(client)
            cells = cells_of(path)
            with kernel.stopped():
                requests = [lab.send(cell, code) for cell, code in cells.items()]
            for cell, request in zip(cells, requests, strict=True):
                request.result(PATIENCE)
                assert request.status == "ok", f"{path.name} {cell}: {request.reply}"
            client.ask("kernel_info_request")
            shown[path.stem] = {cell: essence(lab.outputs(cell)) for cell in cells}
    finally:
        kernel.close()
    return shown


def one_by_one(flavour: str) -> dict[str, Shown]:
    """Run all notebooks with one kernel by nbclient."""
    return asyncio.run(_one_by_one(flavour))


async def _one_by_one(flavour: str) -> dict[str, Shown]:
    shown: dict[str, Shown] = {}
    with TemporaryDirectory() as directory:
        with command_of(flavour):
            write_kernelspec(Path(directory, "specs", "tested"), flavour)
        specs = KernelSpecManager(
            kernel_dirs=[str(Path(directory, "specs"))], ensure_native_kernel=False
        )
        manager = AsyncKernelManager(kernel_name="tested", kernel_spec_manager=specs)
        environment = {k: v for k, v in os.environ.items() if "PYTEST" not in k}
        environment["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
        await manager.start_kernel(cwd=directory, env=environment)
        try:
            for path in NOTEBOOKS:
                cells = {"reset": reset(flavour), **cells_of(path)}
                notebook = new_notebook(
                    cells=[new_code_cell(code, id=cell) for cell, code in cells.items()]
                )
                await _execute(NotebookClient(notebook, km=manager, timeout=60))
                shown[path.stem] = {
                    cell.id: essence(cell.outputs) for cell in notebook.cells if cell.id != "reset"
                }
        finally:
            await manager.shutdown_kernel(now=True)
    return shown


async def _execute(client: NotebookClient) -> None:
    try:
        await client.async_execute()
    finally:
        if client.kc is not None:
            client.kc.stop_channels()
            client.kc.context.destroy(linger=0)
