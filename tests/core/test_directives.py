"""`core.directives`: which lines are taken off the top of a cell, and what is left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akernel_ipy.core.directives import NAMES, Directive, find, parse, tagged

CACHE, THREAD = Directive("cache"), Directive("thread")


@pytest.mark.parametrize(
    ("code", "directives", "rest"),
    [
        ("x = 1", (), "x = 1"),
        ("", (), ""),
        ("%%cache\nx = 1", (CACHE,), "# %%cache\nx = 1"),
        ("%%cache", (CACHE,), "# %%cache"),
        ("\n\n%%thread  \nx", (THREAD,), "\n\n# %%thread  \nx"),
        ("%%cache force\nx", (Directive("cache", "force"),), "# %%cache force\nx"),
        ("%%cache key=a + b \nx", (Directive("cache", "key=a + b"),), "# %%cache key=a + b \nx"),
        ("%%thread\n%%cache\nx", (THREAD, CACHE), "# %%thread\n# %%cache\nx"),
        ("%%cache\r\nx\r\n", (CACHE,), "# %%cache\r\nx\r\n"),
    ],
)
def test_directives_become_comments_on_lines_of_their_own(
    code: str, directives: tuple[Directive, ...], rest: str
) -> None:
    assert parse(code) == (directives, rest)


@pytest.mark.parametrize(
    "code",
    [
        "x = 1\n%%cache",
        " %%cache\nx",
        "# no\n%%cache\nx",
        "%%cached\nx",
        "%%cache?",
        "%cache\nx",
        '"""\n%%cache\n"""',
    ],
)
def test_anything_else_stays_as_it_is(code: str) -> None:
    assert parse(code) == ((), code)


def test_above_another_cell_magic_the_lines_are_gone_since_that_one_has_to_come_first() -> None:
    assert parse("%%cache\n%%time\nx") == ((CACHE,), "%%time\nx")


def test_tags_name_directives_too() -> None:
    assert tagged(["thread", "parameters", 3, "offload"]) == (THREAD, Directive("offload"))


def test_the_directive_nearest_to_the_code_counts() -> None:
    directives, _ = parse("%%cache\n%%cache force\nx")
    assert find(directives, "cache") == Directive("cache", "force")
    assert find(directives, "thread") is None


@given(st.lists(st.sampled_from(NAMES)), st.text(alphabet="ab \n=%#"))
def test_what_is_left_has_no_directive_on_top_and_as_many_lines(
    names: list[str], body: str
) -> None:
    code = "".join(f"%%{name}\n" for name in names) + body
    directives, rest = parse(code)
    assert [d.name for d in directives[: len(names)]] == names
    assert parse(rest)[0] == ()
    if not rest.startswith("%%"):
        assert rest.count("\n") == code.count("\n")
