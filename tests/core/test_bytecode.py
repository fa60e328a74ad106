"""What code does with names, read off its bytecode: the same on every version of Python."""

from __future__ import annotations

import sys
from types import CodeType

import pytest

from akernel_ipy.core.bytecode import Globals, Use, globals_of, inner, instructions, parts, uses


def compiled(body: str, parameters: str = "") -> CodeType:
    """The code of a function with this body."""
    lines = "\n ".join(body.splitlines())
    return next(inner(compile(f"def f({parameters}):\n {lines}", "<text>", "exec")))


def names(words: str) -> frozenset[str]:
    return frozenset(words.split())


def test_all_code_within_code_is_found() -> None:
    code = compiled("def g():\n class C:\n  def h(self): return lambda: 1\nreturn g")
    assert [part.co_name for part in inner(code)] == ["g"]
    assert [part.co_name for part in parts(code)] == ["f", "g", "C", "h", "<lambda>"]


def test_instructions_are_what_is_executed() -> None:
    found = instructions(compiled("while a:\n\n  b(a)"))
    assert not {"CACHE", "NOP", "EXTENDED_ARG"} & {each.opname for each in found}


@pytest.mark.parametrize(
    ("body", "reads", "stores", "deletes", "outer"),
    [
        ("return a + b.c(d)[e]", "a b d e", "", "", ""),
        ("a = 1; b: int = a; return b", "", "", "", ""),
        ("global a; a = b", "b", "a", "", ""),
        ("global a; a += 1", "a", "a", "", ""),
        ("global a; del a", "", "", "a", ""),
        ("global a\nimport b as a", "", "a", "", ""),
        ("global a\ndef a(): pass", "", "a", "", ""),
        ("global a\nfor a in b: pass", "b", "a", "", ""),
        ("return [a for c in b if c]", "a b", "", "", ""),
        ("return lambda c: a(c)", "a", "", "", ""),
        ("def g():\n global a\n a = b", "b", "a", "", ""),
        ("n = 0\ndef g():\n nonlocal n; n += 1", "", "", "", ""),
        ("n = 0\ndef g(): return n", "", "", "", ""),
        ("class C:\n x = a\n y = x", "__name__ a x", "", "", ""),
        ("class C:\n global a\n a = b", "__name__ b", "a", "", ""),
        ("n = 0\nclass C:\n x = n", "__name__", "", "", ""),
        ("with a as b: return b.c", "a", "", "", ""),
        ("match a:\n case B(c=1): return D", "B D a", "", "", ""),
        ("try: a()\nexcept E as e: return e", "E a", "", "", ""),
        ("async def g(): await a; yield b", "a b", "", "", ""),
        ("return f'{a}{b!r:>{c}}'", "a b c", "", "", ""),
    ],
)
def test_globals_are_found_however_deep(
    body: str, reads: str, stores: str, deletes: str, outer: str
) -> None:
    found = globals_of(compiled(body))
    assert found == Globals(names(reads), names(stores), names(deletes), names(outer))
    assert found.writes == names(f"{stores} {deletes}")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters are of Python 3.12")
def test_a_global_that_a_class_body_might_shadow_is_read() -> None:
    found = globals_of(compiled("class C:\n type A = list[n]"))
    assert "n" in found.reads


@pytest.mark.parametrize("change", ["n = 1", "n += 1", "del n"])
def test_variables_of_functions_further_out_are_told_from_its_own(change: str) -> None:
    code = compiled(f"n = 0\ndef g():\n def h():\n  nonlocal n; {change}\n return h\nreturn g")
    bound = {part.co_name: set(globals_of(part).outer) for part in parts(code)}
    assert bound == {"f": set(), "g": {"n"}, "h": {"n"}}


def test_more_names_than_one_byte_counts_are_told_apart() -> None:
    many = [f"n{number}" for number in range(300)]
    code = compiled(f"global n299; n299 = {' + '.join(many)}")
    assert globals_of(code) == Globals(frozenset(many), frozenset({"n299"}))


def test_code_that_was_compiled_twice_has_the_same_globals() -> None:
    one, other = compiled("return a"), compiled("return a")
    assert one is not other
    assert globals_of(one) == globals_of(other)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("return np.linalg.norm(a.b)", ["np.linalg.norm", "a.b"]),
        ("return np.a(np).b + np", ["np.a", "np"]),
        ("return x.np.a", []),
        ("x.a = np.a; np.b = 1; del np.c", ["np.a", "np"]),
        ("np.a += 1", ["np"]),
        ("return [np.a for _ in x]", ["np.a"]),
        ("return lambda: np.a.b", ["np.a.b"]),
        ("class C:\n x = np.a\nreturn C", ["__name__", "np.a"]),
        ("import m", ["import m"]),
        ("import m\nreturn m.a.b(x, m.c)", ["import m", "import m a b", "import m c"]),
        ("import m; return m.a", ["import m", "import m a"]),
        ("import m\nreturn x(x, m.a)", ["import m", "import m a"]),
        ("import m as k\nreturn k.a, m.b", ["m.b", "import m", "import m a"]),
        ("import m.n\nreturn m.a, m.n.b", ["import m.n", "import m a", "import m n b"]),
        ("import m.n as k\nreturn k.a", ["import m.n", "import m.n a"]),
        ("import m.n.o as k\nreturn k.a", ["import m.n.o", "import m.n.o a"]),
        ("import m\nreturn lambda: m.a", ["import m"]),
        ("import m\ny = lambda: m\nreturn m.a", ["import m", "import m a"]),
        ("global m\nimport m\nreturn m.a", ["m.a", "import m"]),
        ("from m import a, b as c\nreturn a.x, c.y", ["import m a", "import m b"]),
        ("from m.n import n", ["import m.n n"]),
        ("from . import m", ["import . m"]),
        ("from ..m import a", ["import ..m a"]),
        (
            "if x:\n import m\nelse:\n import k as m\nm.a",
            ["import m", "import m a", "import k", "import k a"],
        ),
    ],
)
def test_what_code_asks_of_globals_and_imports_is_found(body: str, found: list[str]) -> None:
    # Twice where the compiler put the end of an `if` into both branches.
    assert list(dict.fromkeys(map(shown, uses(compiled(body, "x=None"))))) == found


def shown(use: Use) -> str:
    if use.imported:
        return " ".join(["import", use.name, *use.attributes])
    return ".".join([use.name, *use.attributes])
