"""One notebook from file to result: read, parameters, kernel, cells, outputs."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from nbformat import from_dict

from akernel_ipy.core.errors import NotebookError

from . import notebook as files
from . import parameters, plan
from .execution import Execution
from .kernel import Kernel, start
from .model import CellResult, NotebookResult, Observer, Options, Status


class NotebookJob:
    """A notebook that is read and can be run once, and be stopped meanwhile."""

    def __init__(self, path: Path, options: Options, observer: Observer | None = None) -> None:
        """Read the notebook, so that what can't be run is refused before anything runs.

        Raises:
            NotebookError: if it can't be read, or a cell or a parameter can't be sent.
        """
        self.path = path
        self.name = path.name
        self.options = options
        self.observer = observer or Observer()
        self.notebook: Any = files.load(path)
        if options.parameters:
            parameters.inject(self.notebook, options.parameters)
        self.stages, self.skipped = plan.stages(
            str(path), self.notebook, allow_errors=options.allow_errors
        )
        self._execution: Execution | None = None
        self._task: asyncio.Task[Any] | None = None
        self._stopped = False

    async def run(self) -> NotebookResult:
        """Run it; what goes wrong in cells or with the kernel is told in the result.

        Raises:
            NotebookError: if the kernel can't be started.
            asyncio.CancelledError: if it was stopped before the kernel was there.
        """
        self._task = asyncio.current_task()
        if self._stopped:
            raise asyncio.CancelledError
        begun = time.monotonic()
        kernel = await self._start()
        try:
            startup = time.monotonic() - begun
            execution = await self._execute(kernel)
        finally:
            await asyncio.shield(kernel.close())
        return self._result(execution, startup)

    async def _start(self) -> Kernel:
        path, options = self.path.absolute(), self.options
        cwd = options.cwd or path.parent
        if not cwd.is_dir():
            raise NotebookError(f"{cwd} isn't a directory; name the kernel's with --cwd")
        return await start(options.kernel, options.flavour, cwd, path, options.startup_timeout)

    async def _execute(self, kernel: Kernel) -> Execution:
        self._describe_kernel(kernel)
        execution = Execution(self.name, kernel, self.stages, self.options, self.observer)
        self._execution = execution
        self.observer.run_started(self.name)
        await execution.run()
        if execution.finished:
            await kernel.shut_down()
        return execution

    def _describe_kernel(self, kernel: Kernel) -> None:
        """Write down which language ran, and for a notebook that names none, which kernel."""
        language = kernel.info.get("language_info", {})
        if self.options.parameters and language.get("name") != "python":
            raise NotebookError(
                f"{self.path}: parameters can be given to Python notebooks only, and the kernel "
                f"{kernel.name!r} speaks {language.get('name')}; leave out -p"
            )
        self.notebook.metadata["language_info"] = from_dict(language)
        described = self.notebook.metadata.get("kernelspec", {})
        if not described.get("name") or not described.get("display_name"):
            self.notebook.metadata["kernelspec"] = from_dict({**kernel.kernelspec, **described})

    def _result(self, execution: Execution, startup: float) -> NotebookResult:
        for stage in self.stages:
            for cell in stage:
                cell.write()
        self._keep_widgets(execution.widgets.metadata())
        skipped = [CellResult(info, Status.SKIPPED) for info in self.skipped]
        cells = sorted([*execution.results(), *skipped], key=lambda result: result.cell.number)
        return NotebookResult(
            name=self.name,
            notebook=self.notebook,
            cells=tuple(cells),
            seconds=execution.seconds,
            startup_seconds=startup,
            problem=execution.problem,
            interrupted=execution.interrupted,
            begun=execution.begun,
        )

    def _keep_widgets(self, widgets: dict[str, Any]) -> None:
        self.notebook.metadata.pop("widgets", None)
        if widgets:
            self.notebook.metadata["widgets"] = from_dict(widgets)

    def stop(self) -> None:
        """Interrupt the cells and keep what they gave; the second time, kill the kernel."""
        self._stopped = True
        if self._execution:
            self._execution.stop()
        elif self._task:
            self._task.cancel()
