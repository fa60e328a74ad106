"""The same fingerprints in every process, under every hash seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

SEEDS = ("0", "1", "4711", "random")


def test_four_hash_seeds_give_the_same_fingerprints() -> None:
    found = [_table(seed) for seed in SEEDS]
    assert len(found[0]) > 100
    for other in found[1:]:
        assert {name for name in found[0] if found[0][name] != other[name]} == set()
    assert len(set(found[0].values())) == len(found[0])


def _table(seed: str) -> dict[str, str]:
    """The fingerprints of everything in `fingerprint_table`, from a process of its own."""
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("fingerprint_table.py"))],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found
