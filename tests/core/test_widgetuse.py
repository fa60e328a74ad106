"""Which cells read a widget's value, and which only show it, set it or lay it out."""

from __future__ import annotations

import pytest

from akernel_ipy.core.widgetuse import reads_value


def lays_out(called: str) -> bool:
    return called in {"HBox", "W.VBox", "W.link"}


@pytest.mark.parametrize(
    "cell",
    [
        "w",
        "display(w)",
        "display(w, other)",
        "HBox([w])",
        "box = W.VBox([a, w])",
        "box = W.VBox(children=(w, b))",
        "W.link((w, 'value'), (v, 'value'))",
        "w.value = 3",
        "w.max = 10",
        "w.value += 1",  # it sets the value: re-running it for that would never end
        "w.observe(f, names='value')",
        "w.layout.width = '50%'",
        "other.value",
        "w = 1",
        "",
        "not python(",
    ],
)
def test_showing_setting_and_laying_out_read_no_value(cell: str) -> None:
    assert not reads_value(cell, "w", lays_out)


@pytest.mark.parametrize(
    "cell",
    [
        "w.value",
        "print(w.value)",
        "x = w.value + 1",
        "f(w)",
        "[w]; other = w",
        "def f(): return w.value",
        "f'{w.value}'",
        "w.get_interact_value()",
        "display(w, w.value)",
        "HBox([w])\nprint(w.value)",
        "VBox([w])",
        "(lambda: w)()",
    ],
)
def test_everything_else_may_read_it(cell: str) -> None:
    assert reads_value(cell, "w", lays_out)
