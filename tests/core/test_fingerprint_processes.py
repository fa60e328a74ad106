"""The same fingerprints in every process, under every hash seed, and after pickling."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SEEDS = ("0", "1", "4711", "random")
HERE = Path(__file__).parent


def test_four_hash_seeds_give_the_same_fingerprints() -> None:
    found = [_printed("fingerprint_table.py", seed=seed) for seed in SEEDS]
    assert len(found[0]) > 100
    for other in found[1:]:
        assert {name for name in found[0] if found[0][name] != other[name]} == set()
    assert len(set(found[0].values())) == len(found[0])


def test_what_was_pickled_has_the_same_fingerprint_in_another_process(tmp_path: Path) -> None:
    pytest.importorskip("cloudpickle")
    path = str(tmp_path / "values")
    written = _printed("fingerprint_pickled.py", "write", path, seed="1")
    read = _printed("fingerprint_pickled.py", "read", path, seed="2")
    assert len(written) > 90
    assert {name for name in written if written[name] != read[name]} == set()


def _printed(program: str, *arguments: str, seed: str) -> dict[str, str]:
    """What a program of this folder prints, run in a process of its own."""
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, str(HERE / program), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found
