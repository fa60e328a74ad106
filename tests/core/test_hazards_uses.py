"""Tables: what a cell does to an object through other names, parts, copies and calls."""

from __future__ import annotations

import pytest

from .hazards import between

#: What is done with ``a``, which is ``[[1], [2]]``; whether that changes it.
WAYS = [
    # Statements.
    ("b = a\nb += [1]", True),
    ("b = []\nb += [a]\nb[0].append(1)", True),
    ("b = []\nb += [a]\nb.append(1)", False),
    ("b = a\ndel b[0]", True),
    ("b = a\ndel b", False),
    ("def g(): return a\nh = g\nh().append(1)", True),
    ("def g(x=a): x.append(1)\ng()", True),
    ("class K:\n x = a\nK.x.append(1)", True),
    ("match a:\n case [x, *_]: x.append(1)", True),
    ("match a:\n case [x, *_]: print(x)", False),
    ("b = {}\nb['x'] = a\nb['x'].append(1)", True),
    ("b = {}\nb['x'] = a\nb['y'] = 1", False),
    ("for x in a: x.append(1)", True),
    ("for x in a: print(x)", False),
    # Expressions.
    ("(b := a)\nb.append(1)", True),
    ("f = lambda: a\nf().append(1)", True),
    ("a\n(0 if c else a).append(1)", True),
    ("a\nb = c or a\nb.append(1)", True),
    ("[x for x in [a]][0].append(1)", True),
    ("[x for x in [a]].append(1)", False),
    ("{x: a for x in c}[0].append(1)", True),
    ("[*a][0].append(1)", True),
    ("[*a].append(1)", False),
    ("a[0].append(1)", True),
    # Calls.
    ("(lambda x: x.append(1))(a)", True),
    ("[unknown][0](a)", True),
    ("dumps(a)", False),
    ("dumps(a, inplace=flag)", True),
    ("dumps(a, copy=False)", True),
    ("dumps(a, copy=True)", False),
    ("pickle.dumps(a)", True),
    ("b = a\nheappush(b, 1)", True),
    ("b = []\nheappush(b, a)\nb[0].append(1)", True),
    ("def len(x): x.append(1)\nlen(a)", True),
    ("from somewhere import len\nlen(a)", True),
    ("len(a)", False),
    ("[*map(lambda x: a, [1])][0].append(1)", True),
    ("list(a)[0].append(1)", True),
    ("list(a).append(1)", False),
    ("min(a).append(1)", True),
    ("f = pop\nf(a)", True),
    ("f(a)", False),
    ("b = a\nre.sub('x', lambda m: b.append(1), 'x')", True),
    ("re.sub('x', lambda m: m[0], a[0])", True),
    ("b = []\nb.append(a)\nb[0].append(1)", True),
    ("b = []\nb.append(a)\nb.append(1)", False),
    ("through()[0].append(1)", True),
    ("through()", False),
]

SETUP = """\
import pickle, re
from heapq import heappush
from json import dumps
a = [[1], [2]]
def f(x): return len(x)
def pop(x): x.pop()
def through():
 x = a
 return x
"""

DECORATED = """\
import contextlib
class T(contextlib.ContextDecorator):
 n = 0
 def __enter__(self): self.n += 1
 def __exit__(self, *error): pass
t = T()
@t
def g(): pass
"""
AWAITED = "class K:\n n = 0\n def __await__(self): self.n = 1; return iter(())\nk = K()"
CALLED = "class K:\n n = 0\n def __call__(self): self.n = 1\nk = K()\ndef f(x): x()"
MAKING = """\
class K:
 made = []
 def __init__(self): self.made.append(1)
 @classmethod
 def make(cls): return cls()
"""
WRITTEN = "class W:\n def write(self, x): self.n = x\nk = W()"
SET = """\
def f(g): g.calls = 1
def make():
 def h(): pass
 return h
hs = [make()]
h0, xs = hs[0], [[1]]
"""
TENSOR = "T = type('Tensor', (), {'__module__': 'torch'})\na, b = T(), T()"
FRAME = "import pandas as pd\ndf = pd.DataFrame({'x': [1]})\ndef f(d): d['y'] = 1\n"

#: setup, first cell, second cell, why it waits.
OTHERS = [
    ("def f(): pass", "vars(f)['x'] = 1", "print(f)", "changed"),
    ("class K: pass", "vars(K.m).update(x=1)", "print(K)", "changed"),
    (AWAITED, "await k", "print(k.n)", "changed"),
    (CALLED, "f(k)", "print(k.n)", "changed"),
    (WRITTEN, "print(1, file=k)", "print(k)", "changed"),
    (DECORATED, "g()", "print(t.n)", "changed"),
    (SET, "f(hs[0])", "print(h0.calls)", "changed"),
    (SET, "print(xs)", "print(xs)", ""),
    (TENSOR, "unknown(a)", "print(b)", "changed"),
    ("class K(tuple):\n def m(self): self.x = 1\nk = K()", "k.m()", "print(k)", "changed"),
    ("class K:\n __slots__ = ()\n n = 0\nk = K()", "K.n += 1", "print(k)", "changed"),
    (MAKING, "K.make()", "print(K.made)", "changed"),
    ("", "x = 1", "print('x' in globals())", "read"),
    ("", "x = 1", "try: print(x)\nexcept NameError: pass", "read"),
    (FRAME, "df.pipe(f)", "df.head()", "changed"),
    (FRAME, "df.fillna(0, inplace=flag)", "df.head()", "changed"),
    (FRAME, "df.fillna(0, inplace=False)", "df.head()", ""),
    ("import numpy as np\na = np.arange(3)", "np.put(a, [0], 5)", "print(a)", "changed"),
    ("import numpy as np\na = np.arange(3)", "np.take(a, [0])", "print(a)", ""),
]


@pytest.mark.parametrize(("cell", "changes"), WAYS)
def test_what_is_done_through_other_names(cell: str, changes: bool) -> None:
    assert between(SETUP, cell, "print(a)") == ("changed" if changes else "")


@pytest.mark.parametrize(("setup", "first", "second", "why"), OTHERS)
def test_what_is_done_on_other_ways(setup: str, first: str, second: str, why: str) -> None:
    assert between(setup, first, second) == why
