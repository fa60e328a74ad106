from __future__ import annotations

from pathlib import Path

import pytest

from cli.command import Command


@pytest.fixture
def akernel(tmp_path: Path) -> Command:
    return Command(tmp_path)
