"""A notebook in JupyterLab, as far as the kernel can tell: its requests, and what it shows.

With ``AKERNEL_TEST_COMMAND`` naming ipykernel's launcher the notebooks use the extension.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from kernels import Kernel, audited
from protocol.client import Client
from protocol.request import PATIENCE, Message, Request

Output = dict[str, Any]


class Lab:
    """Sends cells with their ids, and keeps each cell's outputs by the rules of JupyterLab 4.

    Outputs go to the cell whose newest request is their parent; ``clear_output`` with ``wait``
    takes effect at the next output; ``update_display_data`` finds what ``display_data`` made.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self.requests: dict[str, Request] = {}
        #: Every request of a cell, the older ones too.
        self.sent: list[Request] = []
        self._numbers = 0
        self._cells: dict[str, str] = {}
        self._shown: dict[str, list[Output]] = {}
        self._clearing: set[str] = set()
        self._seen = 0

    # -- sending

    def send(self, cell: str, code: str, deleted: tuple[str, ...] = (), **content: Any) -> Request:
        """Execute a cell, and return at once; ``header`` adds fields to the request's."""
        metadata = {"trusted": False, "deletedCells": [*deleted], "recordTiming": False}
        return self._send(cell, code, {**metadata, "cellId": cell}, content)

    def type(self, code: str, **content: Any) -> Request:
        """Execute as a console does, without a cell's id; the outputs are kept under a number."""
        self._numbers += 1
        return self._send(f"#{self._numbers}", code, {}, content)

    def _send(
        self, cell: str, code: str, metadata: dict[str, Any], content: Mapping[str, Any]
    ) -> Request:
        self._take_in()  # what came so far belongs to the older request
        content = {"stop_on_error": True, **content}
        request = self.client.execute(code, metadata=metadata, **content)
        request.background = True  # re-runs show their outputs later
        if older := self.requests.get(cell):
            del self._cells[older.msg_id]
        self.requests[cell] = request
        self._cells[request.msg_id] = cell
        self.sent.append(request)
        self._shown[cell] = []
        self._clearing.discard(cell)
        return request

    def run(self, cell: str, code: str, **options: Any) -> Request:
        """Execute a cell, and wait for the end; errors are the caller's business."""
        return self.send(cell, code, **options).result()

    def run_all(self, cells: Mapping[str, str], timeout: float = PATIENCE) -> list[Request]:
        """Execute all cells as Run All does: every request at once, whoever is faster."""
        sent = {"date": datetime.now(UTC)}
        requests = [self.send(cell, code, header=sent) for cell, code in cells.items()]
        return [request.result(timeout) for request in requests]

    def ask(self, expression: str) -> Any:
        """Evaluate an expression whose value has a simple ``repr``, without making a cell."""
        request = self.client.run("", silent=True, user_expressions={"it": expression})
        answer = request.reply["user_expressions"]["it"]
        assert answer["status"] == "ok", answer
        return eval(answer["data"]["text/plain"], {})

    # -- what is shown

    def outputs(self, cell: str) -> list[Output]:
        """Give the outputs of a cell, streams of one name that follow each other as one."""
        self._take_in()
        return self._shown[cell]

    def texts(self, cell: str) -> list[str]:
        """Give each output of a cell as plain text; of errors the name."""
        return [
            output.get("text") or output.get("ename") or output["data"]["text/plain"]
            for output in self.outputs(cell)
        ]

    def kinds(self, cell: str) -> list[str]:
        """Give the kinds of a cell's outputs."""
        return [output["output_type"] for output in self.outputs(cell)]

    def text(self, cell: str) -> str:
        """Give all that a cell shows as plain text."""
        return "".join(self.texts(cell))

    def wait_text(self, cell: str, text: str) -> None:
        """Wait until a cell shows exactly this."""
        self.client.wait(
            lambda: self.text(cell) == text, PATIENCE, f"{text!r} in {cell}: {self.texts(cell)}"
        )

    def _take_in(self) -> None:
        while self.client.pump(0):
            pass
        for message in self.client.iopub[self._seen :]:
            self._take(message)
        self._seen = len(self.client.iopub)

    def _take(self, message: Message) -> None:
        if message["msg_type"] == "update_display_data":
            self._update(message["content"])
            return
        parent = message["parent_header"].get("msg_id", "")
        if (cell := self._cells.get(parent)) is not None:
            self._show(cell, message)

    def _show(self, cell: str, message: Message) -> None:
        self._keep(self._shown[cell], cell, message)
        if message["msg_type"] == "display_data":
            self._update(message["content"])

    def _keep(self, shown: list[Output], place: str, message: Message) -> None:
        """Put an output into a place, or clear it."""
        kind, content = message["msg_type"], message["content"]
        if kind == "clear_output":
            if content["wait"]:
                self._clearing.add(place)
            else:
                self._clearing.discard(place)
                shown.clear()
        if kind not in ("stream", "display_data", "execute_result", "error"):
            return
        if place in self._clearing:
            self._clearing.remove(place)
            shown.clear()
        if kind == "stream" and shown and shown[-1].get("name") == content["name"]:
            shown[-1]["text"] += content["text"]
        else:
            shown.append({"output_type": kind, **content})

    def _update(self, content: Mapping[str, Any]) -> None:
        wanted = content.get("transient", {}).get("display_id")
        for output in (output for shown in self._shown.values() for output in shown):
            if output["output_type"] != "display_data" or wanted is None:
                continue
            if output["transient"].get("display_id") == wanted:
                output.update(data=content["data"], metadata=content["metadata"])


def reactive_kernel(flavour: str = "react", **options: Any) -> Iterator[Kernel]:
    """For a fixture: a kernel that must not have complained at the end."""
    yield from audited(Kernel(flavour, **options))


def fresh_lab(kernel: Kernel, flavour: str = "react") -> Iterator[Lab]:
    """For a fixture: a notebook without cells, and nothing left of the one before."""
    client = kernel.client()
    idle = "async"
    if "ipykernel_launcher" in os.environ.get("AKERNEL_TEST_COMMAND", ""):
        client.run("%load_ext akernel_ipy", silent=True)
        idle = "chain"
    client.run("get_ipython().run_line_magic('reset', '-f -s')", silent=True)
    if idle == "chain":
        client.run("import asyncio", silent=True)  # our own kernel has it without import
    client.run(f"%akernel_mode {idle}", silent=True)  # forgets the cells
    client.run(f"%akernel_mode {flavour}", silent=True)
    yield Lab(client)
    kernel.release(client)
