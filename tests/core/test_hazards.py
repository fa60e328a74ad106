"""Tables: why a cell waits for the one before it, and when it does not."""

from __future__ import annotations

import pytest

from .hazards import Table, between

#: first cell, second cell, why it waits: names that are bound to nothing yet.
NAMES = [
    ("x = 1", "y = 2", ""),
    ("x = 1", "x", "read"),
    ("x = 1", "x = 2", "rewrite"),
    ("x", "x = 1", "write"),
    ("x", "x", ""),
    ("x = 1", "x += 1", "read rewrite"),
    ("x += 1", "x += 1", "read rewrite"),
    ("x = 1", "del x", "read rewrite"),
    ("del x", "x = 1", "rewrite"),
    ("del x", "x", "read"),
    ("x", "del x", "write"),
    ("for x in range(3): pass", "x", "read"),
    ("with open(p) as x: pass", "x", "read"),
    ("(x := 1)", "x", "read"),
    ("x, *y = range(3)", "y", "read"),
    ("def f(): return 1", "f()", "read"),
    ("class K: pass", "K()", "read"),
    ("def f():\n global x\n x = 1\nf()", "x", "read"),
    ("try: x = 1\nexcept E as x: pass", "x", "read"),
    ("match v:\n case [x, *_]: pass", "x", "read"),
    ("x: int = 1", "x", "read"),
    ("x: int", "x", ""),
    ("[x for x in range(3)]", "x = 1", ""),
    ("def f(x): return x", "x = 1", ""),
    ("def f(): return x", "x = 1", ""),
    ("def f(): return x\nf()", "x = 1", "write"),
    ("f'{x}'", "x = 1", "write"),
    ("lambda: x", "x = 1", "write"),
    ("import math", "math.pi", "read"),
    ("import math", "import math", ""),
    ("import math", "import math as m", ""),
    ("math.pi", "import math", "write"),
    ("import numpy as m", "import math as m", "rewrite"),
    ("import math", "math = 1", "rewrite"),
    ("from math import pi", "pi", "read"),
    ("from math import pi", "from math import pi", ""),
    ("from math import pi as x", "from math import e as x", "rewrite"),
    ("print(x)", "print(y)", ""),
]

PARTIAL = """\
from functools import partial
a = [1]
f = partial(a.append, 2)
"""
WEAK = """\
import weakref
class K: pass
k = K()
r = weakref.ref(k)
"""
COUNTER = """\
def make():
 n = 0
 def f():
  nonlocal n
  n += 1
 return f
f = make()
"""
CLASS_METHOD = """\
class K:
 n = 0
 @classmethod
 def m(cls): cls.n += 1
k = K()
"""
OWN_CLASS = """\
class K:
 n = 0
 def m(self): type(self).n += 1
k = K()
"""
SIZED = """\
class K:
 def __len__(self): self.n = 1; return 1
k = K()
"""
SHOWN = """\
class K:
 def __repr__(self): self.n = 1; return ''
k = K()
"""
STEPPED = """\
class K:
 def __next__(self): self.n = 1
 def __iter__(self): return self
k = K()
"""
ADDED = """\
class K:
 def __add__(self, o): self.n = 1; return self
k = K()
"""
ENTERED = """\
class K:
 def __enter__(self): self.n = 1
 def __exit__(self, *a): pass
k = K()
"""
DATA = """\
import dataclasses
@dataclasses.dataclass
class K:
 x: list
a = [1]
"""

