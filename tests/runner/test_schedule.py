"""What a run tells about when its cells ran, where, and for what they waited."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from cli.command import Command

from akernel_ipy.runner import NotebookResult, Status
from akernel_ipy.runner.schedule import schedule_of
from runner.notebooks import run_cells, write

PLAIN = [
    "async def get(n):\n    await asyncio.sleep(0.05)\n    return n",
    "one = await get(1)",
    "two = await get(2)",
    "one + two",
]


def waits(result: NotebookResult) -> dict[int, set[int]]:
    return {
        bar.number: {wait.number for wait in bar.waits}
        for bar in schedule_of(result).bars
        if bar.waits
    }


def test_under_flow_a_run_tells_what_each_cell_waited_for(tmp_path: Path) -> None:
    result = run_cells(tmp_path, PLAIN, flavour="flow")
    assert result.ok
    assert waits(result)[4] == {2, 3}
    schedule = schedule_of(result)
    two, three, four = schedule.bars[1:]
    assert three.start < two.end
    assert four.start >= max(two.end, three.end) - 0.02
    assert any("`one`" in wait.why for wait in four.waits)
    assert all(0 <= bar.start <= bar.end <= schedule.seconds + 0.1 for bar in schedule.bars)


def test_under_other_flavours_nobody_waits(tmp_path: Path) -> None:
    result = run_cells(tmp_path, ["import asyncio", "await asyncio.sleep(0.01)"])
    assert waits(result) == {}
    assert len(schedule_of(result).bars) == 2


def test_where_a_cell_ran_is_told(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    cells = ["1", ("2", "thread"), "%%thread\n3", ("4", "offload"), "1/0"]
    result = run_cells(tmp_path, cells, flavour="flow", allow_errors=True)
    looks = [bar.look for bar in schedule_of(result).bars]
    assert looks == ["loop", "thread", "thread", "offload", "failed"]
    assert schedule_of(result).bars[2].line == "3"


def test_an_aborted_cell_is_shown_as_such(tmp_path: Path) -> None:
    result = run_cells(tmp_path, ["1/0", "2"], flavour="chain")
    assert result.cells[1].status is Status.ABORTED
    assert [bar.look for bar in schedule_of(result).bars] == ["failed", "aborted"]


def test_graph_writes_the_picture(tmp_path: Path) -> None:
    akernel = Command(tmp_path)
    path = write(tmp_path / "n.ipynb", PLAIN)
    text = akernel.ok("run", path, "--flavour", "flow", "--graph", tmp_path / "s.svg")
    assert f"schedule drawn into {tmp_path / 's.svg'}" in text
    assert ET.parse(tmp_path / "s.svg").getroot().tag.endswith("svg")


def test_graphs_of_several_notebooks_go_into_a_directory(tmp_path: Path) -> None:
    akernel = Command(tmp_path)
    paths = [write(tmp_path / f"{name}.ipynb", ["1"]) for name in "ab"]
    akernel.ok("run", *paths, "--graph", f"{tmp_path}/graphs/")
    assert sorted(p.name for p in (tmp_path / "graphs").iterdir()) == ["a.svg", "b.svg"]
    done = akernel("run", *paths, "--graph", tmp_path / "one.svg")
    assert done.returncode == 2
    assert "must be a directory" in done.stderr
