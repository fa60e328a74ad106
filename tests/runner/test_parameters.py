from __future__ import annotations

import math

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from akernel_ipy.core.errors import NotebookError
from akernel_ipy.runner.parameters import inject, literal, parse_value, source


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-2", -2),
        ("0.5", 0.5),
        ("1e3", 1000.0),
        ("True", True),
        ("False", False),
        ("None", None),
        ("north", "north"),
        ("true", "true"),
        ("", ""),
        ("it's", "it's"),
    ],
)
def test_values_are_read_as_papermill_reads_them(text: str, value: object) -> None:
    assert parse_value(text) == value
    assert type(parse_value(text)) is type(value)


def test_floats_that_are_no_numbers_are_written_as_code() -> None:
    assert math.isnan(eval(literal(float("nan"))))
    assert eval(literal(float("-inf"))) == -math.inf


def test_a_name_that_cannot_be_assigned_is_refused() -> None:
    for name in ("no way", "class", "1st", ""):
        with pytest.raises(NotebookError, match="-p NAME VALUE"):
            source({name: 1})


def test_the_injected_cell_follows_the_defaults_and_is_replaced_by_the_next() -> None:
    defaults = new_code_cell("n = 1", metadata={"tags": ["parameters"]})
    notebook = new_notebook(cells=[new_markdown_cell("text"), defaults, new_code_cell("n")])
    inject(notebook, {"n": 2})
    first = notebook.cells[2]
    assert first.metadata["tags"] == ["injected-parameters"]
    assert first.source == "# Parameters\nn = 2"
    inject(notebook, {"n": 3})
    assert [cell.source for cell in notebook.cells] == ["text", "n = 1", "# Parameters\nn = 3", "n"]
    assert notebook.cells[2].id == first.id


def test_without_defaults_the_injected_cell_is_the_first() -> None:
    notebook = new_notebook(cells=[new_code_cell("n")])
    inject(notebook, {"n": "x"})
    assert notebook.cells[0].source == "# Parameters\nn = 'x'"
