"""Whatever is interrupted, cancelled, restarted or dropped, each request gets what is its own."""

from __future__ import annotations

import os

import pytest

from .chaos import Chaos

#: How many things happen to each kernel; AKERNEL_CHAOS_ACTIONS=5000 takes some minutes a flavour.
ACTIONS = int(os.environ.get("AKERNEL_CHAOS_ACTIONS", "0"))
SEED = int(os.environ.get("AKERNEL_CHAOS_SEED", "0"))

EVERY = [
    *("async", "chain", "flow", "react", "cache", "multi", "cache-flow-multi-react"),
    "one after the other",
]
FLAVOURS = EVERY if ACTIONS else ["async", "flow-multi"]


@pytest.mark.timeout(0 if ACTIONS else 120)
@pytest.mark.parametrize("flavour", FLAVOURS)
def test_each_request_gets_one_answer_and_only_its_own_outputs(flavour: str) -> None:
    switches = flavour == "one after the other"
    chaos = Chaos("async" if switches else flavour, SEED, switches=switches)
    try:
        chaos.run(ACTIONS or 30, restarts=ACTIONS // 100 or int(flavour == "async"))
    except BaseException:
        chaos.kernel.close()
        raise
    print(f"{flavour}: {dict(chaos.done)}")
    chaos.close()
