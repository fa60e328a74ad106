"""One notebook for a long time under each flavour: what memory does as cells come and go.

By hand, a flavour after the other, and then the picture::

    python -m benchmarks.soak_flavours async chain --cells 10000 --json soak.json
    python -m benchmarks.soak_flavours --json soak.json --plot soak.svg

``ipykernel`` in the place of a flavour runs the same cells on the stock kernel: what `In`, `Out`
and the history keep of each cell is IPython's, and the same for both.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from .errors import FaultError
from .kernel import Cell, Kernel, launched
from .targets import STOCK, Target, parse

LAUNCH = "{flavour}=python -m akernel_ipy launch {flavour} -f {{connection_file}}"

#: Cells of the notebook; each is run again and again, with other code each time.
SLOTS = 40

#: Requests sent at once.
BATCH = 20

#: How often the memory is looked at.
LOOKS = 50

#: What the cells do: ``{s}`` is the slot, ``{n}`` a number that is new each time.
CODES = (
    "v{s} = {n}; v{s} * 2",
    "for i{s} in range(3): print({n}, i{s})",
    "await asyncio.sleep(0); print({n})",
    "r{s} = v{before} + {n}; r{s}",
    "def f{s}(x): return x + {n}\nf{s}(1)",
    "l{s} = [bytes(100 + {n} % 10) for _ in range(100)]; l{s}.append(l{s})",
    "display({{'text/plain': '{n}'}}, raw=True)",
    "class C{s}: n = {n}\nC{s}().n",
)

ERROR = "x{s} = {n}; print(x{s}); 1 / 0"

#: Prints how many objects of each type there are.
COUNT = """\
import collections as _c, gc as _g, json as _j
_g.collect()
_kinds = (f'{type(o).__module__}.{type(o).__qualname__}' for o in _g.get_objects())
print(_j.dumps(_c.Counter(_kinds)))
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


def code_of(number: int) -> str:
    """Give the code of the cell that is run as the ``number``-th."""
    slot = number % SLOTS
    before = (slot // len(CODES)) * len(CODES)
    return CODES[slot % len(CODES)].format(s=slot, n=number, before=before)


def batches(cells: int) -> Iterator[list[Cell]]:
    """Give the cells to send at once; what fails is sent alone."""
    for start in range(0, cells, BATCH):
        numbers = range(start, min(cells, start + BATCH))
        yield [Cell(f"cell-{n % SLOTS}", code_of(n)) for n in numbers]
        if start % (10 * BATCH) == 0:
            yield [Cell("cell-error", ERROR.format(s="e", n=start))]


def soak(flavour: str, cells: int, tell: bool = False) -> Story:
    """Launch a kernel, run so many cells, and tell what its memory did.

    Raises:
        FaultError: a cell lost its reply or its idle, or failed.
    """
    known = flavour == "ipykernel"
    target = Target(flavour, STOCK) if known else parse(LAUNCH.format(flavour=flavour))
    story = Story(flavour)
    with TemporaryDirectory(prefix="soak-") as home:
        own = {"AKERNEL_CACHE_DIR": f"{home}/cache"}
        with launched(Target(target.name, target.argv, own), Path(home)) as kernel:
            _run(kernel, story, cells, tell)
    return story


def _run(kernel: Kernel, story: Story, cells: int, tell: bool) -> None:
    kernel.run("import asyncio").verify()
    begin, look, middle = perf_counter(), 0, dict[str, int]()
    for batch in batches(cells):
        exchange = kernel.run(*batch)
        if batch[0].id == "cell-error":
            if exchange.replies()[0].content.get("ename") != "ZeroDivisionError":
                raise FaultError(f"{batch[0].code!r}: {exchange.replies()[0].content}")
        else:
            exchange.verify()
        story.cells += len(batch)
        if story.cells * LOOKS >= look * cells:
            look += 1
            kernel.run("import gc; _ = gc.collect()").verify()
            story.memory.append((story.cells, round(kernel.memory().get("rss", 0.0), 2)))
            if tell:
                print(f"{story.flavour} {story.cells}: {story.memory[-1][1]} MiB", flush=True)
        if not middle and story.cells >= cells // 2:
            middle = _objects(kernel)
    story.seconds = round(perf_counter() - begin, 1)
    more = {kind: n - middle.get(kind, 0) for kind, n in _objects(kernel).items()}
    story.grown = {k: n for k, n in more.items() if n > cells // 200}


def _objects(kernel: Kernel) -> dict[str, int]:
    exchange = kernel.run(COUNT).verify()
    said = [m for m in exchange.messages if m.kind == "stream"]
    found: dict[str, int] = json.loads("".join(m.content["text"] for m in said))
    return found


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
    axes.grid(alpha=0.3)
    axes.legend(ncols=2)
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the flavours one after the other, keep what they did, and draw it."""
    parser = argparse.ArgumentParser("python -m benchmarks.soak_flavours", description=__doc__)
    parser.add_argument("flavours", nargs="*")
    parser.add_argument("--cells", type=int, default=10_000)
    parser.add_argument("--json", type=Path, help="what was measured, also earlier")
    parser.add_argument("--plot", type=Path, help="the picture to draw")
    options = parser.parse_args(argv)
    stories: dict[str, Story] = {}
    if options.json and options.json.exists():
        stories = {name: Story(**raw) for name, raw in json.loads(options.json.read_text()).items()}
    for flavour in options.flavours:
        story = stories[flavour] = soak(flavour, options.cells, tell=True)
        print(story)
        print("  more objects:", story.grown)
        if options.json:
            kept = {name: asdict(story) for name, story in stories.items()}
            options.json.write_text(json.dumps(kept, indent=1))
    if options.plot:
        plot(list(stories.values()), options.plot)
    return 0


if __name__ == "__main__":
    sys.exit(main())
