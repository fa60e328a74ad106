"""Waves: the root of a reactive notebook gets another value, and all below it runs again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from weakref import WeakKeyDictionary

from benchmarks.case import Case, Mark, Measured, Metric
from benchmarks.notebooks import Notebook, Program, Shape, reactive
from benchmarks.peers import ipyflow, marimo
from benchmarks.sides import Cast, Setting, Side

#: Values of the root, none of them ever seen before.
_STEP = 100_000

Peer = Callable[[Setting], Side]


class Notebooks:
    """One notebook that is built in its first turn, and run again in each other."""

    def __init__(self, shape: Shape) -> None:
        self._shape: Shape = shape
        self._values: WeakKeyDictionary[Notebook, int] = WeakKeyDictionary()

    def __call__(self, notebook: Notebook, size: int, /) -> Measured:
        """From running the root until the last idle, by the number of cells that ran again."""
        program = Program(self._shape, size)
        value = self._values.get(notebook, 0)
        if not value:
            notebook.build(program)
        value += _STEP
        self._values[notebook] = value
        wave = notebook.run_root(value).verify(program, value)
        samples = {"cell": [wave.seconds * 1000 / size]}
        if wave.processor is not None:
            samples["processor"] = [wave.processor * 1000 / size]
        return Measured(samples)


def cast(*peers: Peer) -> Cast:
    """The peers, the fastest first, and the kernels that are compared with the base."""

    def sides(setting: Setting) -> list[Side]:
        ours = [Side(target.name, partial(reactive, target)) for target in setting.rivals]
        return [*(peer(setting) for peer in peers[:1]), *ours, *(p(setting) for p in peers[1:])]

    return sides


def waves(shape: Shape, size: int, rounds: int, *peers: Peer) -> Case:
    """The case that measures a shape of notebook at one size."""
    figure = "a chain" if shape == "chain" else "a fan-out"
    return Case(
        name=f"{shape}-{size}",
        title=f"wave over {figure} of {{size:,}} cells, per cell, until the idle",
        measure=Notebooks(shape),
        metrics=(
            Metric(f"wave over {figure} of {{size:,}}, per cell", "cell", "ms", Mark(0.5)),
            Metric(f"processor time of it, {shape} of {{size:,}}", "processor", "ms"),
        ),
        size=size,
        quick_size=size // 10,
        rounds=rounds,
        fresh=False,
        sides=cast(*peers),
    )


CHAIN = waves("chain", 1000, 5, marimo)
FAN = waves("fan", 1000, 5, marimo)
CHAIN_100 = waves("chain", 100, 5, marimo, ipyflow)
FAN_100 = waves("fan", 100, 5, marimo, ipyflow)
