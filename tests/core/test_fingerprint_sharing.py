"""Several values at once: each by itself, and what they share."""

from __future__ import annotations

from typing import Any

import pytest

from .notebook import Notebook

MAKE = """
def make():
    n = 0
    def f():
        nonlocal n; n += 1
    def g(): return n
    return f, g
"""


@pytest.mark.parametrize(
    ("shared", "apart"),
    [
        ("a = [1]; b = a", "a = [1]; b = [1]"),
        ("a = [1]; b = {'x': a}", "a = [1]; b = {'x': [1]}"),
        ("a = [[1], [2]]; b = a[0]", "a = [[1], [2]]; b = [1]"),
        ("a = [[1], [1]]; b = a[0]", "a = [[1], [1]]; b = a[1]"),
        (f"{MAKE}a, b = make()", f"{MAKE}a, b = make()[0], make()[1]"),
    ],
)
def test_what_two_values_share_counts(shared: str, apart: str) -> None:
    one, other, again = Notebook(shared), Notebook(apart), Notebook(shared)
    assert [one.of("a"), one.of("b")] == [other.of("a"), other.of("b")]
    assert one.together("a", "b") == again.together("a", "b")
    assert one.together("a", "b") != other.together("a", "b")


def test_strings_and_numbers_are_not_shared() -> None:
    one, other = Notebook("a = 'x' * 50; b = a"), Notebook("a = 'x' * 50; b = 'x' * 50")
    assert one.together("a", "b") == other.together("a", "b")


def test_views_of_one_array_share_its_memory() -> None:
    numpy = pytest.importorskip("numpy")

    def together(b: Any) -> bytes:
        return Notebook(a=a, b=b).together("a", "b")

    a = numpy.zeros(10)
    assert together(a[2:5]) == together(a[2:5])
    assert len({together(b) for b in (a[2:5], a[3:6], a[2:5].copy(), a)}) == 4
    assert together(a.copy()) == together(numpy.zeros(10))


def test_a_change_in_place_is_seen_by_whoever_reaches_it() -> None:
    names = ("log", "f", "g", "n")
    notebook = Notebook("log = []\ndef f(x): log.append(x)\ndef g(x): return x\nn = 1")
    before = {name: notebook.examine(name) for name in names}
    notebook.run("f(1); g(1)")
    assert {name for name in names if before[name] != notebook.examine(name)} == {"log", "f"}
    assert before["f"].names == {"log"}
