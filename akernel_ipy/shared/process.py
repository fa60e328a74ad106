"""The process that serves many notebooks: started by the first, ended after the last."""

from __future__ import annotations

import asyncio
import atexit
import logging
import threading
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from .asking import ask

#: Seconds that a process has for its shutdown before it is killed.
SHUTDOWN = 5.0

#: What belongs to the notebook that starts the process, and not to all.
_OWN_VARIABLES = ("JPY_SESSION_NAME",)

log = logging.getLogger("akernel_ipy.shared")

_kernels: dict[tuple[Any, ...], SharedKernel] = {}
_registry = threading.Lock()


class _Manager(AsyncKernelManager):
    """A manager of a process on this machine, whatever the kernelspec's provisioner."""

    @property
    def kernel_spec(self) -> KernelSpec | None:
        return self._kernel_spec


class SharedKernel:
    """One kernel process, and how many notebooks use it.

    Args:
        spec: how to launch it.
        arguments: what is added to the kernelspec's command.
    """

    def __init__(self, spec: KernelSpec, arguments: tuple[str, ...] = ()) -> None:
        metadata = {k: v for k, v in spec.metadata.items() if k != "kernel_provisioner"}
        self.manager = _Manager(kernel_name=str(spec.name), kernel_id=f"shared-{uuid.uuid4()}")
        self.manager._kernel_spec = KernelSpec(
            argv=[*spec.argv, *arguments], env=spec.env, language=spec.language, metadata=metadata
        )
        #: Counts the processes: one that crashed is followed by another.
        self.generation = 0
        self._users: set[object] = set()
        self._starting = threading.Lock()
        self._ending: threading.Timer | None = None
        atexit.register(self._kill)

    def address(self, port: int) -> str:
        """Give the zmq address of a port of the kernel's host."""
        separator = "-" if self.manager.transport == "ipc" else ":"
        return f"{self.manager.transport}://{self.manager.ip}{separator}{port}"

    @property
    def ports(self) -> dict[str, int]:
        """Where the process listens, on the channels on which it matters who speaks."""
        manager = self.manager
        return {
            "shell": manager.shell_port,
            "control": manager.control_port,
            "stdin": manager.stdin_port,
        }

    def poll(self, generation: int) -> int | None:
        """Give the exit status of one of the processes, None while it runs."""
        if generation != self.generation:
            return 1
        process = self._process
        return 1 if process is None else process.poll()

    async def start(self, user: object, env: Mapping[str, str], cwd: Any) -> int:
        """Start the process unless it runs; it stays as long as it has users.

        Returns:
            Its generation.
        """
        async with self._one_at_a_time():
            self._users.add(user)
            if self._ending is not None:
                self._ending.cancel()
                self._ending = None
            if self.poll(self.generation) is not None:
                common = {k: v for k, v in env.items() if k not in _OWN_VARIABLES}
                if self.generation:
                    log.warning("The shared kernel has died; its notebooks begin anew")
                    assert self.manager.provisioner is not None
                    await self.manager.provisioner.wait()
                await self.manager.start_kernel(env=common, cwd=cwd)
                self.generation += 1
            return self.generation

    def release(self, user: object, grace: float) -> None:
        """Take a user out; ``grace`` seconds after the last one has left, end the process."""
        self._users.discard(user)
        if not self._users and self._ending is None:
            self._ending = threading.Timer(grace, self._end)
            self._ending.daemon = True
            self._ending.start()

    def used_by_others(self, user: object) -> bool:
        """Whether another notebook uses the process too."""
        return bool(self._users - {user})

    def kill(self) -> None:
        """Kill the process at once."""
        process = self._process
        if process is not None:
            process.kill()

    @property
    def _process(self) -> Any:
        provisioner: Any = self.manager.provisioner
        return None if provisioner is None else provisioner.process

    @asynccontextmanager
    async def _one_at_a_time(self) -> AsyncIterator[None]:
        # Managers may live in the loops of several threads, which no lock of asyncio is for.
        while not self._starting.acquire(blocking=False):
            await asyncio.sleep(0.005)
        try:
            yield
        finally:
            self._starting.release()

    def _end(self) -> None:
        """Shut the process down, in the timer's thread."""
        with self._starting:
            if self._users or self.poll(self.generation) is not None:
                return
            asyncio.run(self._shut_down())

    async def _shut_down(self) -> None:
        manager = self.manager
        control, key = self.address(manager.control_port), manager.session.key
        # It may have died meanwhile; killed it is in any case.
        with suppress(TimeoutError):
            await ask(control, key, "shutdown_request", {"restart": False}, SHUTDOWN)
        deadline = time.monotonic() + SHUTDOWN
        while self.poll(self.generation) is None and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        self._kill()

    def _kill(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()
        if process is not None:
            self.manager.cleanup_connection_file()


def shared_kernel(spec: KernelSpec, arguments: tuple[str, ...] = ()) -> SharedKernel:
    """Give the one kernel of this process for a kernelspec: made by who asks first."""
    key = (tuple(spec.argv), tuple(sorted(spec.env.items())), arguments)
    with _registry:
        kernel = _kernels.get(key)
        if kernel is None:
            kernel = _kernels[key] = SharedKernel(spec, arguments)
        return kernel
