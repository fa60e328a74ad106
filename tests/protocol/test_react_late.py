"""react: requests that come while their inputs are on the way, or gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kernels import Kernel
from notebooks.lab import Lab, fresh_lab, reactive_kernel


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    yield from reactive_kernel()


@pytest.fixture
def lab(kernel: Kernel) -> Iterator[Lab]:
    yield from fresh_lab(kernel)


def test_an_edit_that_makes_its_cell_wait_makes_its_readers_wait(lab: Lab) -> None:
    lab.run("a", "x = 1")
    lab.run("b", "x + 1")
    lab.run("a", "x = nowhere + 1")
    assert (lab.texts("a"), lab.texts("b")) == (["None"], ["None"])
    lab.run("c", "x + 5")
    assert lab.texts("c") == ["None"]
    lab.run("d", "nowhere = 1")
    assert [lab.text(cell) for cell in "abc"] == ["", "3", "7"]


@pytest.mark.parametrize("flavour", ["react", "chain-react"])
def test_a_cell_asked_for_while_its_input_is_resolved_is_not_forgotten(
    kernel: Kernel, flavour: str
) -> None:
    for lab in fresh_lab(kernel, flavour):
        cells = {
            "c1": "await asyncio.sleep(0.01); x1 = x0 + 3",
            "c0": "await asyncio.sleep(0.01); x0 = 0",
            "c3": "x1 + x0 + 2",
        }
        lab.run_all(cells)
        assert lab.texts("c3") == ["5"]
