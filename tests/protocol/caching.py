"""Kernels that share a cache, for tests: the same cells in one after the other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kernels import Kernel

from protocol.client import Client
from protocol.request import Request

#: Store whatever a cell costs: tests can't wait for slow ones.
EVERYTHING = ("--CacheStore.min_seconds=-1",)

#: `AKERNEL_TEST_COMMAND` names ipykernel's launcher: the kernels load the extension.
EXTENSION = "ipykernel_launcher" in os.environ.get("AKERNEL_TEST_COMMAND", "")


class Cached:
    """A directory with a cache, and kernels that use it, one after the other or at once."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.cache = directory / "cache"
        self.work = directory / "work"
        self.work.mkdir()
        self.kernels: list[Kernel] = []

    def kernel(self, flavour: str = "cache", *args: str, **env: str) -> Kernel:
        """Launch one more kernel on the same cache."""
        found = {
            "AKERNEL_CACHE_DIR": str(self.cache),
            "XDG_STATE_HOME": str(self.directory / "state"),
            "PYTHONPATH": os.pathsep.join([str(self.work), os.environ.get("PYTHONPATH", "")]),
            **env,
        }
        kernel = Kernel(flavour, args=args or EVERYTHING, env=found)
        self.kernels.append(kernel)
        if EXTENSION:
            for line in ("%load_ext akernel_ipy", f"%akernel_mode {flavour}"):
                kernel.clients[0].run(line, silent=True)
        return kernel

    def notebook(self, flavour: str = "cache", *args: str, **env: str) -> Notebook:
        """Launch one more kernel, and give a notebook in it."""
        return Notebook(self.kernel(flavour, *args, **env))

    def end(self, notebook: Notebook) -> None:
        """Shut a kernel down, as a front-end does."""
        notebook.flush()
        notebook.kernel.audit()
        notebook.kernel.close()
        self.kernels.remove(notebook.kernel)

    def close(self, audit: bool = True) -> None:
        """End all kernels; check that they had nothing to complain about."""
        try:
            for kernel in self.kernels if audit else ():
                kernel.audit()
        finally:
            for kernel in self.kernels:
                kernel.close()


class Notebook:
    """Cells in one kernel, and what the cache made of them."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.client: Client = kernel.clients[0]

    def run(self, code: str, **content: Any) -> Cell:
        """Run a cell, and insist that it went well."""
        cell = Cell(self.client.run(code, **content))
        if cell.stored:
            self.flush()
        return cell

    def try_(self, code: str, **content: Any) -> Cell:
        """Run a cell, however it ends."""
        return Cell(self.client.execute(code, **content).result())

    def run_all(self, *codes: str) -> list[Cell]:
        """Run cells one after the other."""
        return [self.run(code) for code in codes]

    def ask(self, expression: str) -> Any:
        """Evaluate an expression, aside from the notebook's cells."""
        found = self.client.run("", silent=True, user_expressions={"x": expression})
        answer = found.reply["user_expressions"]["x"]
        assert answer["status"] == "ok", answer
        return eval(answer["data"]["text/plain"])

    def why(self) -> str:
        """What ``%akernel cache why`` says of the last cell."""
        return self.client.run("%akernel cache why", store_history=False).stdout

    def flush(self) -> None:
        """Wait until everything is stored."""
        session = "get_ipython().kernel.sessions.at_hand()"
        if EXTENSION:
            session = "__import__('akernel_ipy.plugin').plugin.session_of(get_ipython())"
        self.client.run(f"{session}.caching.cache.store.flush()", silent=True)


class Cell:
    """A request, and what its reply says of the cache."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.stdout, self.stderr = request.stdout, request.stderr
        self.value = request.value
        self.told: dict[str, Any] = (
            request.replies[0]["metadata"].get("akernel", {}).get("cache", {})
        )

    def __repr__(self) -> str:
        return f"<{self.request.message if hasattr(self.request, 'message') else ''} {self.told}>"

    @property
    def hit(self) -> bool:
        return bool(self.told.get("hit"))

    @property
    def stored(self) -> bool:
        return bool(self.told.get("stored"))

    @property
    def uncached(self) -> str:
        """Why it was not stored."""
        return str(self.told.get("uncached", ""))

    @property
    def outputs(self) -> list[tuple[str, Any]]:
        """What it showed, without ids and numbers that are the kernel's; streams joined."""
        found: list[tuple[str, Any]] = []
        for message in self.request.outputs:
            content = {k: v for k, v in message["content"].items() if k != "execution_count"}
            kind = message["msg_type"]
            if kind == "stream" and found and found[-1][0] == kind:
                last = found[-1][1]
                if last["name"] == content["name"]:
                    last["text"] += content["text"]
                    continue
            found.append((kind, content))
        return found


def cached(directory: Path) -> Iterator[Cached]:
    """A fixture's body."""
    found = Cached(directory)
    done = False
    try:
        yield found
        done = True
    finally:
        found.close(audit=done)
