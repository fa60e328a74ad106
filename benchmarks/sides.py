"""Who takes part in a case: kernels in general, flavours of a kernel, other systems."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from .errors import FaultError, UnsupportedError
from .kernel import Kernel, launched
from .targets import Target


@dataclass(frozen=True)
class Setting:
    """What the command line chose: the kernels, the base first, and the peers' interpreter."""

    targets: tuple[Target, ...]
    peer_python: str = sys.executable

    @property
    def rivals(self) -> tuple[Target, ...]:
        """The kernels that are compared with the base."""
        return self.targets[1:] or self.targets


@dataclass(frozen=True)
class Side:
    """One that takes part: its name in the table, and how to bring it up.

    ``open`` gets a directory that is gone afterwards; it raises an `UnsupportedError` if the side
    can't take part at all, for example because it isn't installed.
    """

    name: str
    open: Callable[[Path], AbstractContextManager[Any]]


Cast = Callable[[Setting], Sequence[Side]]


def kernels(setting: Setting) -> list[Side]:
    """The kernels that were named on the command line."""
    return [Side(target.name, partial(launched, target)) for target in setting.targets]


@contextmanager
def flavoured(target: Target, flavour: str, home: Path) -> Iterator[Kernel]:
    """A kernel in one of its flavours."""
    with launched(target, home) as kernel:
        try:
            kernel.run(f"%akernel_mode {flavour}").verify()
        except FaultError:
            raise UnsupportedError(f"it has no flavour {flavour!r}") from None
        yield kernel


def flavours(setting: Setting, *names: str) -> list[Side]:
    """Flavours of the kernels that are compared with the base."""
    return [
        Side(f"{target.name} {name}", partial(flavoured, target, name))
        for target in setting.rivals
        for name in names
    ]
