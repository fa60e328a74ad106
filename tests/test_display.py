"""Formatting numbers and strings without detours gives what IPython gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.formatters import (
    BaseFormatter,
    DisplayFormatter,
    HTMLFormatter,
    PlainTextFormatter,
)
from traitlets import Unicode

from akernel_ipy.display import PlainFirstFormatter

VALUES = (5, True, 2.5, 3j, "text\n'", b"bytes", None, [1], {"a": 2}, object)


class Pretty(int):
    def _repr_html_(self) -> str:
        return f"<b>{int(self)}</b>"


class AllFormatter(BaseFormatter):
    """Has something to say about everything."""

    format_type = Unicode("x/all")
    print_method = "__doc__"

    def __call__(self, obj: object) -> str:
        return f"all of {obj!r}"


class SubclassFormatter(HTMLFormatter):
    def __call__(self, obj: object) -> str:
        return "<i>always</i>"


def html(kind: type | str) -> Callable[[DisplayFormatter], None]:
    def change(formatter: DisplayFormatter) -> None:
        register = formatter.formatters["text/html"]
        if isinstance(kind, str):
            module, _, name = kind.rpartition(".")
            register.for_type_by_name(module, name, lambda value: f"<b>{value}</b>")
        else:
            register.for_type(kind, lambda value: f"<b>{value}</b>")

    return change


def handled(formatter: DisplayFormatter) -> None:
    formatter.ipython_display_formatter.for_type(int, lambda value: True)


def bundled(formatter: DisplayFormatter) -> None:
    formatter.mimebundle_formatter.for_type(str, lambda value, **_: {"x/bundle": value})


def hexadecimal(formatter: DisplayFormatter) -> None:
    formatter.formatters["text/plain"].for_type(int, lambda value, p, cycle: p.text(hex(value)))


def failing(formatter: DisplayFormatter) -> None:
    def fail(value: float, p: Any, cycle: bool) -> None:
        raise NotImplementedError

    formatter.formatters["text/plain"].for_type(float, fail)


def fixed(formatter: DisplayFormatter) -> None:
    formatter.formatters["text/plain"].float_format = "%.3e"


def only_html(formatter: DisplayFormatter) -> None:
    formatter.active_types = ["text/html"]


def no_text(formatter: DisplayFormatter) -> None:
    del formatter.formatters["text/plain"]


def another(kind: type[BaseFormatter]) -> Callable[[DisplayFormatter], None]:
    def change(formatter: DisplayFormatter) -> None:
        added = kind(parent=formatter)
        formatter.formatters[added.format_type] = added

    return change


class Backwards(PlainTextFormatter):
    def __call__(self, obj: object) -> Any:
        return repr(obj)[::-1], {"backwards": True}


CHANGES = [
    *map(html, (int, bool, object, "builtins.str", "builtins.object", "numpy.ndarray")),
    *map(another, (AllFormatter, SubclassFormatter, Backwards)),
    *(handled, bundled, hexadecimal, failing, fixed, only_html, no_text),
]


def both(changes: list[Callable[[DisplayFormatter], None]]) -> list[DisplayFormatter]:
    made: list[DisplayFormatter] = [PlainFirstFormatter(), DisplayFormatter()]
    for formatter in made:
        for change in changes:
            change(formatter)
    return made


@given(
    st.one_of(st.integers(), st.floats(), st.complex_numbers(), st.text(), st.binary()),
)
def test_any_number_and_string_looks_as_in_ipython(value: object) -> None:
    ours, stock = both([])
    assert ours.format(value) == stock.format(value)


@pytest.mark.parametrize("change", CHANGES)
def test_what_the_user_registers_is_asked(change: Callable[[DisplayFormatter], None]) -> None:
    ours, stock = both([change])
    for value in (*VALUES, Pretty(7)):
        assert ours.format(value) == stock.format(value), value


@given(
    st.lists(st.sampled_from(CHANGES), max_size=4).filter(
        lambda changes: no_text not in changes[:-1]
    ),
    st.sampled_from(VALUES),
    st.sampled_from([None, ["text/plain"], ["text/html", "x/all"]]),
    st.sampled_from([None, ["text/plain"], ["text/html"]]),
)
def test_several_registrations_and_filters_are_asked_too(
    changes: list[Callable[[DisplayFormatter], None]],
    value: object,
    include: list[str] | None,
    exclude: list[str] | None,
) -> None:
    ours, stock = both(changes)
    asked = [formatter.format(value, include, exclude) for formatter in (ours, stock)]
    assert asked[0] == asked[1]


def test_a_plain_value_is_shown_without_asking_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(DisplayFormatter, "format", lambda *_: pytest.fail("the long way"))
    assert PlainFirstFormatter().format("a") == ({"text/plain": "'a'"}, {})
