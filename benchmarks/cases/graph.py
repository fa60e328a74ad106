"""Names and graph of a long notebook, built from the texts of its cells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks.case import Case, Mark, Measured, Metric
from benchmarks.errors import FaultError, UnsupportedError
from benchmarks.sides import Setting, Side

_KINDS = (
    "limits_{n} = {{'low': {n}, 'high': {n} + 10}}\nlimits_{n}['low'], limits_{n}['high']",
    "raw_{n} = [(i, i * i % 7) for i in range(20)]\nraw_{n}[:3]",
    "def clean_{n}(rows, limit=10):\n"
    '    """Keep the small ones."""\n'
    "    kept = [row for row in rows if row[1] < limit]\n"
    "    return sorted(kept, key=lambda row: row[0])\n",
    "data_{n} = clean_{m}(raw_{l})\nprint(len(data_{n}))",
    "total_{n} = 0\nfor key, value in data_{m}:\n    total_{n} += value * math.sqrt(key)\n"
    "total_{n}",
    "try:\n    mean_{n} = total_{m} / len(data_{l})\nexcept ZeroDivisionError as error:\n"
    "    mean_{n} = None\n    print(f'nothing to average: {{error}}')",
    "class Model_{n}:\n    scale = 2\n\n    def __init__(self, mean):\n        self.mean = mean\n\n"
    "    def predict(self, x):\n        return self.scale * x + (self.mean or 0)\n",
    "model_{n} = Model_{m}(mean_{l})\n"
    "predicted_{n} = {{x: model_{n}.predict(x) for x in range(5)}}\n",
    "counts_{n} = Counter(round(value) for value in predicted_{m}.values())\n"
    "counts_{n}.most_common(3)",
    "with open('report_{n}.txt', 'w') as file:\n"
    "    print(f'{{mean_{k}!r}} {{counts_{m}}}', file=file)",
)
_IMPORTS = "import math\nfrom collections import Counter, defaultdict"


def texts(size: int, salt: int) -> list[str]:
    """A notebook of small but ordinary cells, most of which read from some before them.

    No text occurs twice, and none with another salt, so that nothing is known beforehand.
    """
    cells = (_KINDS[n % len(_KINDS)].format(n=n, m=n - 1, l=n - 2, k=n - 4) for n in range(1, size))
    return [f"{text}\n# {salt}" for text in (_IMPORTS, *cells)]


class Core:
    """The kernel's pure core, in this process."""

    def __init__(self) -> None:
        try:
            from akernel_ipy.core.graph import Graph
            from akernel_ipy.core.names import analyze
        except ImportError as error:
            raise UnsupportedError(f"can't be imported here: {error}") from error
        self._analyze: Any = analyze
        self._graph: Any = Graph
        self.builds = 0

    def build(self, sources: list[str]) -> Any:
        """The graph of all cells, in order, as a kernel with its defaults has it."""
        graph = self._graph(linear=True)
        for number, source in enumerate(sources):
            graph = graph.update(str(number), self._analyze(source)).graph
        return graph


def measure(core: Core, size: int, /) -> Measured:
    """Build from texts never seen, and again from the same texts, whose names are known.

    Time is the processor's: nothing here waits, and other processes would be measured otherwise.
    """
    core.builds += 1
    sources = texts(size, core.builds)
    begin = process_time()
    core.build(sources)
    first = process_time()
    graph = core.build(sources)
    end = process_time()
    if size > 9 and graph.parents("9") != ("5", "8"):
        raise FaultError(f"the last cell of ten reads from {graph.parents('9')}")
    return Measured({"first": [first - begin], "again": [end - first]})


@contextmanager
def _opened(home: Path) -> Iterator[Core]:
    yield Core()


def _sides(setting: Setting) -> list[Side]:
    return [Side("akernel's core", _opened)]


GRAPH = Case(
    name="graph",
    title="names and graph of a notebook of {size:,} cells, in process",
    measure=measure,
    metrics=(
        Metric("names and graph of {size:,} cells", "first", "CPU s", Mark(0.2, "value")),
        Metric("graph of {size:,} known cells", "again", "CPU s"),
    ),
    size=1000,
    quick_size=50,
    rounds=7,
    fresh=False,
    sides=_sides,
)
