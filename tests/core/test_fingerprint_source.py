"""The digest of a cell's text: what Python sees of it."""

from __future__ import annotations

import pytest

from akernel_ipy.core.fingerprint import static_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 1  # a remark"),
        ("x = 1", "\n\nx=1\n"),
        ("x = f(1, 2)", "x = f(\n    1,\n    2,\n)"),
        ("x = 'a'", 'x = u"a"'),
        ("x = 1000", "x = 1_000"),
        ("x = 1\ny = 2", "x = 1; y = 2"),
        ("if a:\n  b", "if a:\n        b"),
        ("x = (1)", "x = 1"),
        ("x = 'a' 'b'", "x = 'ab'"),
        ("x;", "x ;  # silent"),
        ("await f()", "await  f()"),
    ],
)
def test_comments_and_layout_do_not_count(one: str, other: str) -> None:
    assert static_key(one) == static_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 2"),
        ("x = 1", "x = 1.0"),
        ("x = 1", "x = True"),
        ("x = 0.0", "x = -0.0"),
        ("x = 'a'", "x = b'a'"),
        ("x = 1", "y = 1"),
        ("x", "x;"),
        ("print(';')", "print(';');"),
        ("a + b * c", "(a + b) * c"),
        ("def f():\n 'one'", "def f():\n 'two'"),
        ("def f(): ...", "async def f(): ..."),
        ("x = f'{a}'", "x = f'{a!r}'"),
        ("x: int", "x: str"),
        ("del x", "x"),
        ("a = b = 1", "b = a = 1"),
        ("no python at all", "no python  at all"),
        ("'\\ud800'", "'\\udc00'"),
        ("x = 1\ny = 2;", "x = 1;\ny = 2"),
    ],
)
def test_everything_else_counts(one: str, other: str) -> None:
    assert static_key(one) != static_key(other)


def test_a_semicolon_in_a_string_or_before_a_remark_is_none() -> None:
    assert static_key("x = 1  # no; really") == static_key("x = 1")
    assert static_key("x = 1;  # no") == static_key("x = 1;")


def test_a_cell_nested_too_deeply_has_a_key_by_its_text() -> None:
    deep = "x = " + "-" * 5000 + "1"
    assert static_key(deep) == static_key(deep)
    assert static_key(deep) != static_key(deep + "1")
