"""A kernel process and the wires to it, on jupyter_client's own manager and client."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.session import Session

from akernel_ipy import kernelspec
from akernel_ipy.core import modes
from akernel_ipy.core.errors import NotebookError

Message = dict[str, Any]
Receiver = Callable[[Message], None]

CHANNELS = ("iopub", "shell")

#: How often a kernel is started anew when another process took one of its ports meanwhile.
ATTEMPTS = 3
PORT_TAKEN = "Address already in use"

#: How many lines of its stderr are shown of a kernel that ended.
LAST_WORDS = 8

#: Seconds after which a kernel that doesn't answer is asked again.
RESEND = 0.5

#: Seconds between two looks whether the process still lives, or has ended.
POLL = 0.05


class FlavourSpecs(KernelSpecManager):
    """Kernelspecs, and one for a flavour of this kernel that need not be installed."""

    def __init__(self, mode: modes.Mode) -> None:
        super().__init__()
        self.mode = mode
        self.name = kernelspec.default_name(mode)

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Describe the flavour, run by this interpreter; look up every other name."""
        if kernel_name == self.name:
            return KernelSpec(**kernelspec.describe(self.mode))
        return super().get_kernel_spec(kernel_name)


def kernel_manager(kernel: str | None, flavour: str) -> AsyncKernelManager:
    """Give a manager for an installed kernelspec, or for a flavour of this kernel.

    Raises:
        NotebookError: if there is no such kernelspec.
        ModeError: if there is no such flavour.
    """
    mode = modes.parse(flavour)
    specs = KernelSpecManager() if kernel else FlavourSpecs(mode)
    name = kernel or kernelspec.default_name(mode)
    try:
        specs.get_kernel_spec(name)
    except NoSuchKernel:
        known = ", ".join(sorted(specs.find_kernel_specs())) or "none"
        raise NotebookError(f"no kernelspec is called {name!r}; installed are: {known}") from None
    context = zmq.asyncio.Context()
    for limit in (zmq.constants.RCVHWM, zmq.constants.SNDHWM):
        context.setsockopt(limit, 0)  # at 1000 messages zmq would drop outputs
    return AsyncKernelManager(kernel_name=name, kernel_spec_manager=specs, context=context)


