"""The provisioner: what a Jupyter server's kernel manager asks to start and to stop a kernel."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

from jupyter_client.connect import KernelConnectionInfo, LocalPortCache
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from traitlets import Float

from .asking import ask
from .door import CHANNELS, Door
from .process import SharedKernel, shared_kernel

#: Seconds that the shared kernel has to let go of a notebook before it counts as stuck.
PATIENCE = 5.0


class SharedProvisioner(KernelProvisionerBase):
    """Attaches a notebook to the kernel that all notebooks of this server share.

    The first start launches the process. A shutdown ends the notebook's session, and the process
    ``grace`` seconds after its last notebook; a restart begins the session anew. If the process
    dies, or has to be killed since it does not answer, every notebook's kernel restarts.
    """

    grace = Float(
        30.0, help="Seconds from the shutdown of the last notebook to the end of the process."
    ).tag(config=True)

    _kernel: SharedKernel | None = None
    _door: Door | None = None
    _generation = 0
    _attached = False
    _cached_ports: tuple[int, ...] = ()

    @property
    def has_process(self) -> bool:
        """Whether the notebook has a session in a process."""
        return self._attached

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Start the process if there is none, and choose the notebook's own ports."""
        kwargs = await super().pre_launch(**kwargs)
        manager: Any = self.parent
        arguments = tuple(kwargs.pop("extra_arguments", ()))
        self._kernel = shared_kernel(self.kernel_spec, arguments)
        self._generation = await self._kernel.start(self, kwargs["env"], kwargs.get("cwd"))
        shared = self._kernel.manager
        manager.transport, manager.ip = shared.transport, shared.ip
        manager.session.key = shared.session.key
        manager.session.signature_scheme = shared.session.signature_scheme
        manager.iopub_port, manager.hb_port = shared.iopub_port, shared.hb_port
        if manager.cache_ports and not self._cached_ports:
            ports = LocalPortCache.instance()
            for channel in CHANNELS:
                setattr(manager, f"{channel}_port", ports.find_available_port(manager.ip))
            self._cached_ports = tuple(getattr(manager, f"{c}_port") for c in CHANNELS)
        manager.write_connection_file(jupyter_session=kwargs["env"].get("JPY_SESSION_NAME", ""))
        self.connection_info = manager.get_connection_info()
        return {**kwargs, "cmd": manager.format_kernel_cmd()}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Open the notebook's door to the process."""
        assert self._kernel is not None
        info: Any = self.connection_info
        wanted = {channel: int(info[f"{channel}_port"]) for channel in CHANNELS}
        if self._door is None or self._door.ports != wanted:
            self._close_door()
            self._door = Door(wanted, self._kernel.ports, self._kernel.address)
        self._attached = True
        return self.connection_info

    async def poll(self) -> int | None:
        """Give None while the notebook has a session in a running process."""
        if self._kernel is None or not self._attached:
            return 0
        return self._kernel.poll(self._generation)

    async def wait(self) -> int | None:
        """Wait until the notebook's session or the process has ended."""
        while (status := await self.poll()) is None:
            await asyncio.sleep(0.02)
        self._attached = False
        return status

    async def send_signal(self, signum: int) -> None:
        """Interrupt the notebook's cells; a signal that ends a process ends its session."""
        if signum == signal.SIGINT:
            await self._ask("interrupt_request", {})
        else:
            await self.kill()

    async def kill(self, restart: bool = False) -> None:
        """End the notebook's session; if the process does not answer, end that."""
        if self._kernel is None or not self._attached:
            return
        if self._kernel.used_by_others(self):
            if await self._leave(restart):
                return
            self.log.warning("The shared kernel does not answer: all its notebooks restart")
        self._kernel.kill()

    async def terminate(self, restart: bool = False) -> None:
        """End the notebook's session."""
        await self.kill(restart)

    async def shutdown_requested(self, restart: bool = False) -> None:
        """See that the kernel has let go of the session; its process stays."""
        if self._kernel is not None and self._attached:
            await self._leave(restart)

    async def cleanup(self, restart: bool = False) -> None:
        """Close the door for good, unless the notebook restarts."""
        self._attached = False
        if restart:
            return
        self._close_door()
        if self._kernel is not None:
            self._kernel.release(self, self.grace)
        for port in self._cached_ports:
            LocalPortCache.instance().return_port(port)
        self._cached_ports = ()

    async def _leave(self, restart: bool) -> bool:
        """Let the kernel end the session; give whether it has."""
        left = await self._ask("shutdown_request", {"restart": restart})
        if left:
            self._attached = False
        return left

    async def _ask(self, msg_type: str, content: dict[str, Any]) -> bool:
        assert self._kernel is not None
        info: Any = self.connection_info
        address = self._kernel.address(int(info["control_port"]))
        key = self._kernel.manager.session.key
        try:
            await ask(address, key, msg_type, content, PATIENCE)
        except TimeoutError:
            self.log.warning("The shared kernel did not answer %s in %.1f s", msg_type, PATIENCE)
            return False
        return True

    def _close_door(self) -> None:
        if self._door is not None:
            self._door.close()
            self._door = None
