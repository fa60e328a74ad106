"""Classes and their instances: by what is in them, however they came about."""

from __future__ import annotations

import copy

import pytest

from .notebook import Notebook

BASE = """
import abc, dataclasses, enum, functools
k = 1
def helper(x): return x + k

class Base:
    unit = "m"
    def run(self): return helper(1)

class C(Base):
    def __init__(self): self.x = [1]
    def run(self): return super().run()
    @property
    def size(self): return helper(2)
    @staticmethod
    def s(): return helper
    @classmethod
    def c(cls): return cls

o = C()
"""


@pytest.mark.parametrize(
    "cell",
    [
        "k = 2",
        "def helper(x): return x - k",
        "Base.unit = 's'",
        "C.unit = 's'",
        "Base.run = lambda self: 1",
        "del C.c",
        "C.added = None",
        "C.size = property(lambda self: 1)",
        "C.s = staticmethod(lambda: 1)",
        "C.__bases__ = (type('Base', (Base,), {}),)",
        "C.__name__ = 'D'; C.__qualname__ = 'D'",
        "C.__doc__ = 'new'",
    ],
)
def test_a_class_is_another_one_if_anything_in_it_changes(cell: str) -> None:
    one, other = Notebook(BASE), Notebook(BASE, cell)
    assert one.of("C") != other.of("C")
    assert one.of("o") != other.of("o")


@pytest.mark.parametrize(
    "cell",
    ["o.run()", "o.size", "C.__subclasses__()", "class D(C): pass", "isinstance(o, Base)"],
)
def test_using_a_class_does_not_change_it(cell: str) -> None:
    notebook = Notebook(BASE)
    before = notebook.of("C"), notebook.of("o")
    notebook.run(cell)
    assert (notebook.of("C"), notebook.of("o")) == before


def test_pickling_an_instance_with_slots_does_not_change_its_class() -> None:
    notebook = Notebook("class S:\n __slots__ = ('a',)\n def __init__(self): self.a = 1\ns = S()")
    before = notebook.of("S")
    copy.copy(notebook.names["s"])
    assert "__slotnames__" in vars(notebook.names["S"])
    assert notebook.of("S") == before


def test_the_order_of_methods_does_not_count_but_that_of_fields_does() -> None:
    one = Notebook("class C:\n def a(self): ...\n def b(self): ...")
    other = Notebook("class C:\n def b(self): ...\n def a(self): ...")
    assert one.of("C") == other.of("C")
    fields = "from dataclasses import dataclass\n@dataclass\nclass C:\n x: int\n y: int"
    swapped = "from dataclasses import dataclass\n@dataclass\nclass C:\n y: int\n x: int"
    assert Notebook(fields).of("C") == Notebook(fields).of("C")
    assert Notebook(fields).of("C") != Notebook(swapped).of("C")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x: int = 1", "x: int = 2"),
        ("x: int = 1", "x: float = 1"),
        ("x: list = field(default_factory=list)", "x: list = field(default_factory=dict)"),
        ("x: int = field(default=1, repr=False)", "x: int = field(default=1)"),
    ],
)
def test_dataclasses_count_by_their_fields(one: str, other: str) -> None:
    def notebook(fields: str) -> Notebook:
        start = "from dataclasses import dataclass, field\n@dataclass\nclass C:\n "
        return Notebook(start + fields + "\nc = C()")

    assert notebook(one).of("C") == notebook(one).of("C")
    assert notebook(one).of("c") != notebook(other).of("c")


@pytest.mark.parametrize(
    "cell",
    [
        "class E(Enum):\n A = 1\n B = 3",
        "class E(Enum):\n A = True\n B = 2",
        "class E(Enum):\n B = 2\n A = 1",
        "class E(Enum):\n A = 1\n B = 2\n def label(self): return 1",
        "class E(IntEnum):\n A = 1\n B = 2",
        "E.A.note = 1",
    ],
)
def test_enumerations_count_by_members_and_methods(cell: str) -> None:
    base = "from enum import Enum, IntEnum\nclass E(Enum):\n A = 1\n B = 2\n"
    one, other = Notebook(base, "a = E.A"), Notebook(base, cell, "a = E.A")
    assert one.of("E") != other.of("E")
    assert one.of("a") != other.of("a")
    assert one.of("a") != Notebook(base, "a = E.B").of("a")


def test_using_an_enumeration_does_not_change_it() -> None:
    notebook = Notebook("from enum import Flag\nclass P(Flag):\n R = 1\n W = 2")
    before = notebook.of("P")
    notebook.run("P.R | P.W; P(3); P(1)")
    assert notebook.of("P") == before
    assert Notebook("x = 1").of("x") != notebook.run("x = P.R | P.W").of("x")


