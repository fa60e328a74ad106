"""A notebook's namespace, for tests of fingerprints: cells are run, names are asked for."""

from __future__ import annotations

import linecache
import sys
from types import ModuleType
from typing import Any

from akernel_ipy.core.fingerprint import Fingerprint, Fingerprints

#: Not ``__main__``, which is pytest's.
MODULE = "the_notebook"


class Notebook:
    """Runs cells in one namespace."""

    def __init__(self, *cells: str, **values: Any) -> None:
        module = ModuleType(MODULE)
        sys.modules[MODULE] = module  # dataclasses look there for strings in annotations
        self.names: dict[str, Any] = vars(module)
        self.names.update(values)
        self.fingerprints = Fingerprints(lambda: self.names, lambda name: name == MODULE)
        for cell in cells:
            self.run(cell)

    def run(self, cell: str) -> Notebook:
        """Run a cell, at another place than any before."""
        place = f"<cell {len(linecache.cache)} {id(cell)}>"
        exec(compile(cell, place, "exec"), self.names)
        return self

    def of(self, name: str) -> bytes:
        """The fingerprint of what a name is bound to."""
        return self.fingerprints.of(self.names[name], name)

    def together(self, *names: str) -> bytes:
        """The fingerprint of several values: what they share counts."""
        return self.fingerprints.of([self.names[name] for name in names])

    def examine(self, name: str) -> Fingerprint:
        """The same, with what it depends on."""
        return self.fingerprints.examine(self.names[name], name)


def fingerprint(value: Any) -> bytes:
    """The fingerprint of a value outside of any notebook."""
    return Notebook().fingerprints.of(value, "value")
