"""A short story for each flavour, and what front-ends without a page make of it.

Each cell is one line, as the console's simple prompt takes it; the first one holds a parameter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

KNOWN = "(known: async, chain, flow, cache, multi, react)"
#: The parameter's value in the first cell.
N = 2


@dataclass(frozen=True)
class Story:
    """Cells for one flavour, which follow the parameter's and the question for the flavour.

    ``saved`` gives what each of them shows in the saved notebook, for a value of the parameter;
    ``printed`` the lines that a console prints in all, for `N`.
    """

    flavour: str
    body: tuple[str, ...]
    saved: Callable[[int], list[str]]
    printed: tuple[str, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        return (f"n = {N}", "%akernel_mode", *self.body)

    def shown(self, n: int) -> list[str]:
        """Give what each cell shows in the saved notebook."""
        return ["", f"{self.flavour} {KNOWN}", *self.saved(n)]

    @property
    def transcript(self) -> list[str]:
        """Give the lines that a console prints."""
        return [f"{self.flavour} {KNOWN}", *self.printed]


ASYNC = Story(
    "async",
    (
        "shown = display('old', display_id=True)",
        "shown.update('new')",
        "await asyncio.sleep(0); print('waited'); n * 21",
        "await __task__()",
    ),
    lambda n: ["'new'", "", f"waited\n{n * 21}", f"{n * 21}"],
    ("'old'", "waited", "Out[5]: 42", "Out[6]: 42"),  # a console updates nothing
)
CHAIN = Story(
    "chain",
    ("steps = [n]", "await asyncio.sleep(0); steps.append('then')", "steps", "1 / (n - n)"),
    lambda n: ["", "", f"[{n}, 'then']", "ZeroDivisionError: division by zero"],
    ("Out[5]: [2, 'then']", "ZeroDivisionError: division by zero"),
)
FLOW = Story(
    "flow",
    (
        "async def get(k): await asyncio.sleep(0); return k * n",
        "import asyncio",
        "a = await get(1)",
        "b = await get(2)",
        "a + b",
        "%akernel why",
    ),
    lambda n: [
        *("", "", "", ""),
        f"{3 * n}",
        "In [7] started at once: it shares no data with cells that were running",
    ],
    (
        "Out[7]: 6",
        "In [7] started at once: it shares no data with cells that were running",
    ),
)
REACT = Story(
    "react",
    ("total = price * n; total", "price = 5", "'between'", "price = 10"),
    lambda n: [
        f"{10 * n}",
        "",
        "'between'",
        "",
    ],
    # A console replaces nothing.
    ("Out[3]: None", "Out[3]: 10", "Out[5]: 'between'", "Out[3]: 20"),
)
WORK = "print('square', slow(n))"
HIT = f"In [6] {WORK}: from the cache in <time>; running it took <time>"
CACHE = Story(
    "cache",
    (
        "import time",
        "def slow(k): time.sleep(0.3); return k * k",
        *(WORK, WORK),
        "%akernel cache why",
    ),
    lambda n: ["", "", f"square {n * n}", f"square {n * n}", HIT],
    ("square 4", "square 4", HIT),
)
MULTI = Story(
    "multi",
    (
        "import pickle",
        "class Point: x = n",
        "pickle.loads(pickle.dumps(Point())).x",
        "sorted({*globals()} & {'n', 'Point', 'steps', 'total'})",
    ),
    lambda n: ["", "", f"{n}", "['Point', 'n']"],
    ("Out[5]: 2", "Out[6]: ['Point', 'n']"),
)
STORIES = (ASYNC, CHAIN, FLOW, REACT, CACHE, MULTI)
