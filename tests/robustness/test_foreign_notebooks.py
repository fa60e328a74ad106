"""Notebooks that others wrote show under a flavour what they show under stock ipykernel."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from .foreign import Run, differences, environment, judge

#: A folder of notebooks whose libraries are installed here; without it nothing of this runs.
FOLDER = os.environ.get("AKERNEL_FOREIGN_NOTEBOOKS", "")
#: Each perhaps with ``nbclient:`` (wait for each reply) or ``late:`` (cells overtake each other).
FLAVOURS = os.environ.get("AKERNEL_FOREIGN_FLAVOURS", "flow late:flow chain nbclient:async").split()
#: Seconds that a notebook may take on each kernel.
PATIENCE = float(os.environ.get("AKERNEL_FOREIGN_PATIENCE", "120"))

NOTEBOOKS = sorted(Path(FOLDER).resolve().rglob("*.ipynb")) if FOLDER else []


@pytest.mark.timeout(0)
@pytest.mark.filterwarnings("default")
@pytest.mark.skipif(not FOLDER, reason="AKERNEL_FOREIGN_NOTEBOOKS names no folder")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_shows_what_stock_ipykernel_shows(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if "PYTEST" in name]:
        monkeypatch.delenv(name)  # ipykernel would not capture what goes to descriptors
    environment(monkeypatch.setenv)
    verdict = asyncio.run(judge(path, FLAVOURS, PATIENCE))
    if verdict.unsuited:
        pytest.skip(verdict.unsuited)
    told = [f"{name}: {problem}" for name, problem in verdict.problems.items()]
    told += [f"{name}: {one}" for name, found in verdict.differ.items() for one in found]
    assert not told, "\n\n".join(told)


# The comparison itself.


def run_of(*outputs: Any) -> Run:
    cells = [new_code_cell("x", execution_count=1, outputs=list(outputs))]
    return Run(new_notebook(cells=cells), 0.0)


def stream(text: str, name: str = "stdout") -> Any:
    return new_output("stream", name=name, text=text)


def result(text: str) -> Any:
    return new_output("execute_result", data={"text/plain": text}, execution_count=1)


SAME = [
    (run_of(stream("a\n"), stream("b\n")), run_of(stream("a\nb\n"))),
    (
        run_of(stream("a\n"), stream("b\n", "stderr")),
        run_of(stream("b\n", "stderr"), stream("a\n")),
    ),
    (run_of(result("<A at 0x7f00aa00bb00>")), run_of(result("<A at 0x7f99aa00bb00>"))),
    (run_of(stream("1%\r100%\n")), run_of(stream("100%\n"))),
    (run_of(stream("took 1.5 s\n")), run_of(stream("took 0.25 s\n"))),
]

OTHER = [
    (run_of(result("1")), run_of(result("2"))),
    (run_of(result("1")), run_of()),
    (run_of(result("1")), run_of(stream("1"))),
    (run_of(result("1"), stream("a")), run_of(stream("a"), result("1"))),
    (run_of(stream("a", "stderr")), run_of(stream("a"))),
    (run_of(), run_of(new_output("error", ename="E", evalue="", traceback=[]))),
]


@pytest.mark.parametrize(("stock", "run"), SAME)
def test_what_differs_between_any_two_runs_is_no_difference(stock: Run, run: Run) -> None:
    assert not list(differences([stock], run))


@pytest.mark.parametrize(("stock", "run"), OTHER)
def test_another_value_kind_or_order_is_a_difference(stock: Run, run: Run) -> None:
    assert len(list(differences([stock], run))) == 1


def test_where_stock_differs_from_itself_the_kinds_of_outputs_still_count() -> None:
    stock = [run_of(result("0.25")), run_of(result("0.75"))]
    assert not list(differences(stock, run_of(result("0.5"))))
    assert list(differences(stock, run_of(stream("0.5"))))
    assert list(differences(stock, run_of(result("0.5"), stream("a warning"))))
