"""Ways to make cells wait until the test lets them go on."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .client import Client


class Gate:
    """An event in the kernel: cells wait for it, and the test lets them go on."""

    numbers = itertools.count()

    def __init__(self, client: Client) -> None:
        self.client = client
        client.gates.append(self)
        self.name = f"gate_{next(self.numbers)}"
        #: Put it into a cell to make the cell wait here.
        self.wait = f"await {self.name}_opens()"
        client.run(
            f"import asyncio; {self.name} = asyncio.Event()\n"
            f"async def {self.name}_opens(): await {self.name}.wait()",
            silent=True,
        )

    def open(self) -> None:
        self.client.run(f"{self.name}.set()", silent=True)


class FileGate(Gate):
    """A gate that opens with no cell's help, by a file: for cells that hold up all others."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        client.run("import os", silent=True)
        self.path = client.directory / self.name
        self.wait = f"while not os.path.exists({str(self.path)!r}): await asyncio.sleep(0.005)"

    def open(self) -> None:
        self.path.touch()
