"""Whatever is sent, the kernel lives, and answers what can be answered."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from .messages import Probe, batches
from .target import Target

#: How many messages the kernels get together; AKERNEL_FUZZ_MESSAGES=100000 takes a while.
TOTAL = int(os.environ.get("AKERNEL_FUZZ_MESSAGES", "0"))

EVERY = ["async", "chain", "flow", "react", "cache", "multi", "cache-flow-multi-react"]
FLAVOURS = EVERY if TOTAL else ["async", "cache-flow-multi-react"]
MESSAGES = (TOTAL or 250) // len(FLAVOURS)


#: Messages that one kernel gets before another one takes its place.
LIFETIME = 2000


class Range:
    """Keeps a kernel for a while, if it stands what it gets."""

    def __init__(self, flavour: str) -> None:
        self.flavour = flavour
        self.target: Target | None = None
        self.sent = 0

    def fire(self, probes: list[Probe]) -> None:
        target = self.target = self.target or Target(self.flavour)
        before = target.sent
        try:
            target.fire(probes)
        except BaseException:
            self.close()
            raise
        self.sent += target.sent - before
        if target.sent > LIFETIME:
            self.close()

    def close(self) -> None:
        if self.target is not None:
            self.target.close()
            self.target = None


@pytest.fixture
def shooting(request: pytest.FixtureRequest) -> Iterator[Range]:
    shooting = Range(request.param)
    yield shooting
    print(f"{shooting.flavour}: {shooting.sent} messages")
    shooting.close()


# What it would print of a failure may be long.
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
@pytest.mark.timeout(0 if TOTAL else 120)
@pytest.mark.parametrize("shooting", FLAVOURS, indirect=True)
def test_a_kernel_lives_and_answers_whatever_is_sent(shooting: Range) -> None:
    @given(batches)
    @settings(
        max_examples=100 if TOTAL else MESSAGES // 10,
        derandomize=not TOTAL,
        # A long run tells what it has found, and goes on with the next flavour.
        phases=[Phase.generate] if TOTAL else [Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        database=None,
        print_blob=bool(TOTAL),
    )
    def whatever(probes: list[Probe]) -> None:
        shooting.fire(probes)

    whatever()
    while TOTAL and shooting.sent < MESSAGES:
        whatever()
