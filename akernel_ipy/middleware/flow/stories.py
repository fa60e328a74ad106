"""What became of each run under flow, and why: for ``%akernel why``."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ...core.hazards import Entry, Hazard, Hazards, Kind
from ...core.model import Run, RunState, Status
from ...core.units import in_a_row

#: Runs that are remembered.
MOST = 1000


@dataclass(frozen=True)
class Fate:
    """Why a run never starts: another one failed, or a newer request of its cell came."""

    kind: Literal["failed", "superseded"]
    culprit: int


@dataclass(eq=False)
class Story:
    """One run: what it waited for, how long, and how it ended."""

    number: int
    state: RunState
    title: str
    silent: bool
    #: The runs it waited for, by number, with the reasons.
    reasons: dict[int, Hazards] = field(default_factory=dict)
    fate: Fate | None = None
    status: Status | None = None

    @property
    def count(self) -> int:
        """The number of ``In [n]``; 0 if it has none yet."""
        return self.state.count

    @property
    def label(self) -> str:
        """Name the cell for people."""
        return f"In [{self.count}]" if self.count else f"`{self.title}`"

    def waits(self, blockers: Mapping[Entry, Hazards]) -> None:
        """Note what it waits for now."""
        for entry, hazards in blockers.items():
            self.reasons[entry.number] = hazards

    def end(self, status: Status) -> None:
        """Note how it ended."""
        self.status = status
        self.state.ended = time.monotonic()

    @property
    def waited(self) -> float:
        """Seconds between its arrival and its start, or until now."""
        return (self.state.started or time.monotonic()) - self.state.arrived


class Stories:
    """The latest runs of a session."""

    def __init__(self) -> None:
        self._stories: dict[int, Story] = {}

    def begin(self, run: Run) -> Story:
        """Remember a run that has arrived."""
        lines = run.request.code.strip().splitlines()
        title = lines[0][:40] if lines else ""
        story = Story(run.number, run.state, title, run.request.silent)
        self._stories[run.number] = story
        if len(self._stories) > MOST:
            del self._stories[next(iter(self._stories))]
        return story

    def find(self, count: int) -> Story | None:
        """Find the run that is ``In [count]``."""
        return next((s for s in self._latest() if s.count == count and not s.silent), None)

    def latest(self, before: int | None) -> Story | None:
        """Find the last run of the user's, before run ``before``."""
        asked = (s for s in self._latest() if before is None or s.number < before)
        return next((s for s in asked if not s.silent and not _asks(s.title)), None)

    def _latest(self) -> Iterable[Story]:
        return sorted(self._stories.values(), key=lambda story: -story.number)

    def why(self, story: Story) -> list[str]:
        """Say why a run waited, waits or never started, in sentences."""
        reasons = self._reasons(story)
        label = story.label
        if story.fate is not None:
            if story.fate.kind == "superseded":
                first = f"{label} was aborted: its cell was asked for again while it waited"
            else:
                culprit = self._label(story.fate.culprit)
                first = f"{label} was aborted: {culprit}, whose data it needs, failed"
        elif story.status == "aborted":
            first = f"{label} was aborted before it started"
        elif not story.state.started:
            first = f"{label} has been waiting for {story.waited:.1f} s"
        elif reasons:
            first = f"{label} waited {story.waited:.1f} s"
        else:
            return [f"{label} started at once: it shares no data with cells that were running"]
        return [first, *(f"  for {reason}" for reason in reasons)]

    def told(self, story: Story) -> list[dict[str, object]]:
        """Say for which cells a run waited, by the numbers of their prompts, and why."""
        waits = ((self._stories.get(n), hazards) for n, hazards in sorted(story.reasons.items()))
        return [
            {"count": other.count, "why": in_a_row(map(_reason, hazards))}
            for other, hazards in waits
            if other is not None and other.count
        ]

    def _reasons(self, story: Story) -> list[str]:
        """Name the cells that a run waited for, those with the same reason together."""
        same: dict[str, list[str]] = {}
        for number, hazards in sorted(story.reasons.items()):
            same.setdefault(in_a_row(map(_reason, hazards)), []).append(self._label(number))
        return [f"{in_a_row(labels)}: {reason}" for reason, labels in same.items()]

    def _label(self, number: int) -> str:
        story = self._stories.get(number)
        return "an earlier cell" if story is None else story.label


_SENTENCES = {
    Kind.READ: "it reads {0}, which that cell binds",
    Kind.WRITE: "it binds {0}, which that cell reads",
    Kind.REWRITE: "both bind {0}",
    Kind.CHANGED: "that cell may change in place {0}",
    Kind.CHANGE: "it may change in place {0}, which that cell uses",
    Kind.BARRIER: "it may do anything ({1})",
    Kind.BEHIND: "that cell may do anything ({1})",
}


def _reason(hazard: Hazard) -> str:
    first = hazard.names[0] if hazard.names else ""
    return _SENTENCES[hazard.kind].format(_names(hazard), first)


def _names(hazard: Hazard) -> str:
    names = in_a_row(f"`{name}`" for name in hazard.names)
    if hazard.kind not in (Kind.CHANGED, Kind.CHANGE):
        return names
    if len(hazard.names) == 2:
        own, theirs = hazard.names
        names = f"`{own}` (there `{theirs}`)"
    return f"what {names} is" if names else "an object that both can reach"


def _asks(title: str) -> bool:
    return title.startswith("%akernel")
