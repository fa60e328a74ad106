"""Cells that compute: in the kernel, in threads, and in other processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, sleep

from benchmarks.case import Case, Mark, Measured, Metric
from benchmarks.errors import FaultError, UnsupportedError
from benchmarks.kernel import Exchange, Kernel
from benchmarks.sides import Setting, Side, flavoured
from benchmarks.stats import p99
from benchmarks.targets import Target
from benchmarks.wire import Pending, Raw

#: Seconds between two completions.
PAUSE = 0.5

TIMEOUT = 300.0


@dataclass(frozen=True)
class Work:
    """Some cells that take long.

    Attributes:
        count: how many cells.
        code: of a cell; ``{i}`` is its number, ``{size}`` that of the case.
        result: what each shows.
        setup: runs first.
        needs: a module that must be there.
    """

    count: int
    code: str
    result: Callable[[int], str]
    setup: str = "pass"
    needs: str = ""


def _sum(size: int) -> str:
    whole, rest = divmod(size * 1000, 7)
    return str(14 * whole + sum(n * n % 7 for n in range(rest)))


PURE = Work(4, "t{i} = 0\nfor n{i} in range({size}_000):\n    t{i} += n{i} * n{i} % 7\nt{i}", _sum)
SORTS = Work(
    2,
    "for n{i} in range({size}):\n    s{i} = np.sort(a{i})\nbool((s{i}[1:] >= s{i}[:-1]).all())",
    lambda size: "True",
    "import numpy as np\na0, a1 = np.random.default_rng(0).random((2, 1_000_000))",
    "numpy",
)


@dataclass
class Place:
    """A kernel, what it is to do, and what stands above each cell."""

    kernel: Kernel
    work: Work
    magic: str

    def cells(self, size: int) -> list[str]:
        """The cells, each with names of its own."""
        code = self.magic + self.work.code
        return [code.format(size=size, i=i) for i in range(self.work.count)]


@contextmanager
def _place(target: Target, work: Work, magic: str, warm: bool, home: Path) -> Iterator[Place]:
    for module in (work.needs, "distributed" if "offload" in magic else ""):
        if module and find_spec(module) is None:
            raise UnsupportedError(f"{module} is not installed")
    with flavoured(target, "flow", home) as kernel:
        kernel.run(work.setup).verify()
        _complete(kernel, Pending([]), [])  # the first one imports what completes
        if warm:
            cells = [f"{magic}w{i} = 1" for i in range(work.count)]
            kernel.run(*cells, timeout=TIMEOUT).verify()
        yield Place(kernel, work, magic)


def _sides(work: Work, places: Sequence[tuple[str, str, bool]], setting: Setting) -> list[Side]:
    target = setting.rivals[0]
    return [Side(name, partial(_place, target, work, *how)) for name, *how in places]


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


def measure(place: Place, size: int, /) -> Measured:
    """Run the cells, sent at once, and ask for completions meanwhile."""
    kernel = place.kernel
    begin = perf_counter()
    ids = [kernel.send(cell) for cell in place.cells(size)]
    cells, received, latencies = Pending(ids), list[Raw](), list[float]()
    while cells.replies or cells.idles:
        latencies.append(_complete(kernel, cells, received))
        sleep(PAUSE)
    seconds = cells.last - begin
    messages = tuple(map(kernel.wire.decode, received))
    _verify(Exchange(tuple(ids), seconds, messages), place.work.result(size))
    return Measured({"seconds": [seconds], "completion": latencies})


def _verify(exchange: Exchange, expected: str) -> None:
    exchange.verify()
    for request in exchange.ids:
        shown = [m.content for m in exchange.published(request) if m.kind == "execute_result"]
        if [content["data"]["text/plain"] for content in shown] != [expected]:
            raise FaultError(f"a cell shows {shown}")


def _metrics(label: str) -> tuple[Metric, ...]:
    return (
        Metric(label, "seconds", "s", Mark(0.6)),
        Metric(f"{label}: a completion meanwhile, p50", "completion", "ms"),
        Metric(f"{label}: a completion meanwhile, p99", "completion", "ms", statistic=p99),
    )


OFFLOAD = Case(
    name="offload",
    title=f"{PURE.count} cells of pure Python, {{size:,}} thousand steps each",
    measure=measure,
    metrics=_metrics(f"{PURE.count} cells of {{size:,}}k steps"),
    size=20_000,
    quick_size=500,
    rounds=3,
    sides=partial(
        _sides,
        PURE,
        [
            ("in the kernel", "", False),
            ("offload, warm", "%%offload\n", True),
            ("offload, cold", "%%offload\n", False),
        ],
    ),
)
THREAD = Case(
    name="thread",
    title=f"{SORTS.count} cells that sort a million floats, {{size}} times each",
    measure=measure,
    metrics=_metrics(f"{SORTS.count} cells of {{size}} sorts"),
    size=200,
    quick_size=3,
    rounds=5,
    sides=partial(_sides, SORTS, [("in the kernel", "", False), ("thread", "%%thread\n", False)]),
)
