"""The cases, in the order in which they run; a new one is a `Case` added to `CASES`."""

from __future__ import annotations

from benchmarks.case import Case

from .cells import CELLS
from .latency import EXPRESSION, PASS
from .lines import LINES
from .pipelined import PIPELINED
from .sleeping import SLEEPING
from .start import START

CASES: tuple[Case, ...] = (START, PASS, EXPRESSION, PIPELINED, LINES, SLEEPING, CELLS)
