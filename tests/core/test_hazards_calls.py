"""Tables: what is called without being named, and what is made of the objects that are given."""

from __future__ import annotations

import pytest

from .hazards import Table, between

KEEPER = """\
import dataclasses
class Keeper:
 def __init__(self, kept): self.kept = kept
 def add_one(self): self.kept.append(1)
 def total(self): return sum(self.kept)
 @property
 def taken(self): return self.kept.pop()
 def child(self): return Keeper(self.kept)
class Holder:
 def __init__(self, kept): self.keeper = Keeper(kept)
 def go(self): self.keeper.add_one()
@dataclasses.dataclass
class Data:
 kept: list
 def grow(self): self.kept.append(1)
 def shrink(self): return self.kept[1:]
class Hook:
 def __init__(self, kept, call): self.kept, self.call = kept, call
 def ring(self): self.call()
a = [1]
def made(x): return Keeper(x)
def also_made(): return Keeper(a)
def used(x): return x.add_one()
def wrapping(f):
 def w(self): self.kept.append(1)
 return w
class Wrapped:
 def __init__(self, kept): self.kept = kept
 @wrapping
 def ask(self): return 1
def asked(x): return x.total()
def other(): Keeper([]).kept.append(1)
"""

#: What becomes of `a` in an object that a cell makes of it: cell, whether it changes.
MADE = [
    ("Keeper(a).add_one()", "changed"),
    ("Keeper(a).total()", ""),
    ("Keeper(a)", ""),
    ("k = Keeper(a)\nk.add_one()", "changed"),
    ("k = Keeper(a)\nk.total()", ""),
    ("Keeper(a).taken", "changed"),
    ("Keeper(a).child().add_one()", "changed"),
    ("Keeper(a).child().total()", ""),
    ("Holder(a).go()", "changed"),
    ("Data(a).grow()", "changed"),
    ("Wrapped(a).ask()", "changed"),
    ("Data(kept=a).grow()", "changed"),
    ("Data(a).shrink()", ""),
    ("Data(a).kept.append(2)", "changed"),
    ("made(a).add_one()", "changed"),
    ("made(a).total()", ""),
    ("used(made(a))", "changed"),
    ("asked(made(a))", ""),
    ("also_made().add_one()", "changed"),
    ("also_made().total()", ""),
    ("[k.add_one() for k in [Keeper(a)]]", "changed"),
    ("list(map(Keeper(a).add_one, [1]))", "changed"),
    ("Hook(a, print).ring()", "changed"),
    ("Hook(a, print).kept[0]", ""),
    ("other()\nKeeper(a).add_one()", "changed"),
]

STORED = """\
class S:
 def __init__(self):
  self.x = []
  self.h = {}
 def each(self): self.h()
 def n(self): return len(self.x)
s = S()
"""
COUNTED = """\
def counted(f):
 def w(*args):
  w.n += 1
  return f(*args)
 w.n = 0
 return w
@counted
def f(): pass
"""
COUNTING = """\
def make():
 seen = []
 def f(x):
  seen.append(x)
  return x
 return f
f = make()
"""
OBJECT = "class K:\n def __init__(self): self.n = []\n def {}\nk = K()"
CALLABLE = OBJECT.format("__call__(self, x): self.n.append(x)")
METHOD = OBJECT.format("m(self, x=1): self.n.append(x)")
ITERATOR = OBJECT.format("__next__(self): return self.n.append(1)")
GIVING = OBJECT.format("copy(self): return self.n")
READING = OBJECT.format("m(self, x=1): return self.n")
BASE = "class B:\n def m(self): self.n = 1\nclass K(B):\n def h(self): {}\nk = K()"
PARTIAL = "class K:\n def m(self): self.n = 1\n h = functools.partialmethod(m)\nk = K()"
REGISTRY = "class K:\n kept = []\n @classmethod\n def note(cls, x): {}cls.kept{}"
META = """\
class M(type):
 def {}(cls, x=1): cls.kept.append(x)
class K(metaclass=M):
 kept = []
a = K.kept
"""
SUBCLASSED = "class K:\n kept = []\n def __init_subclass__(cls, **kw): cls.kept.append(1)"

