"""A Jupyter server for the tests: a free port, private directories, the kernelspecs under test."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from kernels import argv

import akernel_ipy
from akernel_ipy import kernelspec
from akernel_ipy.core import modes

STARTS_WITHIN = 90
#: The reactive kernelspec.
REACTIVE = "akernel-react"
#: Kernelspecs: their names and flavours.
KERNELS = {
    "akernel": "async",
    "akernel-cache": "cache",
    "akernel-chain": "chain",
    "akernel-flow": "flow",
    "akernel-multi": "multi",
    REACTIVE: "react",
}

#: The kernelspec of one process for all notebooks.
SHARED = "akernel-multi-shared"
#: Settings of JupyterLab: nothing may ask, nothing may fetch, all cells are in the page.
SETTINGS: dict[str, dict[str, Any]] = {
    "@jupyterlab/apputils-extension:notification": {
        "checkForUpdates": False,
        "doNotDisturbMode": True,
        "fetchNews": "false",
    },
    "@jupyterlab/completer-extension:manager": {"providerTimeout": 80_000},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},
}
OPTIONS = (
    "--no-browser",
    "--allow-root",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.terminals_enabled=False",
    "--LabApp.expose_app_in_browser=True",
    "--JupyterNotebookApp.expose_app_in_browser=True",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
    "--LabApp.news_url=",
)
#: What cells import to wait until the test lets them go on.
GATES = '''
import asyncio
import time
from pathlib import Path


async def passed(name):
    """Wait, and let other cells run, until the test opens the gate of that name."""
    while not Path(f"{name}.open").exists():
        await asyncio.sleep(0.01)


def blocked(name):
    """Wait for the gate, and let nothing else run."""
    while not Path(f"{name}.open").exists():
        time.sleep(0.01)
'''


class JupyterServer:
    """A process of JupyterLab's server, which serves Notebook 7 as well if that is installed."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.root = directory / "notebooks"
        self.root.mkdir()
        self.log_file = directory / "server.log"
        self.token = secrets.token_hex(16)
        self.address = ""
        #: How often settings changed: a page has those of the time when it was loaded.
        self.changes = 0
        self._set: dict[str, dict[str, Any]] = {}
        write_kernelspecs(directory)
        write_extension(directory)
        for plugin, settings in SETTINGS.items():
            self._write_settings(plugin, settings)
        self._start()

    def _write_settings(self, plugin: str, settings: dict[str, Any]) -> None:
        package, _, name = plugin.partition(":")
        file = self.directory / "config/lab/user-settings" / package / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings))

    def _start(self) -> None:
        command = [sys.executable, "-m", "jupyterlab", *OPTIONS]
        command += [f"--ServerApp.port={_free_port()}", f"--ServerApp.root_dir={self.root}"]
        with self.log_file.open("w") as log:
            self.process = subprocess.Popen(
                command,
                env={**environment(self.directory), "JUPYTER_TOKEN": self.token},
                cwd=self.root,
                stdout=log,
                stderr=log,
            )
        info = self.directory / "runtime" / f"jpserver-{self.process.pid}.json"
        deadline = time.monotonic() + STARTS_WITHIN
        while not self._answers(info):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.close()
                raise AssertionError(f"jupyter lab does not start:\n{self.log}")
            time.sleep(0.1)

    def _answers(self, info: Path) -> bool:
        try:
            # The port is another one than asked for if somebody else was faster.
            self.address = f"http://127.0.0.1:{json.loads(info.read_text())['port']}"
            self.api("GET", "api/status")
        except (OSError, ValueError):
            return False
        return True

    @property
    def log(self) -> str:
        """What the server and its kernels wrote to their own stdout and stderr."""
        return self.log_file.read_text(errors="replace")

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the server's REST interface."""
        request = urllib.request.Request(
            f"{self.address}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def set(self, plugin: str, settings: dict[str, Any]) -> None:
        """Change settings of JupyterLab for the pages loaded from now on."""
        if settings == self._set.get(plugin, {}):
            return
        self.api("PUT", f"lab/api/settings/{plugin}", {"raw": json.dumps(settings)})
        self._set[plugin] = settings
        self.changes += 1

    def add_notebook(
        self, folder: str, notebook: nbformat.NotebookNode, kernel: str, name: str = "test.ipynb"
    ) -> str:
        """Write a notebook for this kernel into a folder of its own; return its path."""
        spec = {"name": kernel, "display_name": kernel, "language": "python"}
        notebook.metadata["kernelspec"] = spec
        directory = self.root / folder
        directory.mkdir()
        (directory / "gates.py").write_text(GATES)
        nbformat.write(notebook, directory / name)
        return f"{folder}/{name}"

    def end_sessions(self) -> None:
        """Shut down all kernels."""
        for kernel in {s["kernel"]["id"] for s in self.api("GET", "api/sessions")}:
            self.api("DELETE", f"api/kernels/{kernel}")

    def close(self) -> None:
        """End the server and its kernels."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def write_kernelspecs(directory: Path) -> None:
    """Write the kernelspecs of `KERNELS` below a directory."""
    for name, flavour in KERNELS.items():
        spec = directory / "data" / "kernels" / name
        spec.mkdir(parents=True)
        label = name.replace("-", " ")
        fields = {
            "argv": argv(flavour),
            "display_name": f"Python 3 ({label})",
            "language": "python",
            "metadata": {"debugger": True, "concurrent": True},
        }
        (spec / "kernel.json").write_text(json.dumps(fields))
    shared = directory / "data" / "kernels" / SHARED
    shared.mkdir()
    kernelspec.write(kernelspec.describe(modes.parse("multi"), shared=True), shared)


def write_extension(directory: Path) -> None:
    """Install the extension of JupyterLab below a directory, as pip installs it."""
    source = Path(akernel_ipy.__file__).parent / "resources/labextension"
    target = directory / "data/labextensions/akernel-cache"
    (target / "static").mkdir(parents=True)
    shutil.copy(source / "package.json", target)
    shutil.copy(source / "note.js", target / "static")


def environment(directory: Path) -> dict[str, str]:
    """Give variables under which Jupyter finds its files below a directory, and no others."""
    outside = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "JPY_", "PYTEST")) and "proxy" not in name.lower()
    }
    return {
        **outside,
        "JUPYTER_CONFIG_DIR": str(directory / "config"),
        "JUPYTER_DATA_DIR": str(directory / "data"),
        "JUPYTER_RUNTIME_DIR": str(directory / "runtime"),
        "JUPYTER_PATH": str(directory / "data"),
        "IPYTHONDIR": str(directory / "ipython"),
        "MPLCONFIGDIR": str(directory / "matplotlib"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def code_notebook(sources: Iterable[str]) -> nbformat.NotebookNode:
    """Make a notebook of code cells."""
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in sources]
    return nbformat.v4.new_notebook(cells=cells)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
