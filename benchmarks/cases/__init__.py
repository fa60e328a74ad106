"""The cases, in the order in which they run; a new one is a `Case` added to `CASES`."""

from __future__ import annotations

from benchmarks.case import Case

from .cells import CELLS
from .graph import GRAPH
from .hashing import HASH_ARRAY, HASH_FRAME, HASH_OBJECTS
from .latency import EXPRESSION, PASS
from .lines import LINES
from .offloading import OFFLOAD, THREAD
from .pipelined import PIPELINED
from .reacting import REACT_10, REACT_100, REACT_1000
from .restoring import HIT_10, HIT_1000, RESTORE_ARRAY
from .running import RUN_EXAMPLE, RUN_ORDINARY, RUN_WAITING
from .sessions import SESSIONS
from .sleeping import SLEEPING
from .start import START
from .waiting import OBJECTS, READERS, STEPS, TURNS
from .waves import CHAIN, CHAIN_100, FAN, FAN_100

KERNELS: tuple[Case, ...] = (START, PASS, EXPRESSION, PIPELINED, LINES, SLEEPING, CELLS, SESSIONS)
REACTIVE: tuple[Case, ...] = (
    REACT_10,
    REACT_100,
    REACT_1000,
    CHAIN_100,
    FAN_100,
    CHAIN,
    FAN,
    GRAPH,
)
CACHING: tuple[Case, ...] = (
    HASH_ARRAY,
    HASH_FRAME,
    HASH_OBJECTS,
    RESTORE_ARRAY,
    HIT_10,
    HIT_1000,
)
RUNNING: tuple[Case, ...] = (RUN_ORDINARY, RUN_WAITING, RUN_EXAMPLE, OFFLOAD, THREAD)
FLOWING: tuple[Case, ...] = (READERS, TURNS, OBJECTS, STEPS)
CASES: tuple[Case, ...] = KERNELS + REACTIVE + CACHING + FLOWING + RUNNING
