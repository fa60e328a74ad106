"""What ``jupyter console`` prints, for each flavour."""

from __future__ import annotations

from pathlib import Path

import pytest

from akernel_ipy import kernelspec
from akernel_ipy.core import modes

from .console import Console
from .stories import STORIES, Story


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.flavour)
def test_the_console_prints_what_the_flavour_shows(story: Story, tmp_path: Path) -> None:
    kernel = kernelspec.default_name(modes.parse(story.flavour))
    with Console.start(kernel, tmp_path / "kernel.json") as console:
        for cell in story.cells:
            console.type(cell)
        printed = console.printed()
        if story.flavour == "chain":  # a traceback has more lines
            printed = [line for line in printed if line in story.transcript]
        assert printed == story.transcript
        console.exit()


def test_two_consoles_on_one_multi_kernel_have_names_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "kernel.json"
    with Console.start("akernel-multi", file) as first, Console.join(file) as second:
        first.type("x = 'mine'")
        second.type("'x' in globals()")
        assert second.printed() == ["Out[1]: False"]
        first.type("x")
        assert first.printed() == ["Out[2]: 'mine'"]
        second.exit()  # ends its session, not the kernel
        first.type("x.upper()")
        assert first.printed() == ["Out[4]: 'MINE'"]
        first.exit()


def test_the_console_says_what_an_input_waits_for(tmp_path: Path) -> None:
    with Console.start("akernel-react", tmp_path / "kernel.json", simple=False) as console:
        console.type("prnt(1)")
        printed = [line for line in console.printed() if not line.startswith("pr")]  # no echoes
        assert printed == ["Out[1]: None", "waits for `prnt`"]
        console.exit()
