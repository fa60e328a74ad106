"""What the documentation says about the code and the measurements is what these say."""

from __future__ import annotations

import re
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest
from ipykernel.displayhook import ZMQShellDisplayHook
from ipykernel.iostream import IOPubThread, OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.formatters import DisplayFormatter
from IPython.core.history import HistoryManager
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.payload import PayloadManager
from jupyter_client.session import Session

from akernel_ipy.core.modes import KNOWN
from akernel_ipy.display import AsyncDisplayHook, PlainFirstFormatter
from akernel_ipy.history import SessionHistoryManager
from akernel_ipy.kernel import AsyncKernel
from akernel_ipy.kernelapp import AsyncKernelApp
from akernel_ipy.sessions.shell import SessionShell
from akernel_ipy.shell import AsyncShell, RunPayloadManager
from akernel_ipy.threads import ThreadCompiler
from akernel_ipy.wire.iopub import DirectIOPubThread
from akernel_ipy.wire.session import WireSession
from akernel_ipy.wire.streams import AsyncOutStream

from .documents import ROOT

OVERRIDES: dict[str, tuple[type[Any], type[Any]]] = {
    "Kernel": (Kernel, AsyncKernel),
    "IPythonKernel": (IPythonKernel, AsyncKernel),
    "IPKernelApp": (IPKernelApp, AsyncKernelApp),
    "IOPubThread": (IOPubThread, DirectIOPubThread),
    "OutStream": (OutStream, AsyncOutStream),
    "ZMQShellDisplayHook": (ZMQShellDisplayHook, AsyncDisplayHook),
    "ZMQInteractiveShell": (ZMQInteractiveShell, AsyncShell),
    "InteractiveShell": (InteractiveShell, SessionShell),
    "CachingCompiler": (CachingCompiler, ThreadCompiler),
    "DisplayHook": (DisplayHook, AsyncDisplayHook),
    "DisplayFormatter": (DisplayFormatter, PlainFirstFormatter),
    "PayloadManager": (PayloadManager, RunPayloadManager),
    "HistoryManager": (HistoryManager, SessionHistoryManager),
    "Session": (Session, WireSession),
}

#: Attributes of instances: the base class has no such name.
IN_INSTANCES = {
    "_allow_stdin",
    "msg",
    "execution_count",
    "exec_result",
    "debugger",
    "_last_traceback",
    "flags",
}


def rows(path: Path) -> list[list[str]]:
    """Give the cells of all tables of a document."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]


def overridden() -> list[tuple[str, str]]:
    """Give the classes and methods that the tables of overrides name."""
    found = []
    for row in rows(ROOT / "docs" / "overrides.md"):
        owner = ""
        for name in re.findall(r"`(\w*\.?\w+)`", row[0]):
            before, _, method = name.rpartition(".")
            owner = before or owner
            if owner in OVERRIDES and method != "_instance" and not method[0].isupper():
                found.append((owner, method))
    return found


@pytest.mark.parametrize(("owner", "method"), overridden())
def test_what_is_said_to_be_overridden_is(owner: str, method: str) -> None:
    base, ours = OVERRIDES[owner]
    assert hasattr(base, method) or method in IN_INSTANCES, f"{owner} has no {method}"
    definer = next(c for c in ours.__mro__ if method in vars(c))
    assert definer not in base.__mro__, f"{owner}.{method} is inherited"


def test_the_tables_of_overrides_were_read() -> None:
    assert len(overridden()) > 30


@pytest.mark.parametrize("owner", OVERRIDES)
def test_what_is_overridden_is_in_the_tables(owner: str) -> None:
    first_columns = " ".join(row[0] for row in rows(ROOT / "docs" / "overrides.md"))
    named = set(re.findall(r"[.`](\w+)`", first_columns))
    base, ours = OVERRIDES[owner]
    foreign = {cls for known, _ in OVERRIDES.values() for cls in known.__mro__}
    methods = {
        name
        for cls in ours.__mro__
        if cls not in foreign
        for name, value in vars(cls).items()
        if isinstance(value, FunctionType | property | staticmethod) and hasattr(base, name)
    }
    assert {name for name in methods - named if not name.startswith("__")} == set()


def test_the_architecture_has_at_most_250_lines() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 250


def test_the_figures_of_the_readme_are_those_of_the_benchmarks() -> None:
    measured = {
        row[0].replace(",", ""): row[4].partition("**,")[0].strip("*")
        for row in rows(ROOT / "docs" / "benchmarks.md")
        if len(row) > 5 and row[4].startswith("**")
    }
    pairs = [row for row in rows(ROOT / "README.md") if len(row) == 2]
    quoted = [pair for pair in pairs if re.fullmatch(r"\d+\.\d+", pair[1])]
    assert len(quoted) >= 8
    for measure, ratio in quoted:
        assert measured[measure.replace(",", "")] == ratio, measure


def test_every_flavour_has_its_section() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for flavour in KNOWN:
        assert f"\n## {flavour}\n" in readme
