"""What is asked of a worker, and what it answers."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._errors import SentError

#: One output, in the order in which it came: ``("stream", name, text)``,
#: ``("display", data, metadata, transient, update)``, ``("clear", wait)``, or
#: ``("result", position)`` for a value that the displayhook got.
Event = tuple[Any, ...]

#: Data and metadata of a result that can't be sent.
Bundle = tuple[dict[str, Any], dict[str, Any]]


@dataclass
class Parcel:
    """Some pickles, one after another, and the buffers beside them."""

    data: bytes
    pickles: int
    buffers: list[Any] = field(default_factory=list)


@dataclass
class Results:
    """What came of a cell, on its way back."""

    parcel: Parcel
    #: Numbers of the input objects that the pickles refer to.
    kept: list[int]
    deleted: list[str]
    #: Names, and what is wrong with their values: these stay behind.
    left: dict[str, str]
    #: Positions of values that stay behind.
    unsent: list[int]
    #: What the cell raised.
    error: SentError | None = None


@dataclass
class Task:
    """A cell to be executed.

    Attributes:
        key: names the task; live outputs are reported under it.
        topic: of Dask's events, for live outputs.
        nodes: the statements, after all transformations.
        file_name: as what they are compiled; tracebacks name it.
        source: the text, for tracebacks that are made on the worker.
        interactivity: which values are shown, as in IPython.
        awaits: the cell needs an event loop.
        inputs: what it reads.
        positions: places in ``inputs.buffers`` of those that travel by themselves.
        directory: the kernel's working directory; empty to stay where the worker is.
        path: entries of the kernel's ``sys.path``.
    """

    key: str
    topic: str
    nodes: list[ast.stmt]
    file_name: str
    source: str
    interactivity: str
    awaits: bool
    inputs: Parcel
    positions: list[int] = field(default_factory=list)
    directory: str = ""
    path: list[str] = field(default_factory=list)


@dataclass
class Answer:
    """What came of it.

    Attributes:
        attempt: names this execution of the cell; a lost worker makes another one.
        events: all outputs, those too that were reported live.
        results: names, changes, and the values of ``("result", position)``.
        bundles: how values look that can't be sent.
    """

    attempt: str
    events: list[Event]
    results: Results
    bundles: dict[int, Bundle]
