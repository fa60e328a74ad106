"""One notebook for a long time: a short run; the long ones are started by hand."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.soak_flavours import SLOTS, Story, batches, main


def test_each_slot_is_run_again_with_other_code() -> None:
    cells = [cell for batch in batches(2 * SLOTS) for cell in batch if cell.id != "cell-error"]
    first, second = cells[:SLOTS], cells[SLOTS:]
    assert [cell.id for cell in first] == [cell.id for cell in second]
    assert all(one.code != other.code for one, other in zip(first, second, strict=True))


def test_growth_is_that_of_the_second_half() -> None:
    looks = [(0, 10.0), (50, 20.0), (75, 20.5), (100, 21.0)]
    assert Story("async", cells=100, memory=looks).growth == 2**20 / 50


def test_a_flavour_is_run_and_told(tmp_path: Path) -> None:
    known = tmp_path / "soak.json"
    assert main(["async", "--cells", "40", "--json", str(known)]) == 0
    story = json.loads(known.read_text())["async"]
    assert story["cells"] >= 40
    assert story["memory"]
