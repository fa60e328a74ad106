"""Which requests were sent in one go, as JupyterLab's Run All sends them."""

from __future__ import annotations

from datetime import datetime
from math import inf

from ...core.model import Run

#: Seconds between a cell and a later one within which JupyterLab sends all of one Run All.
BATCH = 1.0

#: Seconds after a cell's end within which nobody at a browser asks for the next one. JupyterLab 4.6
#: takes up to 40 ms from one request of a Run All to the next while it shows what comes meanwhile.
PROMPT = 0.1


class Batches:
    """Tells which of the user's requests were sent in one go.

    A request belongs to the go of the one before if nobody could have seen by then how that ended.
    When it was sent says more than when it arrived: it may have been slow on its way, or a cell has
    blocked the kernel. The front-end's clock is compared with itself alone.
    """

    def __init__(self) -> None:
        self._last: Run | None = None
        self._ended = inf
        self._began = 0.0

    def began(self, run: Run) -> float:
        """Take in the next request; give when the first one of its go arrived."""
        if self._last is None or not _in_one_go(self._last, self._ended, run):
            self._began = run.state.arrived
        self._last, self._ended = run, inf
        return self._began

    def ended(self, run: Run, at: float) -> None:
        """Note when a request was answered."""
        if run is self._last:
            self._ended = at


def _in_one_go(earlier: Run, ended: float, later: Run) -> bool:
    if earlier.request.session_id != later.request.session_id:
        return False
    after = later.state.arrived - earlier.state.arrived
    took = ended - earlier.state.arrived
    first, second = sent(earlier), sent(later)
    if first is not None and second is not None and second >= first:
        after = second - first
        if _is_browsers(first) and _is_browsers(second):
            took += PROMPT
    return after <= min(took, BATCH)


def _is_browsers(stamp: float) -> bool:
    """Whether a date has whole milliseconds, as JavaScript's have."""
    return round(stamp * 1e6) % 1000 == 0


def sent(run: Run) -> float | None:
    """When the front-end sent a request, by its own clock."""
    date = run.request.message["header"].get("date")
    try:
        return (date if isinstance(date, datetime) else datetime.fromisoformat(date)).timestamp()
    except (TypeError, ValueError):
        return None