#: setup, first cell, second cell, why it waits.
CALLED = [
    # Decorators, bases and keywords of classes.
    (METHOD, "@k.m\nclass X: pass", "print(k)", "changed"),
    (CALLABLE, "@k\nclass X: pass", "print(k)", "changed"),
    (SUBCLASSED, "class X(K): pass", "print(K.kept)", "changed"),
    (f"{SUBCLASSED}\na = []", "class X(K, x=a): pass", "print(a)", "changed"),
    # Methods that are handed on.
    ("a = []", "list(map(a.append, [1]))", "print(a)", "changed"),
    ("a = []", "re.sub('x', a.append, 'x')", "print(a)", "changed"),
    ("a = []", "f = a.index", "print(a)", ""),
    (METHOD, "re.sub('x', k.m, 'x')", "print(k)", "changed"),
    (METHOD, "sorted([1], key=k.m)", "print(k)", "changed"),
    (READING, "re.sub('x', k.m, 'x')", "print(k)", ""),
    # Objects that are called, or stepped through, by who gets them.
    (CALLABLE, "list(map(k, [1]))", "print(k)", "changed"),
    (CALLABLE, "max([1], key=k)", "print(k)", "changed"),
    (COUNTING, "max([1], key=f)", "print(f)", "changed"),
    (CALLABLE, "re.sub('x', k, 'x')", "print(k)", "changed"),
    (CALLABLE, "print(k)", "print(k)", ""),
    (ITERATOR, "' '.join(k)", "print(k)", "changed"),
    ("class K:\n n = []\n def __init__(s, x): s.n.append(x)", "[*map(K, [1])]", "K.n", "changed"),
    ("class K:\n n = []\n def __init__(s, x): s.n.append(x)", "max([1], key=K)", "K.n", "changed"),
    # What an object holds, and calls.
    (STORED.format("self.x.clear"), "s.each()", "s.n()", "changed"),
    (STORED.format("lambda: self.x.clear()"), "s.each()", "s.n()", "changed"),
    (STORED.format("self.x.clear"), "s.n()", "s.n()", ""),
    (STORED.format("self.x.clear"), "re.sub('x', s.h, 'x')", "s.n()", "changed"),
    # Methods of bases, of classes, of metaclasses.
    (BASE.format("super().m()"), "k.h()", "print(k)", "changed"),
    (BASE.format("super(K, self).m()"), "k.h()", "print(k)", "changed"),
    (BASE.format("B.m(self)"), "k.h()", "print(k)", "changed"),
    (BASE.format("return 1"), "k.h()", "print(k)", ""),
    (PARTIAL, "k.h()", "print(k)", "changed"),
    (REGISTRY.format("", ".append(x)"), "K.note(1)", "print(K.kept)", "changed"),
    (REGISTRY.format("", ".append(x)"), "K().note(1)", "print(K.kept)", "changed"),
    (REGISTRY.format("return ", ""), "K.note(1)", "print(K.kept)", ""),
    (META.format("note"), "K.note()", "print(a)", "changed"),
    (META.format("__len__"), "len(K)", "print(a)", "changed"),
    ("class K:\n n = []\n def __class_getitem__(c, x): c.n.append(x)", "K[1]", "K.n", "changed"),
    ("class K:\n n = []\n def m(self): type(self).n.append(1)\nk = K()", "k.m()", "K.n", "changed"),
    ("class K:\n def m(self): return type(self).__name__\nk = K()", "k.m()", "print(k)", ""),
    (COUNTED, "f()", "print(f.n)", "changed"),
    # Methods by their classes.
    ("d = {}", "dict.update(d, x=1)", "print(d)", "changed"),
    ("d = {}", "collections.Counter.update(d, x=1)", "print(d)", "changed"),
    ("class K:\n def add(self, x): self.n = x\nk = K()", "K.add(k)", "print(k)", "changed"),
    ("a, b = [1], []", "b.append(a)", "print(a)", ""),
    # Attributes that are computed.
    (PROPERTY := "class K:\n @property\n def x(self): self.n = 1\nk = K()", "k.x", "k", "changed"),
    (PROPERTY, "hasattr(k, 'x')", "print(k)", "changed"),
    (PROPERTY, "hasattr(k, name)", "print(k)", "changed"),
    (PROPERTY, "match k:\n case K(x=1): pass", "print(k)", "changed"),
    (PROPERTY, "match k:\n case K(1): pass", "print(k)", "changed"),
    (PROPERTY, "match k:\n case int(1): pass", "print(k)", ""),
    # What looks like a copy.
    (GIVING, "k.copy().append(1)", "print(k)", "changed"),
    ("a = [1]", "a.copy().append(1)", "print(a)", ""),
    # Positions.
    ("a = [1]\ndef f(x, *args, y=0): args[0].pop()", "f(1, a)", "print(a)", "changed"),
    ("a = [1]\ndef f(x, *args, y=0): y.pop()", "f(1, a)", "print(a)", ""),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "why"), MADE)
def test_objects_that_are_made(cell: str, why: str) -> None:
    assert between(KEEPER, cell, "print(a)") == why


@pytest.mark.parametrize(("setup", "first", "second", "why"), CALLED)
def test_calls_that_are_not_named(setup: str, first: str, second: str, why: str) -> None:
    assert between(f"import collections, functools, re\n{setup}", first, second) == why


#: setup; what is done with an object that comes; whether it may change it.
COMING = [
    (METHOD, "q.m()", True),
    (METHOD, "use(q)", True),
    (READING, "q.m()", False),
    (READING, "use(q)", False),
    (CALLABLE, "q(1)", True),
    (CALLABLE, "re.sub('x', q, 'x')", True),
    (ITERATOR, "for x in q: pass", True),
    ("class K:\n n = []\n h = n.append\nk = K()", "q.h(1)", True),
    ("class K:\n n = []\n h: object = n.append\nk = K()", "q.h(1)", True),
    ("from collections import defaultdict\nk = defaultdict(list)", "q['x']", True),
    ("k = {'x': 1}", "q['x']", False),
    ("import numpy as np\nk = np.arange(3)\ndef use(x): x.resize(5)", "use(q)", True),
    ("k = [1]\nclass P:\n def __repr__(s): s.n = 1; return ''", "f'{q}'", True),
]


@pytest.mark.parametrize(("setup", "cell", "changes"), COMING)
def test_what_comes_may_be_of_any_class_of_the_notebook(
    setup: str, cell: str, changes: bool
) -> None:
    table = Table(f"import re\ndef use(x): x.m()\n{setup}\nn = 1")
    for source in ("n = 2", "q = k if n else n", cell):
        table.send(source)
    assert table.send("print(k)").granted is not changes
