"""One cell, from the kernel's side."""

from __future__ import annotations

import ast
import asyncio
import os
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from typing import Any

from ..core.errors import OffloadError
from ..core.names import CellSyntaxError, analyze
from ._engine import Engine
from ._task import Answer, Event, Task

#: Of the kernel; a worker can't have them.
_OURS = ("__task__", "ainput")


class OffloadedCell:
    """Sends a cell to a worker, and puts what comes of it where it would be.

    Args:
        engine: the workers.
        shell: the shell whose cell it is.
        source: the cell, after IPython's transformers.
    """

    def __init__(self, engine: Engine, shell: Any, source: str) -> None:
        self._engine, self._shell, self._source = engine, shell, source
        self._playback = Playback(shell)

    async def run(
        self, nodes: Sequence[ast.stmt], file_name: str, interactivity: str, awaits: bool
    ) -> BaseException | None:
        """Execute the statements of the cell on a worker.

        Returns:
            The error that they raised, with its traceback.

        Raises:
            OffloadError: something can't be sent, or no worker can execute it.
        """
        from ._parcel import Packer

        self._engine.check()
        own = self._shell.user_ns
        packer = Packer(own, self._hidden())
        inputs = packer.pack(self._names())
        task = Task(
            key=f"cell-{uuid.uuid4().hex}",
            topic="",
            nodes=list(nodes),
            file_name=file_name,
            source=self._source,
            interactivity=interactivity,
            awaits=awaits,
            inputs=inputs,
            directory=os.getcwd() if self._engine.local else "",
            path=list(sys.path) if self._engine.local else [],
        )
        answer = await self._engine.run(task, self._listener())
        return self._take_in(answer, packer.objects, packer.names)

    def _names(self) -> set[str]:
        try:
            names = analyze(self._source, transform=self._shell.transform_cell)
        except CellSyntaxError as error:
            raise OffloadError(f"the cell can't be analysed: {error}") from error
        wanted = names.reads | names.deletes | names.mutates | names.touches
        for name in _OURS:
            if f"{name}(" in self._source and name not in names.defs:
                raise OffloadError(
                    f"{name}() asks the kernel, which a cell on a worker can't do: take %%offload "
                    "away"
                )
        return set(wanted)

    def _hidden(self) -> set[str]:
        hidden = self._shell.user_ns_hidden
        own = self._shell.user_ns
        return {
            name for name, value in hidden.items() if name != "asyncio" and own.get(name) is value
        }

    def _listener(self) -> Callable[[Mapping[str, Any]], None]:
        loop, context = asyncio.get_running_loop(), copy_context()

        def heard(report: Mapping[str, Any]) -> None:
            loop.call_soon_threadsafe(self._playback.hear, report, context=context)

        return heard

    def _take_in(
        self, answer: Answer, objects: Mapping[int, Any], names: set[str]
    ) -> BaseException | None:
        from ._parcel import restore

        own = self._shell.user_ns
        values, error = restore(answer.results, objects, own)
        self._playback.finish(answer, values)
        for name, reason in answer.results.left.items():
            print(f"%%offload: `{name}` stays on the worker: {reason}", file=sys.stderr)
        if isinstance(error, NameError) and error.name in own and error.name not in names:
            error.add_note(
                f"`{error.name}` is defined in the kernel, but it can't be seen that the cell "
                "reads it: mention it in the cell"
            )
        return error


class Playback:
    """Shows in the kernel what a cell shows on a worker, each output once and in order."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._attempt: str | None = None
        self._shown = 0
        self._finished = False

    def hear(self, report: Mapping[str, Any]) -> None:
        """Take outputs while the cell runs."""
        if self._finished:
            return
        if report["attempt"] != self._attempt:
            self._begin(report["attempt"])
        if report["start"] == self._shown:
            for event in report["events"]:
                self._show(event)
            self._shown += len(report["events"])

    def _begin(self, attempt: str) -> None:
        again, self._attempt = self._attempt is not None, attempt
        if again:
            if self._shown:
                self._shell.display_pub.clear_output()
            print("%%offload: the cell's worker died; the cell starts again", file=sys.stderr)
        self._shown = 0

    def finish(self, answer: Answer, values: Mapping[int, Any]) -> None:
        """Show what has not been shown yet."""
        self._finished = True
        if answer.attempt != self._attempt:
            self._begin(answer.attempt)
        for event in answer.events[self._shown :]:
            if event[0] != "result":
                self._show(event)
            elif event[1] in answer.bundles:
                self._show_bundle(*answer.bundles[event[1]])
            else:
                sys.displayhook(values[event[1]])

    def _show(self, event: Event) -> None:
        kind, *details = event
        publisher = self._shell.display_pub
        if kind == "stream":
            getattr(sys, details[0]).write(details[1])
        elif kind == "clear":
            publisher.clear_output(wait=details[0])
        else:
            data, metadata, transient, update = details
            publisher.publish(data, metadata, transient=transient, update=update)

    def _show_bundle(self, data: dict[str, Any], metadata: dict[str, Any]) -> None:
        hook = self._shell.displayhook
        if hook.quiet():
            return
        hook.start_displayhook()
        hook.write_output_prompt()
        hook.write_format_data(data, metadata)
        hook.finish_displayhook()