class Kernel:
    """A running kernel: send it cells, hear what it says, interrupt it, end it."""

    def __init__(self, manager: AsyncKernelManager) -> None:
        self.manager = manager
        self.client: Any = None
        self.info: Mapping[str, Any] = {}
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._listeners: list[asyncio.Task[None]] = []
        self._receivers: dict[str, Receiver] = {}

    async def start(self, **options: Any) -> None:
        """Start the process; the options are those of `subprocess.Popen`."""
        try:
            await self.manager.start_kernel(stdout=self._errors, stderr=self._errors, **options)
        except OSError as error:
            raise NotebookError(f"the kernel {self.name!r} can't be started: {error}") from error
        self.client = self.manager.client()
        self.client.start_channels(stdin=False, hb=False, control=False)

    @property
    def name(self) -> str:
        """Name the kernelspec."""
        return str(self.manager.kernel_name)

    @property
    def kernelspec(self) -> dict[str, str]:
        """Describe the kernel as the metadata of notebooks do."""
        spec = self.manager.kernel_spec
        if spec is None:
            return {"name": self.name, "display_name": self.name}
        return {"name": self.name, "display_name": spec.display_name, "language": spec.language}

    def listen(self, **receivers: Receiver) -> None:
        """Hand the messages of the channels named, ``iopub`` and ``shell``, to receivers."""
        self._receivers = receivers

    async def connect(self, patience: float) -> None:
        """Wait until the kernel answers and its outputs are heard."""
        heard, replied = asyncio.Event(), asyncio.Event()

        def on_reply(message: Message) -> None:
            if message["header"]["msg_type"] == "kernel_info_reply":
                self.info = message["content"]
                replied.set()

        self.listen(iopub=lambda message: heard.set(), shell=on_reply)
        self._listeners = [asyncio.create_task(self._pump(name)) for name in CHANNELS]
        deadline = time.monotonic() + patience
        while not (heard.is_set() and replied.is_set()):
            if time.monotonic() > deadline:
                raise NotebookError(f"the kernel {self.name!r} didn't answer in {patience:g} s")
            await self.send(self.client.session.msg("kernel_info_request"))
            await self._both(heard, replied)
            await self.check()

    async def _both(self, *events: asyncio.Event) -> None:
        """Wait for all events, but not for ever: what was sent too early must be sent again."""
        with suppress(TimeoutError):
            async with asyncio.timeout(RESEND):
                for event in events:
                    await event.wait()

    async def _pump(self, name: str) -> None:
        """Pass on the messages of a channel, as long as the kernel is connected."""
        channel = getattr(self.client, f"{name}_channel")
        while True:
            message = await channel.get_msg()
            self._receivers[name](message)

    async def _drain(self) -> None:
        """Pass on what the kernel said before it ended."""
        for listener in self._listeners:
            listener.cancel()
        await asyncio.gather(*self._listeners, return_exceptions=True)
        for name in CHANNELS:
            channel = getattr(self.client, f"{name}_channel")
            with suppress(Empty):
                while True:
                    message = await channel.get_msg(timeout=POLL)
                    self._receivers[name](message)

    def request(self, code: str, metadata: Mapping[str, Any], *, stop_on_error: bool) -> Message:
        """Make the message that sends a cell."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": stop_on_error,
        }
        session: Session = self.client.session
        return session.msg("execute_request", content, metadata=dict(metadata))

    async def send(self, *messages: Message) -> None:
        """Send requests on the shell channel, in one go: an error aborts those that are there.

        Not by `Session.send`, which writes to the socket below the asyncio one: that takes the
        notice of a reply that is just arriving, and whoever waits for it is never woken.
        """
        for frames in [self.client.session.serialize(message) for message in messages]:
            await self.client.shell_channel.socket.send_multipart(frames)

    async def is_alive(self) -> bool:
        """Tell whether the process runs."""
        return bool(await self.manager.is_alive())

    async def check(self) -> None:
        """Raise if the kernel has ended, with its last words, or if it can't be understood."""
        for listener in self._listeners:
            if listener.done():
                listener.result()
        if not await self.is_alive():
            raise NotebookError(f"the kernel {self.name!r} {await self.epitaph()}")

    async def epitaph(self) -> str:
        """Say how the process ended, with the end of what it wrote to stderr."""
        provisioner = self.manager.provisioner
        code = await provisioner.poll() if provisioner else None
        ended = "ended" if code is None else f"ended with {describe_exit(code)}"
        self._errors.seek(0)
        written = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        last = [line for line in written if "] WARNING |" not in line][-LAST_WORDS:]
        return "\n".join([f"{ended}:", *last]) if last else ended

    async def interrupt(self) -> None:
        """Interrupt what runs, as the kernelspec wants it."""
        await self.manager.interrupt_kernel()

    async def kill(self) -> None:
        """End the process at once."""
        if await self.is_alive():
            await self.manager.shutdown_kernel(now=True)

    async def shut_down(self) -> None:
        """Ask the kernel to end, hearing it to its last word; kill it if it doesn't.

        `AsyncKernelManager.shutdown_kernel` interrupts first, which would put a KeyboardInterrupt
        into the outputs of what runs in the background.
        """
        if await self.is_alive():
            await self.manager.request_shutdown()
            await self.manager.finish_shutdown(pollinterval=POLL)

    async def close(self) -> None:
        """Leave neither process nor file nor socket behind."""
        await self.kill()
        if self.client:
            await self._drain()
            self.client.stop_channels()
        await self.manager.cleanup_resources()
        self.manager.context.destroy(linger=0)
        self._errors.close()


def describe_exit(code: int) -> str:
    """Name the exit status of a process: ``status 1`` or ``SIGKILL``."""
    if code >= 0:
        return f"status {code}"
    with suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"


async def start(
    name: str | None, flavour: str, cwd: Path, notebook: Path, patience: float
) -> Kernel:
    """Start a kernel and wait for it; once more if another process took one of its ports."""
    environment = {**os.environ, "JPY_SESSION_NAME": str(notebook)}
    attempt = 0
    while True:
        attempt += 1
        kernel = Kernel(kernel_manager(name, flavour))
        try:
            await kernel.start(cwd=str(cwd), env=environment)
            await kernel.connect(patience)
        except BaseException as error:
            await asyncio.shield(kernel.close())
            if attempt == ATTEMPTS or PORT_TAKEN not in str(error):
                raise
        else:
            return kernel
