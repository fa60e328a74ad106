"""Notebooks that share one kernel process without knowing it."""

from __future__ import annotations

import json
import os
import signal
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from akernel_ipy import kernelspec
from akernel_ipy.core import modes

PATIENCE = 60.0
PID = "import os\nos.getpid()"


class Notebook:
    """A notebook, as a Jupyter server sees it: a kernel manager and a client."""

    def __init__(self, manager: KernelManager) -> None:
        self.manager = manager
        manager.start_kernel()
        self.client = self.connect()

    def connect(self) -> BlockingKernelClient:
        """Open a page on the notebook: a client with an id of its own."""
        client = self.manager.client()
        client.session.session = uuid.uuid4().hex
        client.start_channels()
        client.wait_for_ready(timeout=PATIENCE)
        return client

    def run(self, code: str, client: BlockingKernelClient | None = None) -> Any:
        """Run a cell; give the text of its result, or the name of its error."""
        client = client or self.client
        shown: list[str] = []

        def note(message: dict[str, Any]) -> None:
            if message["msg_type"] == "execute_result":
                shown.append(message["content"]["data"]["text/plain"])

        reply = client.execute_interactive(code, output_hook=note, timeout=PATIENCE)["content"]
        if reply["status"] == "error":
            return reply["ename"]
        return shown[0] if shown else None

    def reply_to(self, request: str) -> dict[str, Any]:
        """Wait for the reply to a request."""
        while True:
            reply: dict[str, Any] = self.client.get_shell_msg(timeout=PATIENCE)
            if reply["parent_header"]["msg_id"] == request:
                return dict(reply["content"])

    @property
    def pid(self) -> int:
        return int(self.run(PID))

    def end(self) -> None:
        self.manager.shutdown_kernel()
        self.client.stop_channels()


@pytest.fixture
def specs(tmp_path: Path) -> KernelSpecManager:
    """Kernelspecs with a shared one; the process ends half a second after its last notebook."""
    spec = kernelspec.describe(modes.parse("multi"), shared=True)
    # Each test has a process of its own, as if it were another server.
    spec["env"] = {"AKERNEL_TEST": tmp_path.name, "IPYTHONDIR": str(tmp_path / "ipython")}
    spec["metadata"]["kernel_provisioner"]["config"] = {"grace": 0.5}
    (tmp_path / "kernels" / "shared").mkdir(parents=True)
    (tmp_path / "kernels" / "shared" / "kernel.json").write_text(json.dumps(spec))
    return KernelSpecManager(kernel_dirs=[str(tmp_path / "kernels")])


@pytest.fixture
def notebook(specs: KernelSpecManager) -> Iterator[Callable[[], Notebook]]:
    """Open notebooks; all are shut down at the end."""
    opened: list[Notebook] = []

    def open_one() -> Notebook:
        opened.append(Notebook(KernelManager(kernel_name="shared", kernel_spec_manager=specs)))
        return opened[-1]

    yield open_one
    for one in opened:
        if one.manager.has_kernel:
            one.manager.shutdown_kernel(now=True)
        one.client.stop_channels()


Open = Callable[[], Notebook]


def test_the_first_start_launches_a_process_and_later_ones_attach_to_it(notebook: Open) -> None:
    first, second, third = notebook(), notebook(), notebook()
    assert first.pid == second.pid == third.pid != os.getpid()


def test_each_notebook_has_its_own_variables_counts_and_completions(notebook: Open) -> None:
    first, second = notebook(), notebook()
    first.run("apricot = 1")
    assert second.run("apricot") == "NameError"
    second.run("apple = 2")
    reply = first.client.complete("ap", reply=True, timeout=PATIENCE)
    assert reply["content"]["matches"] == ["apricot"]
    assert (first.run("len(In)"), second.run("len(In)")) == ("3", "4")


