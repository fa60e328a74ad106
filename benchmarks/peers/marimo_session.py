"""Run by the peers' interpreter: a marimo session without server and front-end.

Reads one JSON array of ``[cell id, code]`` pairs per line and answers each with the seconds that
running them, and all that depends on them, took, by the clock and of the processor, and with the
outputs they showed. What marimo would send to its front-end is kept aside and looked at when the
time has been taken.
"""

# mypy: disable-error-code="import-not-found,misc"

from __future__ import annotations

import asyncio
import json
import os
import queue
import re
import sys
from time import perf_counter, process_time
from typing import Any, TextIO

from marimo._ast.app_config import _AppConfig
from marimo._config.config import DEFAULT_CONFIG
from marimo._messaging.types import KernelStreams, Stream
from marimo._runtime.commands import AppMetadata, ExecuteCellsCommand
from marimo._runtime.kernel_lifecycle import KernelArgs, kernel_session
from marimo._session.model import SessionMode


class Kept(Stream):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    def write(self, data: bytes) -> None:
        """Keep a message."""
        self.messages.append(data)

    def shown(self) -> dict[str, list[str]]:
        """The outputs of each cell, without their markup."""
        found: dict[str, list[str]] = {}
        for message in map(json.loads, self.messages):
            output = message.get("output") if message.get("op") == "cell-op" else None
            if output and output["channel"] == "output" and output["data"]:
                text = re.sub("<[^>]*>", "", str(output["data"]))
                found.setdefault(message["cell_id"], []).append(text)
        return found


def arguments(stream: Stream) -> KernelArgs:
    """A session as the editor starts one, with automatic runs (the default)."""
    return KernelArgs(
        streams=KernelStreams(stream=stream, stdout=None, stderr=None, stdin=None),
        debugger=None,
        configs={},
        app_metadata=AppMetadata(query_params={}, cli_args={}, app_config=_AppConfig()),
        user_config=DEFAULT_CONFIG,
        mode=SessionMode.EDIT,
        control_queue=queue.Queue(),
        set_ui_element_queue=queue.Queue(),
        virtual_file_storage=None,
    )


async def serve(requests: TextIO, answers: TextIO) -> None:
    """Answer until the input ends."""
    stream = Kept()
    with kernel_session(arguments(stream)) as (kernel, _context):
        for line in requests:
            ids, codes = zip(*json.loads(line), strict=True)
            stream.messages.clear()
            begin, used = perf_counter(), process_time()
            await kernel.handle_message(ExecuteCellsCommand(cell_ids=[*ids], codes=[*codes]))
            answer: dict[str, Any] = {"seconds": perf_counter() - begin}
            answer["processor"] = process_time() - used
            print(json.dumps(answer | {"shown": stream.shown()}), file=answers, flush=True)


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever else is printed
    asyncio.run(serve(sys.stdin, answers))
