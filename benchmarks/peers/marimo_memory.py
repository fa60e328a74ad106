"""Run by the peers' interpreter: ``@mo.persistent_cache`` around a function that makes an array.

Reads a number of MiB per line, and answers with the seconds of two calls.
"""

# mypy: disable-error-code="import-not-found,misc"

from __future__ import annotations

import json
import sys
from time import perf_counter
from typing import Any

sys.path.append(sys.argv[2])

import marimo as mo
import numpy as np


def define() -> Any:
    """Make the function; marimo 0.25 looks for its caller two frames up."""

    @mo.persistent_cache(save_path=sys.argv[1])
    def cached(size: int) -> Any:
        return np.arange(size << 17, dtype="float64")

    return cached


def main() -> None:
    """Answer until the input ends."""
    cached = define()
    for line in sys.stdin:
        seconds = []
        for _ in range(2):
            begin = perf_counter()
            cached(int(line))
            seconds.append(perf_counter() - begin)
        print(json.dumps(seconds), flush=True)


main()
