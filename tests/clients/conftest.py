"""Kernelspecs as ``akernel install`` writes them, where the clients look first."""

from __future__ import annotations

from pathlib import Path

import pytest

from akernel_ipy import kernelspec
from akernel_ipy.core import modes

from .stories import STORIES


@pytest.fixture(scope="package")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install a kernelspec for each flavour below a directory."""
    prefix = tmp_path_factory.mktemp("prefix")
    for story in STORIES:
        mode = modes.parse(story.flavour)
        kernelspec.install(
            kernelspec.describe(mode), kernelspec.default_name(mode), prefix=str(prefix)
        )
    return prefix


@pytest.fixture(autouse=True)
def environment(prefix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Jupyter find these kernelspecs, and write below the test's directory only."""
    monkeypatch.setenv("JUPYTER_PATH", str(prefix / "share" / "jupyter"))
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("AKERNEL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    monkeypatch.chdir(tmp_path)
