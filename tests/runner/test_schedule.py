"""What a run tells about when its cells ran, where, and for what they waited."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

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
    cells = [
        "from pathlib import Path",
        "while not Path('gate').exists():\n    await asyncio.sleep(0.01)\none = 1",
        "two = Path('gate').write_text('open')",
        "one + two",
    ]
    result = run_cells(tmp_path, cells, flavour="flow")
    assert result.ok
    assert 2 in waits(result)[4]
    schedule = schedule_of(result)
    two, three, four = schedule.bars[1:]
    assert three.start < two.end
    assert any("`one`" in wait.why for wait in four.waits)
    assert all(0 <= bar.start <= bar.end for bar in schedule.bars)


def test_under_other_flavours_nobody_waits(tmp_path: Path) -> None:
    result = run_cells(tmp_path, ["import asyncio", "await asyncio.sleep(0.01)"])
    assert waits(result) == {}
    assert len(schedule_of(result).bars) == 2


def test_where_a_cell_ran_and_how_it_ended_is_told(tmp_path: Path) -> None:
    cells = ["1", ("2", "thread"), "%%thread\n3", "1/0", "4"]
    result = run_cells(tmp_path, cells, flavour="chain")
    schedule = schedule_of(result)
    assert [bar.look for bar in schedule.bars] == ["loop", "thread", "thread", "failed", "aborted"]
    assert schedule.bars[2].line == "3"
    assert result.cells[4].status is Status.ABORTED


def test_graphs_of_several_notebooks_go_into_a_directory(tmp_path: Path) -> None:
    akernel = Command(tmp_path)
    paths = [write(tmp_path / f"{name}.ipynb", PLAIN) for name in "ab"]
    text = akernel.ok(
        "run", "-j", "2", *paths, "--flavour", "flow", "--graph", f"{tmp_path}/graphs/"
    )
    drawn = [tmp_path / "graphs" / f"{name}.svg" for name in "ab"]
    assert sorted((tmp_path / "graphs").iterdir()) == drawn
    for path in drawn:
        assert f"{path.stem}.ipynb: schedule drawn into {path}" in text
        assert ET.parse(path).getroot().tag.endswith("svg")
    assert "speed-up" in text


def test_one_graph_of_several_notebooks_is_refused(tmp_path: Path) -> None:
    akernel = Command(tmp_path)
    paths = [write(tmp_path / f"{name}.ipynb", ["1"]) for name in "ab"]
    text = akernel.refused("run", *paths, "--graph", tmp_path / "one.svg", status=2)
    assert "must be a directory" in text
