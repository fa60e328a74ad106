"""A notebook shows, asks and says to its widgets the same with each flavour as with ipykernel."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from kernels import Kernel
from notebooks.runs import command_of

from .frontend import Front
from .script import NAMES, read

#: Another list of flavours, for a longer look: ``"async chain flow react cache multi"``.
FLAVOURS = os.environ.get("AKERNEL_ECOSYSTEM_FLAVOURS", "async chain-react").split()

#: Emptying the namespace collects garbage: not that of all libraries each time.
CLEAR = "import gc; gc.freeze(); get_ipython().reset(new_session=False)"

Play = Callable[[str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def play() -> Iterator[Play]:
    """Run a notebook with a flavour, once; each flavour has one kernel for all notebooks."""
    kernels: dict[str, Kernel] = {}

    @cache
    def run(flavour: str, name: str) -> dict[str, Any]:
        if flavour not in kernels:
            with command_of(flavour):
                kernels[flavour] = Kernel(flavour)
        return run_script(kernels[flavour], flavour, name)

    yield run
    try:
        for flavour, kernel in kernels.items():
            if flavour != "stock":
                kernel.audit()
    finally:
        for kernel in kernels.values():
            kernel.close()


def run_script(kernel: Kernel, flavour: str, name: str) -> dict[str, Any]:
    client = kernel.client()
    if flavour == "stock":
        client.run(CLEAR, silent=True)
    else:
        client.run("%akernel_mode async", silent=True)  # forgets the cells
        client.run(CLEAR, silent=True)
        client.run(f"%akernel_mode {flavour}", silent=True)
    front = Front(client)
    steps = {f"cell-{number}": step for number, step in enumerate(read(name), 1)}
    for cell, step in steps.items():
        front.take_step(cell, step)
    shown = front.summary([cell for cell, step in steps.items() if step.code])
    kernel.release(client)
    return shown


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("name", NAMES)
def test_a_library_does_what_it_does_with_ipykernel(play: Play, name: str, flavour: str) -> None:
    expected, found = play("stock", name), play(flavour, name)
    sources = {f"cell-{number}": step.code for number, step in enumerate(read(name), 1)}
    assert found.keys() == expected.keys()
    wrong = [part for part in expected if found[part] != expected[part]]
    assert not wrong, "\n".join(
        f"{name} {part}:\n{sources.get(part, '')}\nshows {found[part]}\n not  {expected[part]}"
        for part in wrong
    )
