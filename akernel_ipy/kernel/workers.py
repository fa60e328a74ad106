"""The workers of cells with ``%%offload``."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from traitlets import Int, Unicode

from .tenancy import Tenancy

if TYPE_CHECKING:
    from ..offload import Engine


class Workers(Tenancy):
    """One engine for all sessions; it starts nothing before a cell needs it."""

    scheduler = Unicode(
        help="""Address of the Dask scheduler that cells with %%offload are sent to, such as
        tcp://10.0.0.1:8786. Empty for processes on this machine, started when they are needed."""
    ).tag(config=True)

    offload_workers = Int(
        min=0, help="How many processes cells with %%offload have; 0: one a processor."
    ).tag(config=True)

    @cached_property
    def engine(self) -> Engine:
        """What sends cells to workers; most kernels never import it."""
        from ..offload import Engine

        return Engine(self.scheduler, self.offload_workers)

    def stop(self) -> None:
        """End the workers that this kernel has started."""
        if "engine" in vars(self):
            self.engine.close()
