"""What the reactive middleware needs from others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

from ...core.model import Outcome, Run


class Outputs(Protocol):
    """How outputs of cells are shown and replaced."""

    def begin(self, run: Run) -> None:
        """Let the next output of a re-run replace the old ones."""

    def end(
        self,
        run: Run,
        outcome: Outcome,
        listener: Run | None,
        *,
        replaces: bool,
        placed: bool,
        displays: Sequence[str],
    ) -> None:
        """A re-run has ended."""

    def pending(self, run: Run, waits: Mapping[str, str], listener: Run | None) -> None:
        """The cell waits for names: with each, the label of its definer if that was deleted."""

    def blocked(self, run: Run, blame: str) -> None:
        """The cell was not re-run, because another one failed."""

    def error(self, error: Exception) -> Outcome:
        """Show an error in the cell at hand."""


class Host(Protocol):
    """What the middleware needs from the session that it works for."""

    @property
    def outputs(self) -> Outputs:
        """Shows and replaces what cells show."""

    @property
    def shell(self) -> Any:
        """Holds the namespace."""

    def launch(self, run: Run, work: Callable[[], Coroutine[Any, Any, Any]]) -> asyncio.Task[Any]:
        """Do some work in a task that belongs to a run."""

    def expected(self) -> set[str]:
        """Cells whose requests have arrived and not been evaluated yet."""

    def expects(self, cell_id: str) -> bool:
        """Whether a request of the cell has arrived and not been evaluated yet."""
