"""Cells that compute in pure Python: in the kernel, and in other processes by ``%%offload``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, sleep

from benchmarks.case import Case, Mark, Measured, Metric
from benchmarks.errors import FaultError, UnsupportedError
from benchmarks.kernel import Exchange, Kernel, launched
from benchmarks.sides import Setting, Side
from benchmarks.stats import p99
from benchmarks.targets import Target
from benchmarks.wire import Pending, Raw

CELLS = 4

#: Seconds between two completions.
PAUSE = 0.1

TIMEOUT = 300.0
LOOP = "{magic}t{i} = 0\nfor n{i} in range({size}_000):\n    t{i} += n{i} * n{i} % 7\nt{i}"


@dataclass
class Place:
    """A kernel, and what stands above each cell."""

    kernel: Kernel
    magic: str

    def cells(self, size: int) -> list[str]:
        """The cells, each with names of its own."""
        return [LOOP.format(magic=self.magic, size=size, i=i) for i in range(CELLS)]


@contextmanager
def _place(target: Target, magic: str, warm: bool, home: Path) -> Iterator[Place]:
    if magic and find_spec("distributed") is None:
        raise UnsupportedError("Dask distributed is not installed")
    with launched(target, home) as kernel:
        _complete(kernel, Pending([]), [])  # the first one imports what completes
        if warm:
            kernel.run(*[f"{magic}1"] * CELLS, timeout=TIMEOUT).verify()
        yield Place(kernel, magic)


def _complete(kernel: Kernel, cells: Pending, received: list[Raw]) -> float:
    """Ask for a completion; the milliseconds until its reply, whatever else arrives meanwhile."""
    asked = perf_counter()
    content = {"code": "sorte", "cursor_pos": 5}
    answer = Pending([kernel.wire.send("complete_request", content)])

    def came(raw: Raw) -> bool:
        cells(raw)
        return answer(raw)

    received += kernel.wire.collect(came, TIMEOUT)
    return (answer.last - asked) * 1000


def sides(setting: Setting) -> list[Side]:
    """In the kernel, with workers that have started, and with workers that have not."""
    target, off = setting.rivals[0], "%%offload\n"
    return [
        Side("in the kernel", partial(_place, target, "", False)),
        Side("offload, warm", partial(_place, target, off, True)),
        Side("offload, cold", partial(_place, target, off, False)),
    ]


def measure(place: Place, size: int, /) -> Measured:
    """Run the cells, sent at once, and ask for completions meanwhile."""
    kernel = place.kernel
    begin = perf_counter()
    ids = [kernel.send(cell) for cell in place.cells(size)]
    cells, received, latencies = Pending(ids), list[Raw](), list[float]()
    while cells.replies or cells.idles:
        latencies.append(_complete(kernel, cells, received))
        sleep(PAUSE)
    _verify(kernel, ids, cells.last - begin, received, size)
    return Measured({"seconds": [cells.last - begin], "completion": latencies})


def _verify(
    kernel: Kernel, ids: Sequence[str], seconds: float, received: Sequence[Raw], size: int
) -> None:
    messages = tuple(map(kernel.wire.decode, received))
    exchange = Exchange(tuple(ids), seconds, messages).verify()
    whole, rest = divmod(size * 1000, 7)
    expected = str(14 * whole + sum(n * n % 7 for n in range(rest)))
    for request in ids:
        shown = [m.content for m in exchange.published(request) if m.kind == "execute_result"]
        if [content["data"]["text/plain"] for content in shown] != [expected]:
            raise FaultError(f"a cell shows {shown}")


OFFLOAD = Case(
    name="offload",
    title=f"{CELLS} cells of pure Python, {{size:,}} thousand steps each",
    measure=measure,
    metrics=(
        Metric(f"{CELLS} cells of {{size:,}}k steps", "seconds", "s", Mark(0.6)),
        Metric("completion meanwhile, p50", "completion", "ms"),
        Metric("completion meanwhile, p99", "completion", "ms", statistic=p99),
    ),
    size=20_000,
    quick_size=500,
    rounds=5,
    sides=sides,
)