#: setup, first cell, second cell, why it waits: objects in place.
OBJECTS = [
    ("a = [1]", "a.append(2)", "print(a)", "changed"),
    ("a = [1]", "print(a)", "a.append(2)", "change"),
    ("a = [1]", "a.append(1)", "a.append(2)", "changed"),
    ("a = [1]", "print(a)", "print(a)", ""),
    ("a = [1]", "b = a", "print(a)", ""),
    ("a = [1]", "print(len(a))", "sum(a)", ""),
    ("a = [1]", "unknown(a)", "print(a)", "changed"),
    ("a = [1]", "print(a)", "unknown(a)", "change"),
    ("a = [1]\nb = a", "a.append(2)", "print(b)", "changed"),
    ("a = [1]\nb = [a]", "a.append(2)", "print(b)", "changed"),
    ("a = [1]\nb = {'x': a}", "b['x'].append(2)", "print(a)", "changed"),
    ("a = [1]\nb = (a, 2)", "b[0].append(2)", "print(a)", "changed"),
    ("a = [1]\nb = [a]", "b[0] = 1", "print(a)", "changed"),
    ("a = [1]\nb = [2]", "a.append(2)", "print(b)", ""),
    ("a = [[1]]\nb = a[0]", "a[0].append(2)", "print(b)", "changed"),
    ("a = [1]", "a += [2]", "a", "read changed"),
    ("a = [1]", "del a[0]", "print(a)", "changed"),
    ("a = [1]", "a[0] = 2", "print(a)", "changed"),
    ("a = {'x': 1}", "a['x'] = 2", "print(a['x'])", "changed"),
    ("a = [1]", "a.sort()", "sorted(a)", "changed"),
    ("a = [1]", "sorted(a)", "sum(a)", ""),
    ("a = [[1]]", "for r in a: r.append(1)", "print(a)", "changed"),
    ("a = [[1]]", "for r in a: print(r)", "print(a)", ""),
    ("a = iter([1])", "next(a)", "next(a)", "changed"),
    ("a = iter([1])", "print(a)", "next(a)", "changed"),
    ("a = (1, 'x', None)", "unknown(a)", "unknown(a)", ""),
    ("a = 1", "unknown(a)", "unknown(a)", ""),
    ("a = 'x'", "b = a", "c = a", ""),
    ("import math", "unknown(math)", "math.pi", ""),
    ("import math", "math.pi", "import math", ""),
    ("import math", "import math", "math.pi", ""),
    ("import json as math", "import math", "math.pi", "read"),
    ("import asyncio\na = asyncio.Lock()", "unknown(a)", "unknown(a)", ""),
    ("class K: pass\nk = K()", "k.x = 1", "print(k.x)", "changed"),
    ("class K: pass\nk = K()", "print(k)", "k.x = 1", "change"),
    ("class K: pass\nk = K()", "setattr(k, 'x', 1)", "print(k)", "changed"),
    ("class K: pass\nk = K()", "vars(k)['x'] = 1", "print(k)", "changed"),
    ("class K:\n n = 0", "K.n += 1", "print(K.n)", "changed"),
    ("class K:\n n = 0", "print(K.n)", "print(K.n)", ""),
    ("class K:\n n = 0\nk = K()", "K.n += 1", "print(k)", "changed"),
    ("class K:\n n = 0\nclass L(K): pass", "K.n += 1", "print(L)", "changed"),
    ("class K:\n n = 0", "del K.n", "K()", "changed"),
    ("class K:\n items = []", "K.items.append(1)", "print(K.items)", "changed"),
    ("def f(): pass", "f.calls = 1", "f()", "changed"),
    ("def f(): pass", "f()", "f()", ""),
    ("import types\nm = types.ModuleType('m')", "m.x = 1", "print(m.x)", "changed"),
    ("import locale", "locale.setlocale(0, c)", "locale.getlocale()", "changed"),
    ("a = [1]\nf = a.append", "f(2)", "print(a)", "changed"),
    (PARTIAL, "f()", "print(a)", "changed"),
    (WEAK, "r().x = 1", "print(k)", "changed"),
]  # fmt: skip