def test_a_reloaded_page_finds_its_notebook_before_it_has_run_a_cell(notebook: Open) -> None:
    first, second = notebook(), notebook()
    first.run("apricot = 1")
    second.run("apple = 2")
    page = first.connect()
    try:
        reply = page.complete("ap", reply=True, timeout=PATIENCE)
        assert reply["content"]["matches"] == ["apricot"]
        assert first.run("apricot", page) == "1"
    finally:
        page.stop_channels()


def test_a_restart_begins_the_session_of_that_notebook_anew_and_no_other(notebook: Open) -> None:
    first, second = notebook(), notebook()
    pid = first.pid
    first.run("x = 1")
    second.run("x = 2")
    first.manager.restart_kernel()
    first.client.wait_for_ready(timeout=PATIENCE)
    assert first.run("x") == "NameError"
    assert second.run("x") == "2"
    assert first.pid == second.pid == pid


def test_a_shutdown_ends_that_notebook_and_the_others_go_on(notebook: Open) -> None:
    first, second = notebook(), notebook()
    first.run("x = 1")
    first.end()
    assert not first.manager.is_alive()
    assert second.run("x") == "NameError"


def test_the_process_ends_after_its_last_notebook(notebook: Open) -> None:
    first, second = notebook(), notebook()
    kernel = psutil.Process(first.pid)
    first.end()
    assert second.run("1") == "1"
    second.end()
    kernel.wait(timeout=PATIENCE)


def test_a_notebook_opened_within_the_grace_finds_the_process(notebook: Open) -> None:
    first = notebook()
    pid = first.pid
    first.end()
    assert notebook().pid == pid


def test_an_interrupt_reaches_the_cells_of_its_notebook_alone(notebook: Open) -> None:
    first, second = notebook(), notebook()
    waiting = "import asyncio\nprint('waits')\nawait asyncio.sleep(3600)"
    asked = first.client.execute(waiting)
    other = second.client.execute(waiting + "\n")
    for client in (first.client, second.client):
        while client.get_iopub_msg(timeout=PATIENCE)["msg_type"] != "stream":
            pass
    first.manager.interrupt_kernel()
    assert first.reply_to(asked)["ename"] == "KeyboardInterrupt"
    assert second.run("len(get_ipython().kernel.sessions.at_hand().tasks.running())") == "2"
    second.manager.interrupt_kernel()
    assert second.reply_to(other)["ename"] == "KeyboardInterrupt"


def test_a_notebook_is_restarted_while_its_cell_blocks(notebook: Open) -> None:
    first, second = notebook(), notebook()
    second.run("x = 2")
    first.client.execute("import time\nprint('blocks')\ntime.sleep(3600)")
    while first.client.get_iopub_msg(timeout=PATIENCE)["msg_type"] != "stream":
        pass
    first.manager.restart_kernel()
    assert second.run("x") == "2"
    first.client.wait_for_ready(timeout=PATIENCE)
    assert first.run("1 + 1") == "2"


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_when_the_process_dies_every_notebook_restarts_in_a_new_one(notebook: Open) -> None:
    first, second = notebook(), notebook()
    second.run("x = 2")
    kernel = psutil.Process(first.pid)
    os.kill(kernel.pid, signal.SIGKILL)
    kernel.wait(timeout=PATIENCE)
    assert not first.manager.is_alive()
    first.manager.restart_kernel(now=True)  # what a server's restarter does
    assert not second.manager.is_alive(), "the second would go on as if nothing had happened"
    second.manager.restart_kernel(now=True)
    for one in (first, second):
        one.client.wait_for_ready(timeout=PATIENCE)
    assert second.run("x") == "NameError"
    assert first.pid == second.pid


def test_a_kernelspec_for_all_notebooks_needs_a_session_for_each() -> None:
    with pytest.raises(kernelspec.KernelSpecError, match=r"akernel install multi-react --shared"):
        kernelspec.describe(modes.parse("react"), shared=True)
