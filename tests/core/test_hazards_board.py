"""The board: who starts when; what waiting cells may get; costs."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akernel_ipy.core.hazards import Access, Board, Entry, Loan

from .hazards import Table

SETS = "p = 1\ndef f():\n global p\n p = 2"

BINDS = "def s():\n global p\n p = q"
SWAP = "def k(x): x.append(1)\ndef s():\n global h\n h = k"
HOLDS = "class K:\n def __init__(self, x):\n  self.x = x\n"

SELF = "self.n = 1"
STEPPED = """\
class K:
 def __iter__(self): return self
 def __next__(self):
  self.n = 1
  raise StopIteration
p = K()
"""

#: setup; cells that wait for one another; a last cell that must not overtake them.
COMING = [
    # Through an object that a third cell changes, of which a waiting cell gets another name.
    ("o = []\np = []", "z = o", "o.append(p)", "z[-1].append(7)", "print(p)"),
    ("o = []\np = []", "def f(): return o", "o.append(p)", "f()[-1].append(7)", "print(p)"),
    ("o = []\np = []", "z = [o, *g()]", "o.append(p)", "y = z[0]", "y[0].append(1)", "print(p)"),
    ("y, z = [0], []", "w = y", "w[0] = z", "w[0].append(1)", "print(z)"),
    # The same, where it also binds a name that the waiting cell reads, or binds too.
    ("y, z, n = [0], [], 0", "w = y", "w[0] = z; n", "n = 5; y[0].append(1)", "print(z)"),
    ("y, z, n = [0], [], 0", "w = y", "w[0] = z; n = 4", "n = 5; y[0].append(1)", "print(z)"),
    # A name that a function binds which comes.
    (f"p, q = [], []\n{BINDS}", "len(q)\ndef k(): return s()", "k()", "p.append(7)", "print(q)"),
    # Functions that come.
    ("p = []\ndef f(): p.append(1)", "g = f", "g()", "print(p)"),
    ("p = 1\ndef f(): return p", "g = f", "g()", "p = 2"),
    ("p = 1\ndef f():\n global p\n p = 2", "g = f", "g()", "print(p)"),
    ("def f(): exec('p = 1')", "g = [f]", "g[0]()", "print(p)"),
    (SETS, "def k(): return f()", "k()", "print(p)"),
    (SETS, "def k(): return f()", "k()", "p = 3"),
    ("p = 1", "def k(): return p", "k()", "p = 3"),
    ("p = []", "def k(): p.append(1)", "k()", "print(p)"),
    ("p = []", "def k(): return len(p)", "k()", "p.append(1)"),
    ("p = 1", "def k(): exec('p = 2')", "k()", "print(p)"),
    ("class p: n = 0", "def k(): return p.n", "k()", "p.n = 1"),
    # Functions that come in the place of others, which had only read what they got.
    ("p = []\ndef f(x): return len(x)", "def f(x): x.append(1)", "f(p)", "print(p)"),
    ("p = []\ndef f(x): return len(x)", "def f(x): x.append(1)", "h = f\nh(p)", "print(p)"),
    ("p = []\ndef f(x): return k(x)\nk = len", "def k(x): x.append(1)", "f(p)", "print(p)"),
    ("p = []", "def len(x): x.append(1)", "len(p)", "print(p)"),
    (f"p = []\nh, k = len, len\n{SWAP}", "def f(): return s()", "f()", "h(p)", "print(p)"),
    (f"p = []\n{HOLDS}", f"{HOLDS}  x.append(1)", "K(p)", "print(p)"),
    # Names that come to mean something else before the function is called.
    ("p, q = [], []", "h = lambda: p", "p = q", "h().append(1)", "print(q)"),
    ("p, q = [], []", "h = lambda: p\nh()", "p = q", "h().append(1)", "print(q)"),
    ("p, q = [], []\ndef f(): return p", "h = f", "p = q", "h().append(1)", "print(q)"),
    ("p, q = [], []", "h = lambda: p", "k = h", "p = q", "k().append(1)", "print(q)"),
    # Objects that come.
    ("p = []", "q = [p]", "q[0].append(1)", "print(p)"),
    ("p = []", "q = p", "r = q", "r.append(1)", "print(p)"),
    ("p = []", "q = p", "print(q)", "p.append(1)"),
    ("import gc\np = []", "q = p", "gc.is_tracked(q)", "print(p)"),
    (f"class K:\n def __call__(self): {SELF}\np = K()", "q = p", "q()", "r = p"),
    (f"class K:\n @property\n def x(self): {SELF}\np = K()", "q = p", "q.x", "r = p"),
    (f"class K:\n def m(self): {SELF}\np = K()", "q = p", "q.m()", "r = p"),
    (STEPPED, "q = p", "for r in q: pass", "s = p"),
    # Attributes that are set.
    ("class p: n = 0", "q = p", "q.n = 2", "print(p.n)"),
    ("class p: n = 0", "q = [p]", "for c in q: c.n = 2", "print(p.n)"),
    ("class p: n = 0\ndef f(x): x.n = 3", "q = [p]", "f(q[0])", "print(p.n)"),
    ("class p: n = 0", "def f(): p.n += 1", "f()", "print(p.n)"),
    ("import numpy as p", "q = p", "q.set_printoptions(precision=2)", "p.array([1])"),
    ("p = []\nK = type('K', (), {})", "q = K(); q.x = p", "q.x.append(1)", "print(p)"),
]  # fmt: skip


@pytest.mark.parametrize("cells", COMING, ids=lambda cells: cells[-2])
def test_a_cell_does_not_overtake_what_may_yet_get_to_conflict_with_it(
    cells: tuple[str, ...],
) -> None:
    setup, *sources = cells
    table = Table(f"{setup}\ndef g(): return []")
    entries = [table.send(source) for source in sources]
    assert not entries[-1].granted
    for number in range(1, len(sources)):
        table.end(number)
    assert table.started[-1] == len(sources)


def test_functions_of_a_running_cell_lend_what_others_put_where_they_reach() -> None:
    table = Table("o = []")
    table.send("def f(): return o")
    table.send("q = []\no.append(q)")
    assert table.started == [1, 2]
    table.send("f()[-1].append(7)")
    table.end(2)
    last = table.send("print(q)")
    assert not last.granted
    table.end(1)
    assert table.started == [1, 2, 3]


def test_modules_classes_and_functions_that_come_hold_up_nobody() -> None:
    table = Table("import math\nclass K: pass\ndef f(): pass\nn = 1")
    for source in ("n = 2", "q = [math, K, f, n]", "unknown(q)"):
        table.send(source)
    assert table.send("math.pi, K(), f()").granted


def test_what_is_only_read_does_not_wait_for_readers_that_wait() -> None:
    table = Table("p = [1]")
    table.send("x = 1")
    table.send("y = sum(p) + x")
    assert table.send("print(p)").granted
    assert not table.send("p.append(1)").granted


@pytest.mark.parametrize("others", ["unknown(q)", "unknown(q, y)"])
def test_a_cell_whose_blocker_turns_out_to_be_harmless_starts_before_that_has_ended(
    others: str,
) -> None:
    table = Table("p = [1]\ny = 1")
    table.send("q = 1 if p else [p]")
    table.send("y = 2")
    table.send(others)
    last = table.send("print(p)")
    assert [entry.number for entry in last.blockers] == [3]
    table.end(1)
    assert last.granted


def test_what_a_waiting_cell_turns_out_to_get_is_handed_on() -> None:
    table = Table()
    for source in ("a = []", "n = 1", "b = [a, n]", "b[0].append(1)"):
        table.send(source)
    table.end(1)
    assert not table.send("print(a)").granted


def test_all_who_change_something_are_waited_for() -> None:
    table = Table("p, q = [], []")
    for source in ("q.append(1)", "p.append(1)", "print(p, q)"):
        last = table.send(source)
    assert [entry.number for entry in last.blockers] == [1, 2]


def test_a_request_that_comes_out_of_turn_is_compared_with_the_earlier_ones() -> None:
    table = Table()
    table.send("x = 1", 5)
    early = table.send("x = 2", 3)
    assert early.granted
    late = table.send("x", 7)
    assert {entry.number for entry in late.blockers} == {5}


def test_aborting_a_waiting_cell_frees_those_behind() -> None:
    table = Table()
    for source in ("x = 1", "y = x", "y = 2"):
        table.send(source)
    assert table.started == [1]
    table.end(2, execute=False)
    assert table.started == [1, 3]


def test_the_readers_of_a_cell_depend_on_it_and_its_rewriters_do_not() -> None:
    table = Table("p = []")
    sure = table.send("x = 1; p.append(1)")
    perhaps = table.send("unknown(p)")
    table.send("x = 2")
    table.send("print(p)")
    assert [entry.number for entry in table.board.depends(sure)] == [2]
    assert table.board.depends(perhaps) == []


NAMES = st.frozensets(st.sampled_from("abcd"), max_size=2)
TOKENS = st.frozensets(st.integers(1, 4), max_size=3)


@st.composite
def accesses(draw: st.DrawFn) -> Access:
    tokens = draw(TOKENS)
    changes = frozenset(token for token in sorted(tokens) if draw(st.booleans()))
    reads = draw(NAMES)
    barrier = draw(st.sampled_from([""] * 9 + ["exec"]))
    return Access(
        reads=reads,
        writes=draw(NAMES),
        tokens=dict.fromkeys(sorted(tokens), "n"),
        changes=changes,
        tame=draw(NAMES),
        barrier=barrier,
        loan=Loan(draw(NAMES), draw(NAMES), tokens, barrier=barrier),
    )


def conflict(one: Access, other: Access) -> bool:
    """What a pair may never do at the same time."""
    return bool(
        one.barrier
        or other.barrier
        or one.writes & (other.reads | other.writes)
        or other.writes & one.reads
        or one.changes & other.tokens.keys()
        or other.changes & one.tokens.keys()
    )


class Play:
    """Runs cells on a board; what a cell may do becomes another thing when it is looked at anew."""

    def __init__(self) -> None:
        self.started: list[Entry] = []
        self.running: dict[int, Entry] = {}
        self.board = Board(self._decided)

    def _decided(self, entry: Entry) -> None:
        if entry.granted:
            for other in self.board:
                if other.number < entry.number:
                    assert not conflict(other.access, entry.access), (other, entry)
            self.started.append(entry)
            self.running[entry.number] = entry


@settings(max_examples=100, deadline=None)
@given(st.lists(accesses(), min_size=2, max_size=9), st.data())
def test_no_two_cells_that_conflict_run_together_and_all_get_to_run(
    cells: list[Access], data: st.DataObject
) -> None:
    play = Play()
    for number, access in enumerate(cells, 1):
        play.board.enter(number, lambda access=access: access)
        if play.running and data.draw(st.booleans()):
            play.board.leave(play.running.pop(data.draw(st.sampled_from(sorted(play.running)))))
    while play.running:
        play.board.leave(play.running.pop(data.draw(st.sampled_from(sorted(play.running)))))
    assert sorted(entry.number for entry in play.started) == list(range(1, len(cells) + 1))
    assert len(play.board) == 0
    for name in ("_readers", "_writers", "_users", "_changers", "_lending"):
        assert not getattr(play.board._conflicts, name).common("abcd")


@pytest.mark.parametrize(
    "source",
    ["x += 1", "p.append(x)", "y{n} = f(p, x)", "exec('x')", "y{n} = f(y{m})", "print(p, x)"],
)
def test_the_cost_of_a_waiting_cell_does_not_grow_with_their_number(source: str) -> None:
    """Counted, not timed: how often cells are looked at."""

    def looks(size: int) -> int:
        count = 0
        board = Board(lambda entry: None)
        table = Table("x, p, y0 = 1, [], 0\ndef f(*args): return args")

        def look(text: str) -> Access:
            nonlocal count
            count += 1
            return table.look(text)

        texts = ["x = y0", *(source.format(n=n, m=n - 1) for n in range(1, size))]
        entries = [board.enter(n, lambda t=t: look(t)) for n, t in enumerate(texts, 1)]
        for entry in entries:
            assert entry.granted
            board.leave(entry)
        return count

    few, many = looks(10), looks(40)
    assert many <= 4.5 * few + 10


def test_hazards_of_a_chain_are_told_once() -> None:
    table = Table()
    entries = [table.send("x += 1") for _ in range(10)]
    for before, entry in pairwise(entries):
        assert list(entry.blockers) == [before]
