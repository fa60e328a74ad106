"""Notebooks are found by the ids of their cells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from akernel_ipy.sessions.files import NotebookFiles, cell_ids, server_root


def write(path: Path, *ids: str) -> Path:
    cells = [{"cell_type": "code", "id": i, "source": "", "metadata": {}} for i in ids]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": cells}))
    return path


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that the kernel is started in, below the root of a server."""
    here = tmp_path / "root" / "here"
    here.mkdir(parents=True)
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    told = {"root_dir": str(tmp_path / "root"), "token": "secret"}
    (runtime / "jpserver-4711.json").write_text(json.dumps(told))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("JPY_PARENT_PID", "4711")
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.chdir(here)
    return here


def test_a_cell_tells_its_neighbours(files: Path) -> None:
    write(files / "a.ipynb", "1", "2")
    write(files / "b.ipynb", "3")
    assert NotebookFiles().with_cell("1") == [frozenset("12")]
    assert NotebookFiles().with_cell("9") == []


def test_copies_are_all_found(files: Path) -> None:
    write(files / "a.ipynb", "1")
    write(files / "copy.ipynb", "1", "2")
    assert NotebookFiles().with_cell("1") == [frozenset("1"), frozenset("12")]


def test_the_whole_server_is_searched_but_for_hidden_directories(files: Path) -> None:
    write(files.parent / "deep" / "er" / "x.ipynb", "1")
    write(files.parent / "deep" / ".ipynb_checkpoints" / "x.ipynb", "1", "old")
    assert NotebookFiles().with_cell("1") == [frozenset("1")]


def test_without_a_server_only_what_is_near_is_searched(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JPY_PARENT_PID")
    write(files.parent / "elsewhere.ipynb", "1")
    assert NotebookFiles().with_cell("1") == []
    near = write(tmp_path / "started" / "for.ipynb", "1")
    monkeypatch.setenv("JPY_SESSION_NAME", str(near))
    assert NotebookFiles().with_cell("1") == [frozenset("1")]


def test_the_notebook_of_some_cells_is_the_one_that_has_most_of_them(files: Path) -> None:
    write(files / "a.ipynb", "1", "9")
    best = write(files / "b.ipynb", "1", "2")
    assert NotebookFiles().path_of(["1", "2", "3"]) == str(best)
    assert NotebookFiles().path_of(["7"]) is None


def test_what_is_no_notebook_is_passed_over(files: Path) -> None:
    (files / "bad.ipynb").write_text('{"cells": "1"')
    (files / "odd.ipynb").write_text('{"cells": ["1"]}')
    (files / "directory.ipynb").mkdir()
    write(files / "good.ipynb", "1")
    assert NotebookFiles().with_cell("1") == [frozenset("1")]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (b"", set()),
        (b"[]", set()),
        (b'{"cells": [{"id": "1"}, {"source": "an old format"}]}', {"1"}),
    ],
)
def test_ids_are_read_from_any_text(text: bytes, ids: set[str]) -> None:
    assert cell_ids(text) == ids


def test_no_server_no_root(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("JPY_PARENT_PID", raising=False)
    assert server_root() is None
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    assert server_root() is None
