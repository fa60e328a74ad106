"""Several values at once: each by itself, and what they share."""

from __future__ import annotations

from typing import Any

import pytest

from akernel_ipy.core.fingerprint import Together

from .notebook import Notebook


def together(*cells: str, names: str = "ab") -> Together:
    notebook = Notebook(*cells)
    return notebook.fingerprints.together({name: notebook.names[name] for name in names})


@pytest.mark.parametrize(
    ("shared", "apart"),
    [
        ("a = [1]; b = a", "a = [1]; b = [1]"),
        ("a = [1]; b = {'x': a}", "a = [1]; b = {'x': [1]}"),
        ("a = [[1], [2]]; b = a[0]", "a = [[1], [2]]; b = [1]"),
        ("a = [[1], [1]]; b = a[0]", "a = [[1], [1]]; b = a[1]"),
        ("a = [1]\ndef b(): return a", "a = [1]\ndef b(): return a\na = [1]; c = b"),
        (
            "def make():\n n = 0\n def f():\n  nonlocal n; n += 1\n def g(): return n\n"
            " return f, g\na, b = make()",
            "def make():\n n = 0\n def f():\n  nonlocal n; n += 1\n def g(): return n\n"
            " return f, g\na, b = make()[0], make()[1]",
        ),
    ],
)
def test_what_two_values_share_counts(shared: str, apart: str) -> None:
    one, other = together(shared), together(apart)
    again = together(shared)
    assert one == again
    if "c = b" not in apart:
        assert one.sharing != other.sharing
    assert {n: p.digest for n, p in one.prints.items()} == {
        n: p.digest for n, p in other.prints.items()
    }


def test_strings_and_numbers_are_not_shared() -> None:
    assert together("a = 'x' * 50; b = a").sharing == together("a = 'x' * 50; b = 'x' * 50").sharing


def test_views_of_one_array_share_its_memory() -> None:
    numpy = pytest.importorskip("numpy")

    def sharing(b: Any) -> bytes:
        return Notebook().fingerprints.together({"a": a, "b": b}).sharing

    a = numpy.arange(10.0)
    assert sharing(a[2:5]) == sharing(a[2:5])
    assert len({sharing(b) for b in (a[2:5], a[3:6], a[2:5].copy(), a[5:], a)}) == 5
    assert sharing(a.copy()) == sharing(a[2:5].copy())


def test_what_has_no_fingerprint_is_told_apart() -> None:
    found = together("a = 1; b = (i for i in [])")
    assert set(found.prints) == {"a"}
    assert str(found.refused["b"]) == "b: a generator"


def test_a_change_in_place_is_seen_by_whoever_reaches_it() -> None:
    notebook = Notebook("log = []\ndef f(x): log.append(x)\ndef g(x): return x\nn = 1")
    values = {name: notebook.names[name] for name in ("log", "f", "g", "n")}
    before = notebook.fingerprints.together(values)
    notebook.run("f(1); g(1)")
    after = notebook.fingerprints.together(values)
    changed = {name for name in values if before.prints[name] != after.prints[name]}
    assert changed == {"log", "f"}
    assert before.prints["f"].names == {"log"}
