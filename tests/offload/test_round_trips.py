"""A cell that runs on a worker leaves the namespace as if it had run in the kernel."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from akernel_ipy.core.errors import OffloadError
from akernel_ipy.offload._kinds import kind_of
from akernel_ipy.offload._parcel import Inputs, Packer, restore


def fresh(setup: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(setup, namespace)
    return namespace


def send(namespace: dict[str, Any], cell: str, names: list[str] | None = None) -> dict[str, str]:
    """Run a cell as a worker would; give what stayed there."""
    packer = Packer(namespace)
    parcel = packer.pack(names or [name for name in namespace if not name.startswith("__")])
    other: dict[str, Any] = {"__name__": "__main__"}
    inputs = Inputs(parcel, other)
    exec(cell, other)
    results = inputs.pack([])
    restore(results, packer.objects, namespace)
    return results.left


CASES = {
    "an element of an element": (
        "x = [1, [2]]; y = x[1]; z = {'k': x}",
        "x[1].append(5); w = y; z['n'] = w",
        "x, y, z, w, w is y, x[1] is y, z['n'] is y, z['k'] is x",
    ),
    "a class, its instances and its counter": (
        "class C:\n  n = 0\n  def bump(self): self.v = 1; C.n += 1\nc = C(); d = {'c': c}",
        "c.bump(); e = C(); e.q = c",
        "C.n, c.v, e.q is c, type(e) is C, d['c'] is c",
    ),
    "a function that sets a global": (
        "n = 0\ndef bump():\n  global n\n  n += 1\n  return n",
        "bump(); bump(); f = lambda: n",
        "n, f(), bump(), f()",
    ),
    "a closure's variable": (
        "def make():\n  n = 0\n  def inc():\n    nonlocal n\n    n += 1\n    return n\n"
        "  return inc\ninc = make(); inc()",
        "inc(); inc()",
        "inc()",
    ),
    "annotations": (
        "class T: pass\ndef f(x: T, y: 'later' = 1) -> T: return T()",
        "f.seen = True; g = f",
        "f.__annotations__ == {'x': T, 'y': 'later', 'return': T}, g is f, f.seen",
    ),
    "recursion, a cached function": (
        "import functools\n@functools.lru_cache\ndef f(x): return x + k\nk = 3\n"
        "def fact(n): return 1 if n < 2 else n * fact(n - 1)",
        "v = f(2) + fact(5)",
        "v, fact(4), f(1)",
    ),
    "the containers of collections": (
        "from collections import Counter, OrderedDict, defaultdict, deque\n"
        "c = Counter('abc'); d = defaultdict(list); q = deque([1], maxlen=3); o = OrderedDict(a=1)",
        "c['z'] += 1; d['k'].append(c); q.extend([2, 3, 4]); o['b'] = 1; o.move_to_end('a')",
        "c, dict(d), q, q.maxlen, list(o.items()), d['k'][0] is c",
    ),
    "arrays of the standard library": (
        "import array\na = array.array('i', [1, 2]); b = bytearray(b'xy'); s = {1}; t = s",
        "a.append(3); b += b'z'; s.add(2)",
        "a, b, s, t is s",
    ),
    "a dataclass with slots": (
        "from dataclasses import dataclass\n@dataclass(slots=True)\nclass P:\n  x: int\n  y: list\n"
        "p = P(1, [2])",
        "p.x = 3; p.y.append(p.x)",
        "p",
    ),
    "a random generator": (
        "import random\nr = random.Random(3)",
        "v = r.random()",
        "v, r.random()",
    ),
    "names deleted and bound": ("x = 1; y = [1]", "del x\ny = y + [2]\nimport os", "y, os.sep"),
    "an object that refers to itself": (
        "x = []; x.append(x); d = {}; d['d'] = d",
        "x.append(1); d['x'] = x",
        "x[0] is x, x[1], d['d'] is d, d['x'] is x",
    ),
    "an attribute of a function": (
        "def f(): f.calls += 1\nf.calls = 0; g = f",
        "f(); f()",
        "f.calls, g.calls, g is f",
    ),
    "an array and its other name": (
        "import numpy as np\na = np.zeros(4); b = {'a': a}; m = np.eye(2, order='F')",
        "a[1] = 5; c = a; m[0, 1] = 7",
        "a.tolist(), b['a'] is a, c is a, m.tolist(), m.flags.f_contiguous",
    ),
    "numpy's generator": (
        "import numpy as np\nrng = np.random.default_rng(1); h = [rng]",
        "v = rng.normal(size=2)",
        "v.tolist(), float(rng.normal()), h[0] is rng",
    ),
    "an array of objects": (
        "import numpy as np\na = np.array([[], None], dtype=object); b = a",
        "a[1] = 'x'",
        "a.tolist(), b.tolist()",
    ),
    "a column that is added": (
        "import pandas as pd\ndf = pd.DataFrame({'x': [1.0, 2.0], 's': ['a', 'b']}); l = [df]",
        "df['c'] = df.x * 2; df.loc[0, 'x'] = 9; g = df",
        "df.to_dict(), l[0] is df, g is df",
    ),
    "a frame that shares its memory": (
        "import pandas as pd\ndf = pd.DataFrame({'x': [1.0, 2.0]}); other = df[:]",
        "df.loc[0, 'x'] = 9",
        "df.to_dict(), other.to_dict()",
    ),
    "a frame inside of a tuple": (
        "import pandas as pd\nt = (pd.DataFrame({'x': [1]}),); u = {'t': t}",
        "t[0]['y'] = 2",
        "t[0].to_dict(), u['t'][0].to_dict()",
    ),
    "a series and an index that is only asked": (
        "import pandas as pd\ns = pd.Series([1, 2, 3]); idx = pd.Index(['a', 'b'])",
        "s[0] = 100; idx.get_loc('a'); t = int(s.sum())",
        "s.tolist(), t, list(idx)",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_namespace_is_that_of_a_local_run(case: str) -> None:
    setup, cell, look = CASES[case]
    if "numpy" in setup or "pandas" in setup:
        pytest.importorskip("pandas")
    here, there = fresh(setup), fresh(setup)
    exec(cell, here)
    assert send(there, cell) == {}
    assert repr(eval(look, there)) == repr(eval(look, here))
    assert {n for n in there if n[:2] != "__"} == {n for n in here if n[:2] != "__"}


def test_what_was_not_changed_is_the_same_object() -> None:
    setup = "x = [1]; y = {'x': x}; f = lambda: x; n = 10**20; s = 'text' * 100"
    namespace = fresh(setup)
    before = dict(namespace)
    send(namespace, "a = x; b = (y, f)")
    assert all(namespace[name] is before[name] for name in "xyfns")
    assert namespace["a"] is before["x"]
    assert namespace["b"][0] is before["y"]
    assert namespace["b"][1] is before["f"]


def test_functions_bring_what_they_read() -> None:
    namespace = fresh(
        "unit = 2\ndef base(): return unit\nclass Shape:\n  def area(self): return base() * 3\n"
        "shapes = [Shape()]\nunrelated = open('/dev/null')"
    )
    send(namespace, "area = shapes[0].area()", ["shapes"])
    assert namespace["area"] == 6
    namespace["unrelated"].close()


def test_functions_of_the_cell_are_at_home_in_the_namespace() -> None:
    namespace = fresh("k = 1")
    send(namespace, "def f(): return k\nclass C:\n  def m(self): return f()")
    namespace["k"] = 5
    assert namespace["f"].__globals__ is namespace
    assert namespace["C"]().m() == 5


def test_what_cannot_be_sent_is_named_before_anything_runs() -> None:
    namespace = fresh("import threading\nlock = threading.Lock()\ndef f():\n  with lock: return 1")
    with pytest.raises(OffloadError, match=r"`lock` can't be sent to a worker: .*lock"):
        send(namespace, "1 / 0", ["lock"])
    with pytest.raises(OffloadError, match=r"`lock`, which f\(\) reads, can't be sent"):
        send(namespace, "1 / 0", ["f"])


def test_what_cannot_come_back_is_named_and_the_rest_comes() -> None:
    namespace = fresh("old = [1]; gen = 1")
    left = send(namespace, "gen = (i for i in ()); old.append(2); new = 3")
    assert list(left) == ["gen"]
    assert "generator" in left["gen"]
    assert namespace["old"] == [1, 2]
    assert namespace["new"] == 3
    assert "gen" not in namespace


OPERATIONS = st.sampled_from(
    [
        "a.append(1)", "a.append(b)", "b.append(a)", "c['k'] = a", "c['b'] = b", "a = b", "b = [a]",
        "c = dict(c)", "o.v = a", "o.w = o", "a = [*a]", "d = o.__dict__.get('v')", "b.clear()",
        "del c['k']", "c.clear()", "o = O()", "e = (a, b, c)", "b[:1] = [o]", "f.memo = c",
        "O.shared = a", "o.bump()", "a.extend(map(id, ()))", "t[0].append(len(t))", "s.add(len(a))",
    ]
)  # fmt: skip

SETUP = """
class O:
    shared = None
    n = 0
    def bump(self):
        O.n += 1
        total.append(O.n)
