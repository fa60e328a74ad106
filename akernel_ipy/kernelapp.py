"""The application that a kernelspec launches: ipykernel's, with our sockets and streams."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import traceback
from collections.abc import Generator
from typing import Any

import zmq
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.session import Session
from tornado import ioloop
from traitlets import Type, default, validate
from traitlets.traitlets import DottedObjectName
from zmq.eventloop.zmqstream import ZMQStream

from .forks import end_child, watch
from .kernel import AsyncKernel
from .wire.iopub import SEND_QUEUE, DirectIOPubThread
from .wire.router import ShellRouter, asyncio_loop_of
from .wire.session import WireSession

#: Seconds given to cancelled cells for their cleaning up when the kernel shuts down.
FAREWELL = 1.0


class AsyncKernelApp(IPKernelApp):
    """Launches an `AsyncKernel`."""

    name = "akernel"
    kernel_class: Any = Type(AsyncKernel, klass="ipykernel.kernelbase.Kernel").tag(config=True)
    classes = [AsyncKernel, *IPKernelApp.classes]  # noqa: RUF012 - a trait
    outstream_class = DottedObjectName("akernel_ipy.wire.streams.AsyncOutStream", allow_none=True)
    subcommands: dict[str, Any] = {}  # noqa: RUF012 - ipykernel's would install its own spec

    @default("session")
    def _default_session(self) -> Session:
        return WireSession(parent=self)

    @default("config_files")
    def _default_config_files(self) -> list[str]:
        # What a profile says to ipykernel's own kernel holds here too; what it says to this one
        # goes before it.
        return ["ipython_kernel_config.py", self.config_file_name]

    @validate("kernel_class")
    def _no_other_kernel(self, proposal: Any) -> type[AsyncKernel]:
        chosen: type[Any] = proposal["value"]
        if issubclass(chosen, AsyncKernel):
            return chosen
        name = f"{chosen.__module__}.{chosen.__qualname__}"
        self.log.warning("Ignored IPKernelApp.kernel_class: %s is no AsyncKernel", name)
        return AsyncKernel

    def _apply_curve_server_options(self, socket: Any) -> None:
        """Prepare a socket before it is bound: longer queues than zmq's, which drop the rest.

        ipykernel 7.4 calls this for each of its server sockets. A ROUTER drops replies as an XPUB
        drops outputs: a client that sends thousands of requests at once would miss some.
        """
        socket.sndhwm = SEND_QUEUE
        super()._apply_curve_server_options(socket)

    def excepthook(self, etype: Any, evalue: Any, tb: Any) -> None:
        """Write what nobody caught to the process's own stderr.

        ipykernel 7.4 writes it to descriptor 2, which is captured: a completion that fails puts a
        traceback into the cell that ran last.
        """
        descriptor = getattr(sys.stderr, "_original_stdstream_copy", None)
        if descriptor is None:
            super().excepthook(etype, evalue, tb)
            return
        text = "".join(traceback.format_exception(etype, evalue, tb))
        os.write(descriptor, text.encode(errors="replace"))

    def emit_help(self, classes: bool = False) -> Generator[str, None, None]:
        """Explain the options, also those of what is imported only when it is used."""
        if classes:
            from .store import CacheStore

            self.classes = [*self.classes, CacheStore]
        yield from super().emit_help(classes)

    def init_iopub(self, context: Any) -> None:
        """Bind IOPub, with a thread whose callers send by themselves.

        ipykernel 7.4 names its IOPubThread class in the middle of this method.
        """
        self.iopub_socket = context.socket(zmq.XPUB)
        self.iopub_socket.linger = 1000
        self._apply_curve_server_options(self.iopub_socket)
        self.iopub_port = self._bind_socket(self.iopub_socket, self.iopub_port)
        self.log.debug("iopub PUB Channel on port: %i", self.iopub_port)
        self.configure_tornado_logger()
        self.iopub_thread = DirectIOPubThread(self.iopub_socket, pipe=True, session=self.session)
        self.iopub_thread.start()
        self.iopub_socket = self.iopub_thread.background_socket

    def init_kernel(self) -> None:
        """Create the kernel, on a shell socket that the main thread reads itself.

        ipykernel 7.4 wraps the socket in a ZMQStream of the shell channel thread here: see
        `ShellRouter` for what that costs.
        """
        # Notebooks that look for their kernel's id read it here; the command line set our own.
        self.config.IPKernelApp.connection_file = self.abs_connection_file
        channel = self.shell_channel_thread
        router = ShellRouter(self.shell_socket, channel.io_loop)
        channel.shell_stream = router
        self.control_thread.start()
        channel.start()
        kernel = self.kernel_class.instance(
            parent=self,
            session=self.session,
            control_stream=ZMQStream(self.control_socket, self.control_thread.io_loop),
            debugpy_stream=ZMQStream(self.debugpy_socket, self.control_thread.io_loop),
            debug_shell_socket=self.debug_shell_socket,
            shell_stream=router,
            control_thread=self.control_thread,
            shell_channel_thread=channel,
            iopub_thread=self.iopub_thread,
            iopub_socket=self.iopub_socket,
            stdin_socket=self.stdin_socket,
            log=self.log,
            profile_dir=self.profile_dir,
            user_ns=self.user_ns,
        )
        for name in ("Comm", "ipykernel.comm"):
            logging.getLogger(name).addFilter(self._belongs_to_a_cell)
        kernel.record_ports({f"{name}_port": port for name, port in self._ports.items()})
        self.kernel = kernel
        self.displayhook.get_execution_count = lambda: kernel.execution_count

    def _belongs_to_a_cell(self, record: logging.LogRecord) -> bool:
        # Python's last resort prints on stderr. That is right for the error of a callback, whose
        # cell shows it; "No such comm" would appear in some cell: it goes to the kernel's log.
        if record.exc_info is None and self.log.isEnabledFor(record.levelno):
            self.log.handle(record)
        return record.exc_info is not None

    def start_up(self, shell: Any) -> None:
        """Do for a session's shell what ``initialize`` does for the kernel's first one."""
        first, self.shell = self.shell, shell
        try:
            self.init_gui_pylab()
            self.init_extensions()
            self.init_code()
        finally:
            self.shell = first

    def start(self) -> None:
        """Serve until shutdown.

        ipykernel 7.4 leaves the loop, and so the process, when a KeyboardInterrupt reaches it from
        a background task; here only a shutdown ends it, or a SystemExit where that hurts nobody
        else.
        """
        if self.subapp is not None or self.trio_loop:
            super().start()
            return
        if self.poller is not None:
            self.poller.start()
        self.kernel.start()
        self.io_loop = ioloop.IOLoop.current()
        watch(asyncio_loop_of(self.io_loop))
        try:
            self._serve()
            end_child()
            self._say_farewell()
        finally:
            end_child(sys.exc_info()[1])
            self.kernel.stop()

    def _serve(self) -> None:
        while True:
            try:
                self.io_loop.start()
                return
            except KeyboardInterrupt:
                self.log.info("A background task was interrupted")
            except SystemExit:
                if not self.kernel.isolated:
                    raise
                self.log.warning("A background task called sys.exit(); other sessions go on")

    def _say_farewell(self) -> None:
        """Cancel what still runs, and let it clean up for a moment."""
        loop = asyncio_loop_of(self.io_loop)
        self.kernel.shell_stream.close()
        known = asyncio.all_tasks(loop) | self.kernel.requests
        tasks = [task for task in known if not task.done()]
        for task in tasks:
            task.cancel()
        if not tasks:
            return
        ended = loop.create_task(asyncio.wait(tasks, timeout=FAREWELL))
        ended.add_done_callback(lambda _: loop.stop())
        while not ended.done():
            # ipykernel's shell asks the loop to stop once more, 0.1 s after the shutdown.
            loop.run_forever()
