"""Workers: all that knows Dask distributed."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import Any

from ..core.errors import OffloadError
from ._buffers import SCATTERED, Buffers
from ._task import Answer, Task

#: Seconds between looks whether there are any workers.
GLANCE = 10.0

#: Seconds for the workers to end when the kernel does.
FAREWELL = 2.0

#: Takes a live report: see `_live.Reporter`.
Listener = Callable[[Mapping[str, Any]], None]


class Engine:
    """One kernel's workers: processes on this machine, or those of a scheduler.

    Nothing is started before the first cell needs it. Dask's client has a thread and a loop of its
    own, so that a cell that holds up the kernel's loop does not hold up the workers.

    Args:
        address: of a scheduler; empty for processes on this machine.
        workers: how many processes to start; 0 for one a processor.
    """

    def __init__(self, address: str = "", workers: int = 0) -> None:
        self._address, self._workers = address, workers
        self._topic = f"akernel-{uuid.uuid4().hex}"
        self._lock = threading.Lock()
        self._client: Any = None
        self._cluster: Any = None
        self._buffers = Buffers()
        self._listeners: dict[str, Listener] = {}

    @property
    def local(self) -> bool:
        """Whether the workers are processes that this kernel started."""
        return not self._address

    def check(self) -> None:
        """See whether the libraries are there.

        Raises:
            OffloadError: one is missing.
        """
        missing = [name for name in ("distributed", "cloudpickle") if find_spec(name) is None]
        if missing:
            raise OffloadError(
                f'%%offload needs {" and ".join(missing)}: pip install "akernel-ipy[dask]"'
            )

    async def run(self, task: Task, listener: Listener) -> Answer:
        """Let a worker execute a cell.

        Raises:
            OffloadError: there is no scheduler, or the worker was lost.
            asyncio.CancelledError: the calling task was cancelled.
        """
        task.topic = self._topic
        self._listeners[task.key] = listener
        try:
            for _ in range(3):
                future = await self._sent(task)
                status = await self._ended(future, task)
                if status == "alone":  # no worker comes back: start others
                    await asyncio.to_thread(self._replace, future)
                elif status == "lost":  # data went down with a worker: send it again
                    self._buffers.forget()
                else:
                    return await asyncio.to_thread(self._fetch, future)
            raise OffloadError("the workers that had the cell or its inputs died, three times")
        finally:
            del self._listeners[task.key]

    async def _sent(self, task: Task) -> Any:
        """Send a cell off; interrupted meanwhile, as while workers start, it does not run."""
        given_up = threading.Event()
        sending = asyncio.ensure_future(asyncio.to_thread(self._submit, task, given_up))
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError:
            given_up.set()
            sending.add_done_callback(_take_back)
            raise

    async def _ended(self, future: Any, task: Task) -> str:
        """Wait for the end of a cell; an interrupt is passed on to it.

        Returns:
            Dask's word for it; ``"lost"`` if an input is lost, ``"alone"`` if no worker is left.
        """
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(ended.set))
        without_workers = 0
        while not ended.is_set():
            try:
                await asyncio.wait_for(ended.wait(), GLANCE)
            except TimeoutError:
                alive = await asyncio.to_thread(self._has_workers)
                without_workers = 0 if alive else without_workers + 1
                if without_workers > 2:
                    return "alone"
            except asyncio.CancelledError:
                if not await self._interrupt(task.key, future):
                    raise
        return "lost" if future.status == "cancelled" else str(future.status)

    def _replace(self, future: Any) -> None:
        """Give up the workers that a cell was sent to, unless another cell has done so."""
        with self._lock:
            if self._client is future.client:
                self._disconnect()

    def _has_workers(self) -> bool:
        return not self.local or bool(self._client.scheduler_info()["workers"])

    async def _interrupt(self, key: str, future: Any) -> bool:
        """Interrupt a cell; False if it had to be given up."""
        try:
            return await asyncio.shield(asyncio.to_thread(self._stop, key, future))
        except asyncio.CancelledError:  # once more: at once, then
            await asyncio.shield(asyncio.to_thread(self._give_up, future))
            return False

    def _stop(self, key: str, future: Any) -> bool:
        found = self._ask_to_stop(key, future)
        if "reached" in found:
            return True
        self._give_up(future, deaf="deaf" in found)
        if not found:
            self._ask_to_stop(key, future)  # it may have begun just now
        return False

    def _ask_to_stop(self, key: str, future: Any) -> set[str]:
        from ._worker import stop_cell

        workers = self._workers_of(future)
        if not workers:
            return set()
        answers = self._client.run(stop_cell, key, workers=workers, on_error="ignore")
        return set(answers.values()) - {"absent"}

    def _give_up(self, future: Any, deaf: bool = True) -> None:
        workers = self._workers_of(future)
        future.cancel(reason="interrupted", force=True)
        if deaf and workers and self.local:
            # A long call into C: only the end of the process ends it.
            self._client.restart_workers(workers, raise_for_error=False)

    def _workers_of(self, future: Any) -> list[str]:
        return [worker for worker, keys in self._client.processing().items() if future.key in keys]

    def _submit(self, task: Task, given_up: threading.Event) -> Any:
        """Send a cell to the scheduler; None if it was given up before."""
        client = self._connected()
        from ._worker import run_cell

        large = [i for i, b in enumerate(task.inputs.buffers) if len(b) >= SCATTERED]

        def scatter(buffer: bytes) -> Any:
            return client.scatter(buffer, hash=False, direct=self.local)

        sent = [self._buffers.future(task.inputs.buffers[i], scatter) for i in large]
        light = [b"" if i in large else b for i, b in enumerate(task.inputs.buffers)]
        parcel = type(task.inputs)(task.inputs.data, task.inputs.pickles, light)
        light_task = Task(**{**vars(task), "inputs": parcel, "positions": large})
        if given_up.is_set():
            return None
        key = f"{task.key}-{uuid.uuid4().hex}"  # another one, if it was lost
        return client.submit(run_cell, light_task, *sent, key=key, pure=False)

    def _fetch(self, future: Any) -> Answer:
        from distributed.scheduler import KilledWorker

        try:
            answer: Answer = future.result()
        except KilledWorker as error:
            raise OffloadError(
                f"the cell was started {error.allowed_failures + 1} times, and each time its "
                "worker died: out of memory, or ended by its own code? Nothing of it has come back"
            ) from None
        except ModuleNotFoundError as error:
            raise OffloadError(
                f"the workers lack a library: {error}. They need what the kernel has, "
                "akernel-ipy too, in the same versions"
            ) from error
        except Exception as error:
            raise OffloadError(f"a worker could not run the cell: {error!r}") from error
        finally:
            future.release()
        return answer

    def _connected(self) -> Any:
        with self._lock:
            if self._client is not None and self._client.status == "running":
                return self._client
            self._disconnect()
            return self._connect()

    def _connect(self) -> Any:
        from distributed import Client

        try:
            self._cluster = None if self._address else self._start()
            self._client = Client(self._cluster or self._address, set_as_default=False)
        except (OSError, ValueError) as error:
            self._disconnect()
            where = f"the scheduler at {self._address}" if self._address else "a local cluster"
            raise OffloadError(f"%%offload can't use {where}: {error}") from error
        self._client.subscribe_topic(self._topic, self._heard)
        return self._client

    def _start(self) -> Any:
        import dask
        from distributed import LocalCluster

        options: dict[str, Any] = {
            # Dask opens HTTP ports in any case; on these nothing is served.
            "distributed.scheduler.http.routes": [],
            "distributed.worker.http.routes": [],
            "distributed.worker.preload": ["akernel_ipy.offload._preload"],
        }
        with dask.config.set(options), _sigint_blocked():
            return LocalCluster(
                n_workers=self._workers or None,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
                silence_logs=logging.CRITICAL,
                security=True if find_spec("cryptography") else None,
            )

    def _heard(self, event: tuple[float, Mapping[str, Any]]) -> None:
        listener = self._listeners.get(event[1]["key"])
        if listener is not None:
            listener(event[1])

    def close(self) -> None:
        """End the workers that this kernel started, and the connection."""
        with self._lock:
            self._disconnect()

    def _disconnect(self) -> None:
        self._buffers.forget()
        for resource in (self._client, self._cluster):
            if resource is not None:
                with suppress(TimeoutError, OSError):  # a scheduler that is gone says no farewell
                    resource.close(timeout=FAREWELL)
        self._client = self._cluster = None


def _take_back(sending: asyncio.Future[Any]) -> None:
    """Cancel a cell that was sent though it had been given up just before."""
    if not sending.cancelled() and sending.exception() is None and sending.result() is not None:
        threading.Thread(target=sending.result().cancel, daemon=True).start()


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    """Let the threads and processes that are started here be born with SIGINT blocked."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
