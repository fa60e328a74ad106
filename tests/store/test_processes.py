"""Several processes use one store, and some of them are killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from akernel_ipy.store import Store

from . import actors
from .conftest import OpenStore

FORK = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")

#: How many processes are killed; by hand, for example 5000.
CRASHES = os.environ.get("AKERNEL_STORE_CRASHES", "100")
SEED = os.environ.get("AKERNEL_STORE_SEED", "1")


def start(tmp_path: Path, actor: str, *words: object) -> subprocess.Popen[str]:
    places = str(tmp_path / "cache"), str(tmp_path / "state" / "cache.key")
    command = [sys.executable, "-W", "ignore", actors.__file__, actor, *places, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process: subprocess.Popen[str], timeout: float = 110) -> str:
    output = process.communicate(timeout=timeout)[0]
    assert process.returncode == 0, output[-5000:]
    return output


def test_processes_that_store_at_once_disturb_nobody(tmp_path: Path) -> None:
    processes = [start(tmp_path, "user", seed, 400) for seed in range(3)]
    for process in processes:
        assert not finish(process)
    finish(start(tmp_path, "sweeps"))


@FORK
def test_processes_killed_at_random_moments_leave_no_wrong_entry(tmp_path: Path) -> None:
    patience = 110 if CRASHES == "100" else 1e6
    assert CRASHES in finish(start(tmp_path, "crashes", SEED, CRASHES), patience)
    finish(start(tmp_path, "sweeps"))


@FORK
def test_a_child_of_fork_and_its_parent_go_on_with_the_store(tmp_path: Path) -> None:
    finish(start(tmp_path, "forks"))


@FORK
def test_a_child_of_fork_that_inherits_a_connection_leaves_the_store_alone(tmp_path: Path) -> None:
    finish(start(tmp_path, "busy_forks"))


def test_what_was_written_just_before_the_end_of_a_process_is_there(
    tmp_path: Path, store: Store
) -> None:
    finish(start(tmp_path, "leaves", "fast"))
    assert [actors.check(store, number) for number in range(10)] == [1] * 10


def test_a_slow_disk_does_not_hold_up_the_end_of_a_process(
    tmp_path: Path, open_at: OpenStore, warnings: list[str]
) -> None:
    process = start(tmp_path, "leaves", "slow")
    finish(process, 60)
    store = open_at()
    for number in range(10):
        assert actors.check(store, number) in (0, 1)
    assert not warnings
