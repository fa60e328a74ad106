"""Kernels for tests, launched as a front-end does it: by a kernelspec and a KernelManager."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager
from protocol.client import Client
from protocol.request import PATIENCE, Request

#: How to launch a kernel; AKERNEL_TEST_COMMAND replaces it, to try the tests on another kernel.
COMMAND = "{python} -m akernel_ipy launch {flavour} -f {connection_file}"

#: What the kernel logs when another program's client knocks, whose kernel had this port before.
STRANGER = re.compile(r"Invalid (Control )?Message\nTraceback.*?Invalid Signature", re.DOTALL)


def argv(flavour: str) -> list[str]:
    """The argv of a kernelspec, with jupyter_client's ``{connection_file}`` left in it."""
    words = os.environ.get("AKERNEL_TEST_COMMAND", COMMAND).split()
    known = {"{python}": sys.executable, "{flavour}": flavour}
    return [known.get(word, word) for word in words]


def write_kernelspec(
    directory: Path, flavour: str, *, args: tuple[str, ...] = (), **fields: Any
) -> None:
    """Write ``kernel.json`` into ``directory``, a kernelspec of that name."""
    spec = {
        "argv": [*argv(flavour), *args],
        "display_name": flavour,
        "language": "python",
        "metadata": {"debugger": True},
        **fields,
    }
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "kernel.json").write_text(json.dumps(spec))


class Kernel:
    """A kernel process and the clients that the test opened."""

    def __init__(
        self,
        flavour: str = "async",
        *,
        interrupt_mode: str = "signal",
        args: tuple[str, ...] = (),
        env: dict[str, str] | None = None,
    ) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="kernel")
        self.directory = Path(self._directory.name)
        write_kernelspec(
            self.directory / "specs" / "tested", flavour, args=args, interrupt_mode=interrupt_mode
        )
        self.log_file = self.directory / "kernel.log"
        outside = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
        self.env = {
            **outside,  # under pytest, ipykernel would not capture what goes to descriptors
            "IPYTHONDIR": str(self.directory / "ipython"),
            "AKERNEL_CACHE_DIR": str(self.directory / "cache"),
            "XDG_STATE_HOME": str(self.directory / "state"),
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # the debugger's warning belongs to no cell
            **(env or {}),
        }
        self.clients: list[Client] = []
        #: Requests of clients that are gone.
        self.finished: list[Request] = []
        #: What the kernel logged may hold tracebacks: the test sends it nonsense.
        self.noisy = False
        self._start()

    def _start(self) -> None:
        for attempt in range(5):
            self.manager = KernelManager(
                kernel_name="tested",
                kernel_spec_manager=KernelSpecManager(
                    kernel_dirs=[str(self.directory / "specs")], ensure_native_kernel=False
                ),
                connection_file=str(self.directory / f"connection-{attempt}.json"),
            )
            self._log = self.log_file.open("w")
            self.manager.start_kernel(
                env=self.env, cwd=str(self.directory), stdout=self._log, stderr=self._log
            )
            try:
                self.client()
                return
            except AssertionError:
                if "Address already in use" not in self.log:
                    self.close()
                    raise
                self._end()
        raise AssertionError(f"the kernel does not start:\n{self.log}")

    @property
    def pid(self) -> int:
        pid = self.manager.provisioner.pid
        assert pid is not None
        return pid

    @property
    def log(self) -> str:
        """What the process wrote to its own stdout and stderr."""
        return self.log_file.read_text(errors="replace")

    @property
    def alive(self) -> bool:
        if not self.manager.is_alive():
            return False
        # Its first thread may have ended while others are on their way out.
        return psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE

    def client(self) -> Client:
        """Open a client, and wait until the kernel answers it and its subscription works."""
        client = Client(Path(self.manager.connection_file))
        self.clients.append(client)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            probe = client.send("kernel_info_request")
            probe.abandoned = True  # it may come before the subscription to iopub works
            client.pump_until(lambda: probe.done, 0.5)  # noqa: B023
            if probe.done:
                client.iopub.clear()
                return client
            assert self.alive, f"the kernel died:\n{self.log}"
        raise AssertionError(f"the kernel does not answer:\n{self.log}")

    def interrupt(self) -> None:
        self.manager.interrupt_kernel()

    def restart(self) -> Client:
        """Restart as a front-end does, and return a client of the new process."""
        self.manager.restart_kernel()
        self._close_clients()
        return self.client()

    def shut_down(self) -> int:
        """Shut down as a front-end does; give its exit status, negative if it had to be killed."""
        process = self.manager.provisioner.process
        self.manager.shutdown_wait_time = 2 * PATIENCE  # it is sent SIGTERM after half of it
        self.manager.shutdown_kernel()
        assert process.returncode is not None
        return process.returncode

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Hold the process: what is sent meanwhile has all arrived before any of it is handled."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    def processes(self) -> list[psutil.Process]:
        """The kernel's process and its descendants."""
        kernel = psutil.Process(self.pid)
        return [kernel, *kernel.children(recursive=True)]

    def release(self, client: Client) -> None:
        """Let a client go: all its requests must have come to a good end."""
        client.settle()
        client.audit()
        self.finished += client.requests.values()
        self.clients.remove(client)
        client.close()
        self.clients[0].pump_all()

    def audit(self) -> None:
        """Check all requests of all clients, and that the kernel had nothing to complain about."""
        for client in self.clients if self.alive else ():
            client.settle()
            client.audit()
        for request in self.finished:  # the first client has heard what came later, too
            request.messages = self.clients[0].heard_of(request)
            request.audit()
        log = STRANGER.sub("", self.log)
        if not self.noisy:
            for sign in ("Traceback (most recent call last)", "was never", "was destroyed"):
                assert sign not in log, log

    def close(self) -> None:
        self._end()
        self._directory.cleanup()

    def _end(self) -> None:
        self._close_clients()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel(now=True)
        self._log.close()

    def _close_clients(self) -> None:
        for client in self.clients:
            client.close()
        self.clients.clear()


def audited(kernel: Kernel) -> Iterator[Kernel]:
    """For a fixture: give a kernel, and check at the end that nothing was wrong with it."""
    try:
        yield kernel
        kernel.audit()
    finally:
        kernel.close()


def wait_gone(processes: list[psutil.Process], timeout: float = PATIENCE) -> None:
    """Wait until all ``processes`` have ended (a zombie has)."""
    deadline = time.monotonic() + timeout
    left = processes
    while left and time.monotonic() < deadline:
        _, left = psutil.wait_procs(left, timeout=0.05)
        left = [p for p in left if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    assert not left, f"still running: {left}"
