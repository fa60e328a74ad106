from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest

from akernel_ipy.core.errors import NotebookError
from akernel_ipy.runner.notebook import check_target, load, save
from runner.notebooks import read, write


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("print(1)", "isn't JSON"),
        ("[1, 2]", "not a notebook"),
        ('{"cells": []}', "no 'nbformat'"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{}]}', "isn't a valid"),
        ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "isn't a valid"),
        ('{"nbformat": 9, "nbformat_minor": 0}', "pip install --upgrade nbformat"),
    ],
)
def test_what_is_no_notebook_is_refused_with_its_name(
    tmp_path: Path, text: str, reason: str
) -> None:
    path = tmp_path / "broken.ipynb"
    path.write_text(text)
    with pytest.raises(NotebookError, match=r"broken\.ipynb") as caught:
        load(path)
    assert reason in str(caught.value)


def test_binary_files_directories_and_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "image.ipynb").write_bytes(b"\xff\xfe\x00")
    for name in ("image.ipynb", ".", "missing.ipynb"):
        with pytest.raises(NotebookError):
            load(tmp_path / name)


def old_notebook(version: int, minor: int) -> dict[str, Any]:
    cell = {"cell_type": "code", "metadata": {}, "outputs": []}
    if version == 4:
        cells = [{**cell, "source": ["x = 1\n", "x"], "execution_count": None}]
        body: dict[str, Any] = {"cells": cells}
    else:
        cells = [{**cell, "input": ["x = 1\n", "x"], "language": "python", "collapsed": False}]
        body = {"worksheets": [{"cells": cells, "metadata": {}}]}
    return {"nbformat": version, "nbformat_minor": minor, "metadata": {}, **body}


@pytest.mark.parametrize(("version", "minor"), [(3, 0), (4, 0), (4, 4)])
def test_older_formats_are_upgraded(tmp_path: Path, version: int, minor: int) -> None:
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(old_notebook(version, minor)))
    notebook = load(path)
    save(notebook, path)
    upgraded = read(path)
    assert (upgraded.nbformat, upgraded.nbformat_minor) == (4, 5)
    assert upgraded.cells[0].source == "x = 1\nx"
    assert upgraded.cells[0].id


def test_old_outputs_and_a_description_of_the_kernel_that_are_not_valid_are_no_hindrance(
    tmp_path: Path,
) -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "", "jetTransient": {}}
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"language": "python"}
    notebook.cells.append({**nbformat.v4.new_code_cell("1"), "outputs": [output]})
    path = tmp_path / "odd.ipynb"
    path.write_text(json.dumps(notebook))
    assert load(path).cells[0].source == "1"


def test_saving_keeps_permissions_and_links(tmp_path: Path) -> None:
    real = write(tmp_path / "real.ipynb", ["1"])
    real.chmod(0o640)
    link = tmp_path / "link.ipynb"
    link.symlink_to(real)
    notebook = load(link)
    notebook.cells[1].source = "2"
    save(notebook, link)
    assert link.is_symlink()
    assert read(real).cells[1].source == "2"
    assert real.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link.ipynb", "real.ipynb"]


def test_a_save_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "kept.ipynb", ["1"])
    before = path.read_bytes()

    def full(source: Any, target: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(NotebookError, match="No space left"):
        save(nbformat.v4.new_notebook(), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["kept.ipynb"]


def test_a_target_that_cannot_be_written_is_refused_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(NotebookError, match="create it"):
        check_target(tmp_path / "missing" / "out.ipynb")
    with pytest.raises(NotebookError, match="is a directory"):
        check_target(tmp_path)
