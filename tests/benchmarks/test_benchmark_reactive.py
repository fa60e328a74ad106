from __future__ import annotations

import os
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.case import Mark
from benchmarks.cases import REACTIVE
from benchmarks.cases.graph import Core, texts
from benchmarks.cases.graph import measure as build
from benchmarks.errors import FaultError, UnsupportedError
from benchmarks.notebooks import Program, Wave
from benchmarks.peers import ipyflow, marimo
from benchmarks.peers.ipyflow_notebook import below
from benchmarks.processor import Meter
from benchmarks.report import verdict
from benchmarks.run import Runner
from benchmarks.sides import Setting, Side
from benchmarks.stats import Spread, differences
from benchmarks.targets import Target

SETTING = Setting((Target("base", ("b",)), Target("mine", ("m",))), "/no/such/python")


def test_each_cell_of_a_chain_reads_from_the_one_before_it() -> None:
    chain = Program("chain", 2)
    assert [cell.code for cell in chain.dependents()] == ["v1 = v0 + 1\nv1", "v2 = v1 + 1\nv2"]
    assert chain.values(7) == {"cell-1": "8", "cell-2": "9"}


def test_each_cell_of_a_fan_reads_from_the_root() -> None:
    fan = Program("fan", 2)
    assert [cell.code for cell in fan.dependents()] == ["v1 = v0 + 1\nv1", "v2 = v0 + 1\nv2"]
    assert fan.values(7) == {"cell-1": "8", "cell-2": "8"}


def test_a_wave_in_which_every_cell_shows_its_new_value_once_is_right() -> None:
    wave = Wave(1.0, {"cell-1": ["8"], "cell-2": ["9"]})
    assert wave.verify(Program("chain", 2), 7) is wave


@pytest.mark.parametrize(
    ("shown", "fault"),
    [
        ({"cell-1": ["8"]}, "cell-2 should have shown '9' once; it did so 0 times"),
        ({"cell-1": ["8"], "cell-2": ["9", "9"]}, "2 times"),
        ({"cell-1": ["8"], "cell-2": ["1"]}, "cell-2 should have shown '9' once; it showed '1'"),
    ],
)
def test_a_cell_that_did_not_run_once_is_a_fault(shown: dict[str, list[str]], fault: str) -> None:
    with pytest.raises(FaultError, match=fault):
        Wave(1.0, shown).verify(Program("chain", 2), 7)


def test_the_closure_ends_where_nobody_reads() -> None:
    assert below({"a": ["b", "c"], "b": ["d"], "d": ["b"], "x": ["a"]}, "a") == {*"abcd"}


def test_the_sides_of_a_reactive_case_have_names_of_their_own() -> None:
    for case in REACTIVE:
        names = [side.name for side in case.sides(SETTING)]
        assert len(set(names)) == len(names)
    assert "base" not in names


def test_differences_are_formed_round_by_round() -> None:
    assert differences([[2], [20]], [[3], [22]]) == Spread(1.5, 1, 2)


@pytest.mark.parametrize(
    ("median", "text"), [(0.4, "met (+0.4)"), (-1, "met (-1)"), (2, "not met")]
)
def test_a_mark_on_a_difference_tells_it(median: float, text: str) -> None:
    mark = Mark(1, "difference")
    assert verdict(mark, 9, Spread(9, 9, 9), Spread(median, -3, 3)).startswith(text)


def test_the_core_builds_the_graph_of_a_notebook_that_it_has_not_seen() -> None:
    assert not set(texts(20, 1)) & set(texts(20, 2))
    assert set(build(Core(), 20).samples) == {"first", "again"}


@pytest.mark.parametrize("peer", [marimo, ipyflow])
def test_a_peer_that_is_not_there_says_how_to_get_it(peer, tmp_path: Path) -> None:
    with (
        pytest.raises(UnsupportedError, match="peer-python"),
        peer(SETTING).open(tmp_path),
    ):
        pass


def test_a_side_that_cannot_take_part_is_left_out_with_a_note(tmp_path: Path) -> None:
    case = REACTIVE[-1]

    @contextmanager
    def missing(home: Path):
        raise UnsupportedError("not installed")
        yield

    def sides(setting: Setting) -> list[Side]:
        return [Side("peer", missing), *case.sides(setting)]

    told: list[str] = []
    both = type(case)(**{**vars(case), "sides": sides})
    result = Runner(SETTING, tmp_path, told.append).run(both, quick=True)
    assert result.notes == ["peer: not installed"]
    assert result.names == ("peer", "akernel's core")
    assert len(result.rounds("akernel's core", "first")) == 2


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="the system doesn't tell")
def test_a_process_that_works_uses_processor_time() -> None:
    meter = Meter(os.getpid())
    used, deadline = meter.used(), time.monotonic() + 10
    while not used and time.monotonic() < deadline:  # the clock ticks 100 times a second
        sum(range(300_000))
        used = meter.used()
    assert used


def test_a_process_that_is_gone_has_no_processor_time() -> None:
    assert Meter(2**30).used() is None
