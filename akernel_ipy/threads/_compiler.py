"""IPython's compiler, for cells that compile at the same time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from ipykernel import compiler
from ipykernel.compiler import XCachingCompiler

from ..core.model import own_number
from ..core.murmur import murmur2


class ThreadCompiler(XCachingCompiler):
    """A compiler whose extra flags hold in the thread that asked for them.

    IPython 9 `CachingCompiler.extra_flags` sets the flag for ``await`` on the compiler and takes it
    away again: while one thread has taken it away, ``await`` is a SyntaxError in the other's cell.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._base = 0
        self._local = threading.local()
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]

    @property
    def flags(self) -> int:
        """The flags of the shell, and those of the calling thread."""
        return self._base | getattr(self._local, "extra", 0)

    @flags.setter
    def flags(self, value: int) -> None:
        # `from __future__ import ...` adds to what it read here.
        self._base = value & ~(getattr(self._local, "extra", 0) & ~self._base)

    @contextmanager
    def extra_flags(self, flags: int) -> Iterator[None]:
        """Compile with additional flags inside of a ``with`` block."""
        before = getattr(self._local, "extra", 0)
        self._local.extra = before | flags
        try:
            yield
        finally:
            self._local.extra = before

    def cache(self, transformed_code: str, number: int = 0, raw_code: str | None = None) -> str:
        """Keep a cell's source for tracebacks, which name the cell by its number.

        IPython 9 `CachingCompiler.cache` gets ``shell.execution_count``: a cell that is run again
        has no step from its own number to the next, so its errors named the cell after it.
        """
        return super().cache(transformed_code, own_number(number), raw_code)

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        """Name the file that a cell's code says it is from.

        ipykernel 7.4 `XCachingCompiler.get_code_name` hashes the text byte by byte, each time the
        cell runs: that took half as long as parsing it.
        """
        name = os.environ.get("IPYKERNEL_CELL_NAME")
        return f"{_directory()}{os.sep}{_hash(raw_code)}.py" if name is None else name


_directory: Any = compiler.get_tmp_directory
_seed: Any = compiler.get_tmp_hash_seed


@lru_cache(512)
def _hash(code: str) -> int:
    return murmur2(code.encode(), _seed())
