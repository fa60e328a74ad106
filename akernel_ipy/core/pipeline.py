"""Fold middleware around a runner."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from .model import Outcome, Run

Runner = Callable[[Run], Awaitable[Outcome]]
Middleware = Callable[[Run, Runner], Awaitable[Outcome]]


def pipeline(middleware: Sequence[Middleware], runner: Runner) -> Runner:
    """Wrap ``runner`` in ``middleware``, the first of them outermost.

    A middleware returns an `Outcome` and raises nothing but `asyncio.CancelledError`.
    """
    for layer in reversed(middleware):
        runner = partial(_call, layer, runner)
    return runner


def _call(layer: Middleware, inner: Runner, run: Run) -> Awaitable[Outcome]:
    return layer(run, inner)