def f(): return a
total = []
a, b, c, o = [0], [1], {}, O()
t = (a, [])
s = set()
"""

SHAPE = """
def shape(x, seen):
    if id(x) in seen:
        return seen[id(x)]
    seen[id(x)] = len(seen)
    if isinstance(x, (list, tuple)):
        return [type(x).__name__, seen[id(x)], *[shape(i, seen) for i in x]]
    if isinstance(x, dict):
        return ['dict', seen[id(x)], *[(k, shape(v, seen)) for k, v in x.items()]]
    if isinstance(x, set):
        return ['set', sorted(x)]
    if isinstance(x, type):
        return ['class', x.n, shape(x.shared, seen)]
    if hasattr(x, '__dict__'):
        return [type(x).__name__, seen[id(x)], shape(vars(x), seen)]
    return x
"""


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(OPERATIONS, max_size=6), min_size=1, max_size=3))
def test_any_changes_and_identities_come_back(cells: list[list[str]]) -> None:
    here, there = fresh(SETUP), fresh(SETUP)
    for operations in cells:
        cell = "\n".join(f"try: {line}\nexcept KeyError: pass" for line in operations) or "pass"
        exec(cell, here)
        assert send(there, cell) == {}
    tools: dict[str, Any] = {}
    exec(SHAPE, tools)

    def shape(namespace: dict[str, Any]) -> Any:
        seen: dict[int, int] = {}
        names = sorted(n for n in namespace if n[:2] != "__" and n not in {"f", "O"})
        return [(n, tools["shape"](namespace[n], seen)) for n in (*names, "O", "f")]

    assert shape(there) == shape(here)


class Hidden:
    """What an instance holds is in slots, one of them private."""

    __slots__ = ("__kept", "seen")

    def __init__(self, kept: object) -> None:
        self.__kept = kept
        self.seen = 1

    def kept(self) -> object:
        return self.__kept


def test_what_a_private_slot_holds_is_seen_and_brought_back() -> None:
    changed, other = Hidden("new"), Hidden("old")
    kind = kind_of(other)
    assert kind is not None
    assert kind.fill is not None
    assert kind.look(changed) != kind.look(other)
    kind.fill(other, kind.look(changed))
    assert other.kept() == "new"