def test_abstract_classes_count_without_their_caches_and_with_what_is_registered() -> None:
    notebook = Notebook("import abc\nclass A(abc.ABC): pass")
    before = notebook.of("A")
    notebook.run("isinstance(1, A); issubclass(str, A)")
    assert notebook.of("A") == before
    notebook.run("A.register(int)")
    assert notebook.of("A") != before


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("o = C(); o.x = 1", "o = C(); o.x = 2"),
        ("o = C(); o.x = 1", "o = C(); o.y = 1"),
        ("o = C(); o.x = 1", "o = D(); o.x = 1"),
        ("o = S(); o.a = 1", "o = S(); o.b = 1"),
        ("o = S(); o.a = 1", "o = S(); o.a = 1.0"),
        ("o = L([1])", "o = L([2])"),
        ("o = L([1])", "o = [1]"),
        ("o = L([1]); o.unit = 1", "o = L([1])"),
        ("o = I(1)", "o = I(2)"),
        ("o = I(1)", "o = 1"),
        ("o = W(1, 2)", "o = W(1, 3)"),
        ("o = DD(); o.extra = 1", "o = DD()"),
        ("o = C(); o.__dict__[1] = 2", "o = C(); o.__dict__[1] = 3"),
        ("o = P(lambda s: 1)", "o = P(lambda s: 2)"),
        ("o = [C(), C()]", "o = [C()] * 2"),
    ],
)
def test_instances_count_by_class_and_state(one: str, other: str) -> None:
    start = """
from collections import defaultdict
class C: pass
class D: pass
class S: __slots__ = ("a", "b")
class L(list): pass
class I(int): pass
class DD(defaultdict): pass
class P(property): pass
class W:
    def __init__(self, a, b): self.a, self.b = a, b
    def __getstate__(self): return {"a": self.a, "b": self.b}
"""
    assert Notebook(start, one).of("o") == Notebook(start, one).of("o")
    assert Notebook(start, one).of("o") != Notebook(start, other).of("o")


def test_nobodys_code_runs_while_an_instance_is_looked_at() -> None:
    notebook = Notebook(
        """
calls = []
class Loud:
    def __init__(self): self.x = 1
    def __getattr__(self, name): calls.append(name); raise AttributeError(name)
    def __getattribute__(self, name): calls.append(name); return object.__getattribute__(self, name)
    def __eq__(self, other): calls.append("eq"); return True
    def __hash__(self): calls.append("hash"); return 1
    def __repr__(self): calls.append("repr"); return "loud"
    def __len__(self): calls.append("len"); return 1
    def __iter__(self): calls.append("iter"); return iter([])
    def __bool__(self): calls.append("bool"); return True
    @property
    def __dict__(self): calls.append("dict"); return {}
    @property
    def __class__(self): calls.append("class"); return int
    @property
    def p(self): calls.append("p")
class LoudList(list):
    def __iter__(self): calls.append("iter"); return iter([])
    def __len__(self): calls.append("len"); return 0
    def __getitem__(self, i): calls.append("item")
class LoudMeta(type):
    def __getattribute__(cls, name): calls.append(name); return type.__getattribute__(cls, name)
    def __instancecheck__(cls, other): calls.append("check"); return True
    def __eq__(cls, other): calls.append("eq"); return True
    __hash__ = type.__hash__
class WithMeta(metaclass=LoudMeta): pass
o, l, m = Loud(), LoudList([1]), WithMeta()
calls.clear()
"""
    )
    for name in ("o", "l", "m"):
        notebook.of(name)
    assert notebook.names["calls"] == []


def test_a_function_put_into_an_installed_class_counts() -> None:
    notebook = Notebook("import fractions\nx = fractions.Fraction\ndef twice(s): return 2 * s")
    before = notebook.of("x")
    try:
        notebook.run("x.twice = twice")
        assert notebook.of("x") != before
    finally:
        notebook.run("del x.twice")
    assert notebook.of("x") == before


def test_instances_of_a_class_that_was_defined_again_are_told_apart_from_it() -> None:
    cell = "class C: pass\n"
    fresh = Notebook(cell, "o = C()")
    stale = Notebook(cell, "o = C()", cell)
    assert fresh.of("o") == stale.of("o")
    assert fresh.of("C") == stale.of("C")
    assert fresh.together("C", "o") != stale.together("C", "o")
