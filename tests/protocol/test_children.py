"""Copies of the kernel: what a cell forks ends with the cell, and takes nothing from its parent."""

from __future__ import annotations

import pytest
from kernels import Kernel

from .client import Client

WAIT = "os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])"


@pytest.fixture(scope="module", autouse=True)
def logging(kernel: Kernel) -> None:
    kernel.noisy = True  # ipykernel logs the error of a copy, which can't send it


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("pass", 0),
        ("1 / 0", 1),
        ("import sys; sys.exit()", 0),
        ("import sys; sys.exit(7)", 7),
        ("import sys; sys.exit('why')", 1),
        ("await asyncio.sleep(0)", 1),
        ("await asyncio.Event().wait()", 1),
    ],
)
def test_a_copy_of_the_kernel_ends_with_its_cell_and_tells_how(
    client: Client, code: str, status: int
) -> None:
    cell = client.run(f"import os, asyncio\nif child := os.fork(): ended = {WAIT}\nelse: {code}")
    assert cell.status == "ok"
    assert client.run("ended").value == str(status)


def test_a_copy_of_the_kernel_shows_what_it_prints(client: Client) -> None:
    cell = client.run(f"import os\nif child := os.fork(): {WAIT}\nelse: print('from the child')")
    client.run("'another'")
    assert "from the child" in cell.stdout


def test_a_copy_that_a_task_makes_ends_with_the_tasks_step(client: Client) -> None:
    client.run(
        "import os, asyncio\n"
        "async def copy():\n"
        "    await asyncio.sleep(0)\n"
        f"    if child := os.fork(): return {WAIT}\n"
        "task = asyncio.create_task(copy())"
    )
    assert client.run("await task").value == "0"


def test_a_copy_that_a_cell_in_a_thread_makes_ends_with_the_thread(client: Client) -> None:
    cell = client.run(f"%%thread\nimport os\nif child := os.fork(): print({WAIT})")
    assert cell.stdout == "0\n"


def test_a_command_that_cannot_be_encoded_leaves_the_kernel_alive(client: Client) -> None:
    # pexpect's child has closed its descriptors by then, and its parent waits for its end.
    client.execute(r"get_ipython().system('echo \ud800')").result()
    assert client.run("6 * 7").value == "42"
