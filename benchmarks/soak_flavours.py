"""One notebook for a long time under each flavour: what memory does as cells come and go.

By hand, a flavour after the other, and then the picture::

    python -m benchmarks.soak_flavours async chain --cells 100000 --json soak.json
    python -m benchmarks.soak_flavours --json soak.json --plot soak.svg

``ipykernel`` in the place of a flavour runs the same cells on the stock kernel: what `In`, `Out`
and the history keep of each cell is IPython's, and the same for both.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from .errors import BenchmarkError, FaultError
from .kernel import Cell, Exchange, Kernel, launched
from .targets import STOCK, Target, parse

LAUNCH = "{flavour}=python -m akernel_ipy launch {flavour} -f {{connection_file}}"

#: Cells of the notebook; each is run again and again, with other code each time.
SLOTS = 40

#: Requests sent at once.
BATCH = 20

#: How often the memory is looked at.
LOOKS = 50

#: What the cells do, and what each shows: ``{s}`` is the slot, ``{n}`` a number new each time.
KINDS: tuple[tuple[str, Callable[[int], str]], ...] = (
    ("v{s} = {n}; v{s} * 2", lambda n: str(2 * n)),
    ("for i{s} in range(3): print({n}, i{s})", lambda n: f"{n} 0\n{n} 1\n{n} 2\n"),
    ("await asyncio.sleep(0); print({n})", lambda n: f"{n}\n"),
    ("r{s} = v{first} + {n}; r{s}", lambda n: str(2 * n - 3)),
    ("def f{s}(x): return x + {n}\nf{s}(1)", lambda n: str(n + 1)),
    ("l{s} = [bytes(100 + {n} % 10) for _ in range(100)]; l{s}.append(l{s})", lambda n: ""),
    ("display({{'text/plain': '{n}'}}, raw=True)", str),
    ("class C{s}: n = {n}\nC{s}().n", str),
)

#: Of these a cell's own outputs consist; an update may change those of another cell.
SHOWING = frozenset({"stream", "execute_result", "display_data"})

ERROR = "x{s} = {n}; print(x{s}); 1 / 0"

#: Prints how many objects of each type there are, if there are many.
COUNT = """\
import collections as _c, gc as _g, json as _j
_g.collect()
_kinds = (f'{type(o).__module__}.{type(o).__qualname__}' for o in _g.get_objects())
print(_j.dumps({kind: count for kind, count in _c.Counter(_kinds).items() if count > 100}))
"""


@dataclass
class Story:
    """What came of one flavour."""

    flavour: str
    cells: int = 0
    seconds: float = 0.0
    #: Cells run, and MiB of resident memory by then.
    memory: list[tuple[int, float]] = field(default_factory=list)
    #: How many more objects of a type there are at the end than in the middle.
    grown: dict[str, int] = field(default_factory=dict)

    @property
    def growth(self) -> float:
        """Bytes a cell in the second half of the time."""
        half = [look for look in self.memory if look[0] >= self.cells // 2]
        (first, before), (last, after) = half[0], half[-1]
        return (after - before) * 2**20 / max(1, last - first)

    def __str__(self) -> str:
        return (
            f"{self.flavour}: {self.cells} cells in {self.seconds:.0f} s, "
            f"{self.cells / self.seconds:.0f} a second; {self.memory[0][1]:.1f} MiB, at the end "
            f"{self.memory[-1][1]:.1f} MiB, {self.growth:.0f} bytes a cell in the second half"
        )


def cell_of(number: int) -> Cell:
    """Give the cell that is run as the ``number``-th."""
    slot = number % SLOTS
    code, _ = KINDS[slot % len(KINDS)]
    first = slot - slot % len(KINDS)
    return Cell(f"cell-{slot}", code.format(s=slot, n=number, first=first))


def check(numbers: Sequence[int], exchange: Exchange) -> None:
    """Check that each of these cells was answered, and shows what it should.

    Raises:
        FaultError: one did not.
    """
    exchange.verify()
    shown = dict.fromkeys(exchange.ids, "")
    for message in exchange.messages:
        if message.kind in SHOWING and message.parent in shown:
            content = message.content
            if content.get("name") == "stderr":  # IPython says when it takes results out of `Out`
                continue
            shown[message.parent] += content.get("text") or content["data"]["text/plain"]
    for number, text in zip(numbers, shown.values(), strict=True):
        wanted = KINDS[number % SLOTS % len(KINDS)][1](number)
        if text != wanted:
            raise FaultError(f"{cell_of(number).code!r} shows {text!r}, and not {wanted!r}")


def soak(flavour: str, cells: int, minutes: float | None = None, tell: bool = False) -> Story:
    """Launch a kernel, run so many cells, and tell what its memory did.

    Raises:
        FaultError: a cell lost its reply or its idle, failed, or showed something else.
    """
    known = flavour == "ipykernel"
    target = Target(flavour, STOCK) if known else parse(LAUNCH.format(flavour=flavour))
    with TemporaryDirectory(prefix="soak-") as home:
        own = {"AKERNEL_CACHE_DIR": f"{home}/cache"}
        with launched(Target(target.name, target.argv, own), Path(home)) as kernel:
            return Soak(kernel, Story(flavour), tell).run(cells, 60 * (minutes or 1e9))


class Soak:
    """Runs the notebook again and again on one kernel."""

    def __init__(self, kernel: Kernel, story: Story, tell: bool) -> None:
        self._kernel, self._story, self._tell = kernel, story, tell
        #: How many objects of each type there were at each look.
        self._objects: list[dict[str, int]] = []

    def run(self, cells: int, seconds: float) -> Story:
        """Run so many cells, or for so long."""
        self._kernel.run("import asyncio").verify()
        story, begin = self._story, perf_counter()
        for start in range(0, cells, BATCH):
            numbers = range(start, min(cells, start + BATCH))
            check(numbers, self._kernel.run(*map(cell_of, numbers)))
            story.cells += len(numbers)
            if start % (10 * BATCH) == 0:
                self._fail(start)
            story.seconds = round(perf_counter() - begin, 1)
            last = story.cells >= cells or story.seconds > seconds
            if last or start * LOOKS // cells >= len(story.memory):
                self._look()
            if last:
                break
        middle = self._objects[len(self._objects) // 2]
        more = {kind: n - middle.get(kind, 0) for kind, n in self._objects[-1].items()}
        story.grown = {kind: n for kind, n in more.items() if n > story.cells // 200}
        return story

    def _fail(self, number: int) -> None:
        """Run a cell that fails; it is sent alone."""
        cell = Cell("cell-error", ERROR.format(s="e", n=number))
        [reply] = self._kernel.run(cell).replies()
        if reply.content.get("ename") != "ZeroDivisionError":
            raise FaultError(f"{cell.code!r}: {reply.content}")

    def _look(self) -> None:
        """Count the objects after a garbage collection, and look at the memory."""
        messages = self._kernel.run(Cell("look", COUNT)).verify().messages
        said = "".join(m.content["text"] for m in messages if m.kind == "stream")
        self._objects.append(json.loads(said))
        story = self._story
        story.memory.append((story.cells, round(self._kernel.memory().get("rss", 0.0), 2)))
        if self._tell:
            print(f"{story.flavour} {story.cells}: {story.memory[-1][1]} MiB", flush=True)


def plot(stories: Sequence[Story], file: Path) -> None:
    """Draw the memory of all flavours over their cells."""
    import matplotlib  # type: ignore[import-not-found,unused-ignore]

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "soak"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 4.5), layout="constrained")
    for story in stories:
        style = "--" if story.flavour == "ipykernel" else "-"
        axes.plot(*zip(*story.memory, strict=True), style, label=story.flavour)
    axes.set(xlabel="cells run", ylabel="resident memory, MiB", xlim=(0, None), ylim=(0, None))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(alpha=0.3)
    axes.legend(ncols=2)
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the flavours one after the other, keep what they did, and draw it; 1 after a fault."""
    parser = argparse.ArgumentParser("python -m benchmarks.soak_flavours", description=__doc__)
    parser.add_argument("flavours", nargs="*")
    parser.add_argument("--cells", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, help="of each flavour at most")
    parser.add_argument("--json", type=Path, help="what was measured, also earlier")
    parser.add_argument("--plot", type=Path, help="the picture to draw")
    options = parser.parse_args(argv)
    stories: dict[str, Story] = {}
    if options.json and options.json.exists():
        stories = {name: Story(**raw) for name, raw in json.loads(options.json.read_text()).items()}
    faults = 0
    for flavour in options.flavours:
        try:
            story = stories[flavour] = soak(flavour, options.cells, options.minutes, tell=True)
        except BenchmarkError as fault:
            print(f"FAULT: {flavour}: {fault}", flush=True)
            faults += 1
            continue
        print(story)
        print("  more objects:", story.grown)
        if options.json:
            kept = {name: asdict(story) for name, story in stories.items()}
            options.json.write_text(json.dumps(kept, indent=1))
    if options.plot:
        plot(list(stories.values()), options.plot)
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main())
