"""A plain notebook shows the same with every flavour as with stock ipykernel."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from .percent import NOTEBOOKS, cells_of
from .runs import Shown, at_once, one_by_one

NAMES = [path.stem for path in NOTEBOOKS]


@cache
def shown(flavour: str, all_at_once: bool) -> dict[str, Shown]:
    """What every cell of every notebook shows, with one kernel for all notebooks."""
    return at_once(flavour) if all_at_once else one_by_one(flavour)


def by_stream(outputs: list[Any]) -> list[Any]:
    """Take stdout and stderr apart: which comes first is up to stock ipykernel's timers."""
    streams = {"stdout": "", "stderr": ""}
    for kind, *rest in outputs:
        if kind in streams:
            streams[kind] += rest[0]
    return [*streams.items(), *(output for output in outputs if output[0] not in streams)]


def check(name: str, found: Shown, expected: Shown) -> None:
    sources = cells_of(NOTEBOOKS[NAMES.index(name)])
    wrong = [cell for cell in expected if by_stream(found[cell]) != by_stream(expected[cell])]
    assert not wrong, "\n".join(
        f"{name} {cell}:\n{sources[cell]}\nshows {found[cell]}\n not  {expected[cell]}"
        for cell in wrong
    )


def test_there_are_ten_notebooks_of_a_dozen_cells_each() -> None:
    assert len(NOTEBOOKS) >= 10
    assert all(len(cells_of(path)) >= 10 for path in NOTEBOOKS)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "flavour", ["async", "chain", "flow", "react", "chain-react", "flow-react"]
)
def test_run_all_shows_what_ipykernel_shows(flavour: str, name: str) -> None:
    check(name, shown(flavour, True)[name], shown("stock", True)[name])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("flavour", ["async", "flow", "react"])
def test_nbclient_saves_what_it_saves_with_ipykernel(flavour: str, name: str) -> None:
    check(name, shown(flavour, False)[name], shown("stock", False)[name])
