"""Read a notebook so that it can run, and write it whole or not at all."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

import nbformat
from nbformat.validator import normalize

from akernel_ipy.core.errors import NotebookError

#: The format that is run and written.
MAJOR, MINOR = 4, 5


def load(path: Path) -> Any:
    """Read a notebook of any format and bring it to nbformat 4.5.

    Raises:
        NotebookError: if it can't be read, or isn't a notebook.
    """
    data = parse(path, read_text(path))
    major = data["nbformat"]
    if major > MAJOR:
        raise NotebookError(
            f"{path} is of nbformat {major}, newer than this nbformat knows; "
            "upgrade it with: pip install --upgrade nbformat"
        )
    try:
        return upgrade(nbformat.reader.reads(json.dumps(data)))
    except (nbformat.ValidationError, KeyError, AttributeError, TypeError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise NotebookError(
            f"{path} isn't a valid notebook of nbformat {major}: {reason}; "
            "open it in JupyterLab and save it again"
        ) from error


def read_text(path: Path) -> str:
    """Give the text of a file."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotebookError(f"{path} doesn't exist; check the path") from None
    except IsADirectoryError:
        raise NotebookError(f"{path} is a directory; name a notebook in it") from None
    except UnicodeDecodeError as error:
        raise NotebookError(f"{path} isn't JSON ({error}); is it a notebook?") from error
    except OSError as error:
        raise NotebookError(f"{path} can't be read: {error.strerror}") from error


def parse(path: Path, text: str) -> dict[str, Any]:
    """Give the JSON object of a notebook's text."""
    if not text.strip():
        raise NotebookError(f"{path} is empty; write it with JupyterLab first")
    try:
        data = json.loads(text)
    except ValueError as error:
        raise NotebookError(
            f"{path} isn't JSON ({error}); is it a notebook? Save it again with JupyterLab"
        ) from error
    if not isinstance(data, dict) or not isinstance(data.get("nbformat"), int):
        raise NotebookError(f"{path} is JSON, but not a notebook: it has no 'nbformat'")
    return data


def upgrade(notebook: Any) -> Any:
    """Bring a notebook to the current format, without outputs that no longer count."""
    if notebook["nbformat"] < MAJOR:
        notebook = nbformat.convert(notebook, MAJOR)
    if notebook.get("nbformat_minor", 0) < MINOR:
        notebook = nbformat.v4.upgrade(notebook, MAJOR, notebook.get("nbformat_minor", 0))
    _, notebook = normalize(notebook)
    nbformat.validate(without_results(notebook))
    return notebook


def without_results(notebook: Any) -> Any:
    """Give what of a notebook has to be valid for a run.

    Outputs are replaced, and the kernel's description is completed: editors write odd ones, such as
    PyCharm's ``jetTransient``, which keep no other program from running the notebook.
    """
    described = ("kernelspec", "language_info")
    return {
        **notebook,
        "metadata": {k: v for k, v in notebook["metadata"].items() if k not in described},
        "cells": [{**c, "outputs": []} if "outputs" in c else c for c in notebook["cells"]],
    }


def check_target(path: Path) -> None:
    """Refuse a target that couldn't be written after the run, before the run.

    Raises:
        NotebookError: if the directory is missing, or something there can't be written.
    """
    real = Path(os.path.realpath(path))
    if real.is_dir():
        raise NotebookError(f"{path} is a directory; name a file, or end it with a slash")
    if not real.parent.is_dir():
        raise NotebookError(f"{path} can't be written: {real.parent} doesn't exist; create it")
    for place in (real.parent, real):
        if place.exists() and not os.access(place, os.W_OK):
            raise NotebookError(f"{path} can't be written: no permission to change {place}")


def save(notebook: Any, path: Path) -> None:
    """Write a notebook atomically, through links, keeping the permissions of the file.

    Raises:
        NotebookError: if it can't be written; the file is then as it was.
    """
    real = Path(os.path.realpath(path))
    draft = real.with_name(f".{real.name}.{secrets.token_hex(4)}.tmp")
    text = nbformat.writes(notebook, version=MAJOR)
    if not text.endswith("\n"):
        text += "\n"
    try:
        draft.write_bytes(text.encode("utf-8", "replace"))
        if real.exists():
            draft.chmod(real.stat().st_mode & 0o7777)
        os.replace(draft, real)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise NotebookError(f"{path} can't be written: {error.strerror}") from error
