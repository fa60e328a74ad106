"""One notebook for a long time: a short run; the long ones are started by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.errors import FaultError
from benchmarks.kernel import Exchange
from benchmarks.soak_flavours import SLOTS, Story, cell_of, check, main
from benchmarks.wire import Message


def test_each_slot_is_run_again_with_other_code() -> None:
    first = [cell_of(n) for n in range(SLOTS)]
    second = [cell_of(n) for n in range(SLOTS, 2 * SLOTS)]
    assert [cell.id for cell in first] == [cell.id for cell in second]
    assert all(one.code != other.code for one, other in zip(first, second, strict=True))


def test_growth_is_that_of_the_second_half() -> None:
    looks = [(0, 10.0), (50, 20.0), (75, 20.5), (100, 21.0)]
    assert Story("async", cells=100, memory=looks).growth == 2**20 / 50


@pytest.mark.parametrize("shown", ["14", ""])
def test_a_cell_that_shows_something_else_is_a_fault(shown: str) -> None:
    contents = (
        ("status", {"execution_state": "busy"}),
        ("execute_result", {"data": {"text/plain": shown}}),
        ("status", {"execution_state": "idle"}),
    )
    messages = tuple(Message("iopub", kind, "a", content, 0) for kind, content in contents)
    with pytest.raises(FaultError, match="and not '16'"):
        check([8], Exchange(("a",), 0, messages))


def test_a_flavour_is_run_and_told(tmp_path: Path) -> None:
    known = tmp_path / "soak.json"
    assert main(["async", "--cells", "40", "--json", str(known)]) == 0
    story = json.loads(known.read_text())["async"]
    assert story["cells"] == 40
    assert story["memory"]
