"""Random graphs, random finishing orders, random changes in between."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from akernel_ipy.core.graph import Graph
from akernel_ipy.core.names import Names, analyze
from akernel_ipy.core.wave import Change, Status, Step, Wave

EXAMPLES = settings(max_examples=300, deadline=None, derandomize=True)
seeds = st.integers(0, 2**32)


def random_dag(rng, size):
    """Each cell defines one name and reads some of the earlier ones; run in random order."""
    reads = {n: rng.sample(range(n), rng.randint(0, min(n, 3))) for n in range(size)}
    graph = Graph()
    for n in rng.sample(range(size), size):
        names = frozenset(f"v{m}" for m in reads[n])
        own = frozenset({f"v{n}"})
        graph = graph.update(str(n), Names(defs=own, refs=names, immediate=names, writes=own)).graph
    return graph, reads


def descendants(reads, start):
    found = {start}
    for n in sorted(reads):
        if found.intersection(reads[n]):
            found.add(n)
    return found - {start}


@EXAMPLES
@given(seeds)
def test_each_stale_cell_once_and_never_before_a_parent(seed):
    rng = random.Random(seed)
    graph, reads = random_dag(rng, rng.randint(1, 25))
    start = rng.choice(sorted(reads))
    wave = Wave(graph, [Change(str(start), (f"v{start}",))])
    running, settled, outcome = [], {start}, {start: "changed"}
    stale = descendants(reads, start)
    while True:
        running += wave.ready()
        if not running:
            break
        step = running.pop(rng.randrange(len(running)))
        n = int(step.cell)
        assert n not in settled
        assert settled.union(m for m in reads[n] if m not in stale).issuperset(reads[n]) or all(
            wave.status[str(m)] is Status.CUT for m in reads[n] if m in stale and m not in settled
        )
        settled.add(n)
        outcome[n] = rng.choice(["changed", "changed", "same", "failed"])
        if outcome[n] == "failed":
            wave.settle(step, status=Status.FAILED)
        else:
            wave.settle(step, [f"v{n}"] if outcome[n] == "changed" else [])
    assert wave.done
    check_rules(wave, reads, stale, outcome)


def check_rules(wave, reads, stale, outcome):
    """Cutoff and failure follow from the outcomes of the parents, cell by cell."""
    bad = (Status.FAILED, Status.BLOCKED)
    assert set(wave.status) == {str(n) for n in stale}
    for n in sorted(stale):
        status = wave.status[str(n)]
        parents = [m for m in reads[n] if m in stale]
        if any(wave.status[str(m)] in bad for m in parents):
            assert status is Status.BLOCKED
        elif any(outcome.get(m) == "changed" for m in reads[n]):
            assert status in (Status.OK, Status.FAILED)
        else:
            assert status is Status.CUT


class Kernel:
    """A model of a session: runs that overlap, take what they read at their start, and may fail."""

    def __init__(self, rng, size):
        self.rng = rng
        self.graph, self.reads = random_dag(rng, size)
        self.seeds = dict.fromkeys(self.reads, 0)
        self.value = {}
        for n in sorted(self.reads):
            self.value[n] = self.compute(n)
        self.wave = Wave(self.graph)
        self.asked, self.broken = set(), set()
        self.running: dict[Step, tuple[int, int]] = {}
        self.runs = 0

    def compute(self, n):
        inputs = tuple(self.value[m] for m in self.reads[n])
        return hash((n, self.seeds[n], inputs)) % 5  # small: so that some stay the same

    def request(self, n):
        """The user runs a cell, edited or not, once its earlier run has ended."""
        if n in self.asked:
            return
        self.seeds[n] += self.rng.choice([0, 1])
        if n and self.rng.random() < 0.3:
            self.edit(n)
        self.asked.add(n)
        self.wave.ask(str(n))

    def edit(self, n):
        """The user lets a cell read other ones."""
        self.reads[n] = self.rng.sample(range(n), self.rng.randint(0, min(n, 3)))
        names = frozenset(f"v{m}" for m in self.reads[n])
        own = frozenset({f"v{n}"})
        names = Names(defs=own, refs=names, immediate=names, writes=own)
        self.graph = self.graph.update(str(n), names).graph
        self.wave.update(self.graph)

    def move(self, n):
        """A value changes by itself, as that of a widget does."""
        if n not in self.asked and not self.reads[n] and self.wave.status.get(str(n)) is None:
            self.seeds[n] += 1
            self.value[n] = self.compute(n)
            self.wave.change(Change(str(n), (f"v{n}",), status=None))

    def start(self):
        steps = self.wave.ready()
        for step in self.wave.superseded():
            del self.running[step]
        for step in steps:
            assert all(other.cell != step.cell for other in self.running)
            n = int(step.cell)
            assert step.asked == (n in self.asked)
            self.running[step] = (n, self.compute(n))
            self.runs += 1

    def finish(self):
        step = self.rng.choice(sorted(self.running, key=lambda step: int(step.cell)))
        n, new = self.running.pop(step)
        self.asked.discard(n)
        if n in self.broken:
            assert self.wave.settle(step, status=Status.FAILED)
            return
        changed = [f"v{n}"] if new != self.value[n] else []
        self.value[n] = new
        assert self.wave.settle(step, changed)

    def rest(self):
        while self.running or self.wave.stale:
            self.start()
            assert self.running, "nothing goes on"
            self.finish()
            self.start()
        assert self.wave.done
        assert not self.asked


@EXAMPLES
@given(seeds)
def test_when_all_is_quiet_every_value_fits_its_inputs(seed):
    rng = random.Random(seed)
    kernel = Kernel(rng, rng.randint(1, 12))
    for _ in range(rng.randint(1, 40)):
        n = rng.choice(sorted(kernel.reads))
        action = rng.choice(["request", "request", "finish", "finish", "start", "move", "break"])
        if action == "request":
            kernel.request(n)
        elif action == "move":
            kernel.move(n)
        elif action == "break" and len(kernel.broken) < 2:
            kernel.broken.add(n)
        kernel.start()
        if action == "finish" and kernel.running:
            kernel.finish()
            kernel.start()
    kernel.rest()
    mended, kernel.broken = kernel.broken, set()
    for n in sorted(mended):
        kernel.request(n)
    kernel.rest()
    for n in sorted(kernel.reads):
        assert kernel.value[n] == kernel.compute(n)


SHAPES = [
    "{a} = 1", "{a} = {b}", "{a} = {b} + {c}", "{a} = {a} + {b}", "{a}.append({b})", "print({a})",
    "def {a}(): return {b}", "def {a}(): return {b}()", "{a} = {b}({c})", "{a} += 1", "del {a}",
    "{a}[{b}] = {c}", "import {a}", "if {a}: {b} = {c}", "get_ipython().system('${a}')",
    "{a} = 1; {b}()", "{a}, {b} = 1, 2",
]  # fmt: skip


def random_cell(rng):
    names = dict(zip("abc", rng.sample("uvwxyz", 3), strict=True))
    return analyze("\n".join(rng.choice(SHAPES).format(**names) for _ in range(rng.randint(1, 2))))


def check_indexes(graph, cells):
    """The two directions of every index say the same."""
    for cell, names in cells.items():
        assert graph.names(cell) == names
        for name in names.defs:
            assert graph.definers(name).count(cell) == 1
        for name in names.reads:
            source = graph.source(cell, name)
            assert source != cell
            assert source is None or name in graph.names(source).defs
            assert cell in graph.readers(source, name)
            if not graph.definers(name):
                assert source is None
    for name in "uvwxyz":
        assert all(name in cells[cell].defs for cell in graph.definers(name))


@EXAMPLES
@given(seeds, st.booleans())
def test_any_waves_on_any_graphs_end_with_each_cell_once(seed, linear):
    rng = random.Random(seed)
    graph, cells = Graph(linear=linear), {}
    wave = Wave(graph)
    for _ in range(rng.randint(1, 14)):
        cell = str(rng.randrange(8))
        names = None if rng.random() < 0.1 else random_cell(rng)
        update = graph.update(cell, names)
        if update.cycle is not None and rng.random() < 0.8:
            continue
        graph = update.graph
        cells.pop(cell, None)
        if names is not None:
            cells[cell] = names
        check_indexes(graph, cells)
        wave.update(graph, () if names is not None else (cell,))
        wave.change(Change(cell, rebound=update.rebound, status=None))
        if names is not None:
            wave.ask(cell)
        run_wave(rng, wave)
    for cell in sorted(cells):
        graph = graph.update(cell, None).graph
    assert len(graph) == len(graph._definers) == len(graph._readers) == len(graph._indirect) == 0


def run_wave(rng, wave):
    running, seen, surprised = [], [], False
    while True:
        running += wave.ready()
        superseded = wave.superseded()
        assert surprised or not superseded
        running = [step for step in running if step not in superseded]
        if not running:
            break
        step = running.pop(rng.randrange(len(running)))
        seen.append(step.cell)
        assert len(seen) < 100
        names = wave.graph.names(step.cell)
        status = rng.choice([Status.OK] * 4 + [Status.FAILED, Status.PENDING])
        if status is Status.OK:
            touched = [name for name in sorted(names.touches) if rng.random() < 0.3]
            defs = sorted(names.defs) if rng.random() < 0.7 else []
            assert wave.settle(step, defs, [*sorted(names.mutates), *touched])
            # What could not be foreseen; what a request changes concerns cells that came before it.
            surprised = surprised or bool(touched) or (step.asked and bool(names.mutates))
        else:
            assert wave.settle(step, status=status)
        assert not wave.settle(step)
    assert wave.done
    assert not wave.stale
    assert surprised or len(seen) == len(set(seen)), seen
