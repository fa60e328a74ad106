# ruff: noqa: E501
"""cache: what a hit leaves in the namespace is what running would have left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from protocol.caching import Notebook, cached


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Notebook, Notebook]]:
    """Two kernels with one cache: what the first one stores the second one finds."""
    for shared in cached(tmp_path_factory.mktemp("pair")):
        yield shared.notebook(PYTHONHASHSEED="1"), shared.notebook(PYTHONHASHSEED="2")


#: Name, cells separated by lines of dashes, expressions that must be true afterwards.
CASES: list[tuple[str, str, list[str]]] = [
    ("numbers", "a1 = 1; b1 = 2.5; c1 = True; d1 = 10**30; e1 = None; f1 = 1j", [
        "(a1, b1, c1, d1, e1, f1) == (1, 2.5, True, 10**30, None, 1j)", "c1 is True",
    ]),
    ("an alias of an input", "a2 = [1]\n----\nb2 = a2", ["b2 is a2"]),
    ("an alias inside an input", "a3 = {'x': [1]}\n----\nb3 = a3['x']", ["b3 is a3['x']"]),
    ("two names of one object", "a4 = b4 = [1]; c4 = {'k': a4}", ["a4 is b4", "c4['k'] is a4"]),
    ("a list changed in place", "a5 = [1]; b5 = a5\n----\na5.append(2)",
     ["a5 == [1, 2]", "b5 is a5"]),
    ("a nested change", "a6 = [[1], [2]]; b6 = a6[0]\n----\na6[0].append(9)",
     ["a6 == [[1, 9], [2]]", "b6 is a6[0]", "b6 == [1, 9]"]),
    ("a part of what the cell changes in place, in an object that is looked at twice",
     "from argparse import Namespace\nl60 = [[1], [2]]\n----\n"
     "n60 = Namespace(first=l60[0]); l60.insert(0, 'new')",
     ["n60.first is l60[1]", "l60 == ['new', [1], [2]]"]),
    ("a dict, a set, a bytearray and a deque changed in place",
     "from collections import deque\nd7 = {1: 2}; s7 = {1}; y7 = bytearray(b'a'); q7 = deque([1])\n"
     "all7 = [d7, s7, y7, q7]\n----\nd7['n'] = 3; s7.add(2); y7.extend(b'b'); q7.append(2)",
     ["d7 == {1: 2, 'n': 3}", "s7 == {1, 2}", "y7 == b'ab'", "list(q7) == [1, 2]",
      "all(x is y for x, y in zip(all7, [d7, s7, y7, q7]))"]),
    ("an array changed in place", "import numpy as np\na8 = np.zeros(4); v8 = a8[1:3]\n----\na8[1] = 5",
     ["a8.tolist() == [0, 5, 0, 0]", "v8.tolist() == [5, 0]", "v8.base is a8"]),
    ("a view of an input", "import numpy as np\na9 = np.arange(12.).reshape(3, 4)\n----\n"
     "v9 = a9[::-1, 1]", ["v9.base is a9.base", "v9.tolist() == [9, 5, 1]"]),
    ("two views made together", "import numpy as np\na10 = np.arange(6); v10 = a10[2:]",
     ["v10.base is a10", "v10.tolist() == [2, 3, 4, 5]"]),
    ("arrays can be written", "import numpy as np\na11 = np.arange(100_000.); b11 = np.arange(3)",
     ["a11.flags.writeable and b11.flags.writeable", "a11.__setitem__(0, 7.) is None"]),
    ("a frame changed in place", "import pandas as pd\nd12 = pd.DataFrame({'x': [1, 2]}); e12 = d12\n"
     "----\nd12['y'] = d12['x'] * 2",
     ["e12 is d12", "list(d12.columns) == ['x', 'y']", "d12['y'].tolist() == [2, 4]"]),
    ("an instance changed in place",
     "class P13:\n    def __init__(self, v): self.v = v\np13 = P13(1); q13 = p13\n----\np13.v = 2; p13.w = 3",
     ["q13 is p13", "p13.v == 2 and p13.w == 3", "type(p13) is P13"]),
    ("a function of the notebook sees later globals",
     "k14 = 7\n----\ndef f14(x=2): return x * k14\n----\nk14 = 10", ["f14() == 20", "f14.__module__ == '__main__'"]),
    ("a recursive function", "def f15(n): return 1 if n < 2 else n * f15(n - 1)", ["f15(5) == 120"]),
    ("closures that share a variable",
     "def make16():\n    n = 0\n    def inc():\n        nonlocal n\n        n += 1\n        return n\n"
     "    def get(): return n\n    return inc, get\n----\ni16, g16 = make16()",
     ["(i16(), i16(), g16()) == (1, 2, 2)"]),
    ("a closure's counter moves in place",
     "def make17():\n    n = 0\n    def inc():\n        nonlocal n\n        n += 1\n        return n\n"
     "    return inc\ni17 = make17(); j17 = i17\n----\nx17 = i17()", ["x17 == 1", "j17() == 2", "i17() == 3"]),
    ("lambdas and partials", "from functools import partial\nl18 = lambda x: x + 1\np18 = partial(l18, 2)",
     ["l18(1) == 2", "p18() == 3", "p18.func is l18"]),
    ("a class and its instances in later cells",
     "class C19:\n    n = 0\n    def m(self): return super().__repr__() and C19.n\n"
     "    @property\n    def p(self): return 5\n    @classmethod\n    def c(cls): return cls\n"
     "    @staticmethod\n    def s(): return 1\n----\nx19 = C19()\n----\ny19 = [x19, C19()]",
     ["type(x19) is C19", "y19[0] is x19", "type(y19[1]) is C19", "x19.m() == 0 and x19.p == 5",
      "C19.c() is C19", "C19.s() == 1"]),
    ("a dataclass", "from dataclasses import dataclass, field, fields\n@dataclass(frozen=True)\n"
     "class D20:\n    a: int\n    b: list = field(default_factory=list)\nd20 = D20(1)\n----\ne20 = D20(1)",
     ["d20 == e20", "[f.name for f in fields(D20)] == ['a', 'b']", "type(e20) is D20",
      "D20.__annotations__ == {'a': int, 'b': list}"]),
    ("an enum", "import enum\nclass E21(enum.Enum):\n    A = 1\n    B = 2\ne21 = E21.A\n----\nf21 = E21(1)",
     ["e21 is E21.A", "f21 is e21", "list(E21) == [E21.A, E21.B]"]),
    ("a subclass, an abstract base, slots",
     "import abc\nclass B22(abc.ABC):\n    @abc.abstractmethod\n    def f(self): ...\n"
     "class C22(B22):\n    __slots__ = ('x',)\n    def f(self): return self.x\nc22 = C22(); c22.x = 4\n"
     "----\nd22 = C22(); d22.x = 5",
     ["c22.f() == 4 and d22.f() == 5", "isinstance(d22, B22)"]),
    ("a named tuple", "from typing import NamedTuple\nclass N23(NamedTuple):\n    a: int\n    b: str = 'x'\n"
     "n23 = N23(1)\n----\nm23 = N23(2)", ["n23 == (1, 'x')", "type(m23) is N23 and m23.a == 2"]),
    ("a class attribute that counts", "class K24:\n    n = 0\nx24 = K24()\n----\nK24.n += 1\n----\nr24 = K24.n",
     ["K24.n == 1 and x24.n == 1 and r24 == 1"]),
    ("a deleted name", "a25 = 1; b25 = [2]\n----\ndel a25\nc25 = b25", ["'a25' not in globals()", "c25 is b25"]),
    ("a decorated and cached function",
     "import functools\ndef deco26(f):\n    @functools.wraps(f)\n    def g(*a): return f(*a) + 1\n    return g\n"
     "----\n@deco26\ndef f26(x): return x\n@functools.lru_cache(None)\ndef h26(x): return x * 2",
     ["f26(1) == 2 and f26.__wrapped__(1) == 1", "h26(4) == 8 and h26.cache_info().currsize == 1"]),
    ("async functions and generators functions",
     "import asyncio\nasync def f27(): return 3\ndef g27(): yield 4\n----\nv27 = await f27(); w27 = list(g27())",
     ["v27 == 3 and w27 == [4]"]),
    ("modules by name", "import os.path as p28, xml.etree.ElementTree\nfrom json import dumps as d28",
     ["p28.sep == '/'", "xml.etree.ElementTree.__name__ == 'xml.etree.ElementTree'", "d28([1]) == '[1]'"]),
    ("frames, series, indexes, categories, dates",
     "import pandas as pd, numpy as np\nf29 = pd.DataFrame({'a': [1, 2], 'b': ['x', None], "
     "'c': pd.Categorical(['u', 'v']), 'd': pd.date_range('2020', periods=2)})\ns29 = f29['a']\n----\n"
     "g29 = f29.groupby('b').sum(numeric_only=True); h29 = f29",
     ["h29 is f29", "g29.loc['x', 'a'] == 1", "str(f29.dtypes['c']) == 'category'"]),
    ("strings, sets and dicts that hold them",
     "s30 = {'b', 'a', 'c'}; d30 = {'z': 1, 'a': 2}; t30 = (s30, d30)\n----\nu30 = sorted(s30); v30 = list(d30)",
     ["u30 == ['a', 'b', 'c']", "v30 == ['z', 'a']", "t30[0] is s30"]),
    ("cycles", "a31 = []; a31.append(a31); b31 = {'self': None}; b31['self'] = b31\n----\nc31 = a31[0]",
     ["a31[0] is a31", "b31['self'] is b31", "c31 is a31"]),
    ("a random generator", "import numpy as np\nr32 = np.random.default_rng(1)\n----\nx32 = r32.random()\n----\n"
     "y32 = r32.random()", ["x32 != y32", "(x32, y32) == tuple(np.random.default_rng(1).random(2))"]),
    ("global random numbers after a seed",
     "import numpy as np, random\nnp.random.seed(3); random.seed(3)\n----\nx33 = np.random.rand(); y33 = random.random()"
     "\n----\nz33 = np.random.rand()",
     ["x33 == np.random.RandomState(3).rand()", "y33 == random.Random(3).random()", "z33 != x33"]),
    ("a throwaway underscore", "for _ in range(3): x34 = _\n----\ny34 = [_ for _ in range(2)]",
     ["x34 == 2 and _ == 2", "y34 == [0, 1]"]),
    ("a global set by a function", "def f35():\n    global g35\n    g35 = [1]\n----\nf35()\n----\nh35 = g35",
     ["g35 == [1]", "h35 is g35"]),
    ("a default argument that remembers", "def f36(x, seen=[]):\n    seen.append(x)\n    return len(seen)\n----\n"
     "a36 = f36(1)\n----\nb36 = f36(1)", ["(a36, b36) == (1, 2)", "f36(0) == 3"]),
    ("default dicts, counters, ordered dicts",
     "from collections import defaultdict, Counter, OrderedDict\nd37 = defaultdict(list); c37 = Counter(); "
     "o37 = OrderedDict()\n----\nd37['a'].append(1); c37.update('aab'); o37['z'] = 1",
     ["d37 == {'a': [1]} and d37['new'] == []", "c37['a'] == 2", "list(o37) == ['z']"]),
    ("what holds members of an enumeration",
     "import enum\nclass L38(enum.Enum):\n    A = 1\n----\n"
     "class T38: pass\ni38 = T38(); i38.level, i38.tags = L38.A, []\n----\ni38.tags.append(1); L38.A.note = 2",
     ["i38.tags == [1]", "i38.level is L38.A", "L38.A.note == 2", "L38(1) is L38.A"]),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "checks"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_a_hit_leaves_what_running_leaves(
    pair: tuple[Notebook, Notebook], cells: str, checks: list[str]
) -> None:
    first, second = pair
    codes = cells.split("\n----\n")
    ran = first.run_all(*codes)
    assert all(cell.stored or cell.hit for cell in ran), [cell.told for cell in ran]
    first.flush()
    hits = second.run_all(*codes)
    assert all(cell.hit for cell in hits), [cell.told for cell in hits]
    for notebook in pair:
        for check in checks:
            assert notebook.ask(f"bool({check})"), check


def test_what_was_stored_lives_no_longer_than_its_names(pair: tuple[Notebook, Notebook]) -> None:
    for notebook in pair:
        notebook.run("import numpy as np, weakref")
        notebook.run("big = {'x': np.ones(1000)}")
        notebook.run("%%nocache\nalive = weakref.ref(big['x'])")
        assert notebook.run("%%nocache\ndel big\nalive()").value is None