#: The same through functions that are called.
FUNCTIONS = [
    ("a = [1]\ndef f(): a.append(1)", "f()", "print(a)", "changed"),
    ("a = [1]\ndef f(): return len(a)", "f()", "print(a)", ""),
    ("a = [1]\ndef f(): return len(a)", "f()", "a.append(1)", "change"),
    ("a = [1]\ndef f(): return len(a)", "f()", "a = 2", "write"),
    ("x = 1\ndef f(): return x", "x = 2", "f()", "read"),
    ("x = 1\ndef f():\n global x\n x = 2", "f()", "x", "read"),
    ("x = 1\ndef f():\n global x\n x = 2", "x", "f()", "write"),
    ("x = 1\ndef g(): return x\ndef f(): return g()", "x = 2", "f()", "read"),
    ("x = 1\ndef f(): return x", "x = 2", "g = f", "read"),
    ("x = 1\nf = lambda: x", "x = 2", "f()", "read"),
    ("a = [1]\ndef f(x=a): x.append(1)", "f()", "print(a)", "changed"),
    ("def f(x=[]): x.append(1)", "f()", "f()", "changed"),
    ("def f(*, x=[]): x.append(1)", "f()", "f()", "changed"),
    ("a = [1]\ndef f(x): x.append(1)", "f(a)", "print(a)", "changed"),
    ("a = [1]\ndef f(x): return len(x)", "f(a)", "f(a)", ""),
    ("a = [1]\ndef f(x): return g(x)\ndef g(x): x.append(1)", "f(a)", "f(a)", "changed"),
    ("a = [1]\ndef f(x): return g(x)\ndef g(x): return len(x)", "f(a)", "f(a)", ""),
    ("a = [1]\ndef f(x): return x", "f(a)", "print(a)", ""),
    ("a = [1]\ndef f(x): return x", "f(a).append(1)", "print(a)", "changed"),
    ("a = [1]\ndef f(): return a", "f().append(1)", "print(a)", "changed"),
    ("a = [1]\ndef f(): return a", "b = f()", "print(a)", ""),
    ("a = [1]\ndef f(x):\n y = x\n y.append(1)", "f(a)", "print(a)", "changed"),
    ("a = [1]\ndef f(x): return lambda: x.append(1)", "f(a)", "print(a)", "changed"),
    ("a = [1]\ndef f(x): yield x", "f(a)", "print(a)", "changed"),
    (COUNTER, "f()", "f()", "changed"),
    ("def make():\n n = []\n return lambda: n\nf = make()", "f()", "f()", "changed"),
    ("class K:\n n = 0\n def m(self): K.n += 1\nk = K()", "k.m()", "print(K.n)", "changed"),
    ("class K:\n n = 0\n def m(self): self.n = 1\nk = K()", "k.m()", "print(k)", "changed"),
    ("class K:\n n = 0\n def m(self): return self.n\nk = K()", "k.m()", "print(k)", ""),
    (CLASS_METHOD, "K.m()", "print(K.n)", "changed"),
    (OWN_CLASS, "k.m()", "print(K.n)", "changed"),
    ("class K:\n @property\n def x(self): self.n = 1\nk = K()", "k.x", "print(k)", "changed"),
    (SIZED, "len(k)", "print(k)", "changed"),
    (SHOWN, "print(k)", "print(k)", "changed"),
    (STEPPED, "list(k)", "list(k)", "changed"),
    (ADDED, "k + 1", "k + 1", "changed"),
    ("class K:\n def __call__(self): self.n = 1\nk = K()", "k()", "k()", "changed"),
    (ENTERED, "with k: pass", "print(k)", "changed"),
    ("class K(list): pass\nk = K()", "print(k)", "print(k)", "changed"),
    ("def f(g): g.calls = 1\ndef h(): pass", "f(h)", "h()", "changed"),
    (DATA, "K(a)", "print(a)", ""),
]  # fmt: skip

#: What can't be followed: cell, and the word that is told.
BARRIERS = [
    ("exec('x = 1')", "exec"),
    ("eval(text)", "eval"),
    ("globals()[x]", "globals"),
    ("from math import *", "math"),
    ("get_ipython()", "get_ipython"),
    ("get_ipython().run_line_magic('run', 'x.py')", "%run"),
    ("get_ipython().system('ls')", "a shell command"),
    ("_ + 1", "_"),
    ("Out[1]", "Out"),
    ("In[1]", "In"),
    ("await __task__()", "__task__"),
    ("from __future__ import annotations", "from __future__"),
    ("import contextlib\nwith contextlib.redirect_stdout(f): pass", "redirect_stdout"),
]

#: setup, a cell that calls a function which can't be followed.
CALLS_BARRIER = [
    ("def f(): exec('x = 1')", "f()"),
    ("def f(): return globals()", "f()"),
    ("def f(): return get_ipython()", "f()"),
    ("def f():\n import sys\n return sys._getframe()", "f()"),
    ("def f(): return In[1]", "f()"),
    ("def f(): return f.__globals__", "f()"),
    ("def f():\n import __main__\n __main__.x = 1", "f()"),
]


@pytest.mark.parametrize(("first", "second", "why"), NAMES)
def test_names(first: str, second: str, why: str) -> None:
    assert between("", first, second) == why


@pytest.mark.parametrize(("setup", "first", "second", "why"), [*OBJECTS, *FUNCTIONS])
def test_objects(setup: str, first: str, second: str, why: str) -> None:
    assert between(setup, first, second) == why


@pytest.mark.parametrize(("cell", "word"), BARRIERS)
def test_what_can_not_be_followed_waits_for_all_and_holds_up_all(cell: str, word: str) -> None:
    table = Table()
    table.send("y = 1")
    barrier, behind = table.send(cell), table.send("z = 1")
    [[hazard]] = barrier.blockers.values()
    assert hazard.kind.name == "BARRIER"
    assert word in hazard.names[0]
    assert [h.kind.name for h in behind.blockers[barrier]] == ["BEHIND"]


@pytest.mark.parametrize(("setup", "cell"), CALLS_BARRIER)
def test_functions_that_can_not_be_followed_are_barriers_when_they_are_called(
    setup: str, cell: str
) -> None:
    assert between(setup, cell, "z = 1") == "behind"
    assert between(setup, "z = 1", cell) == "barrier"
    assert between("", setup, "z = 1") == ""
