"""Every block of Python in the documentation is run as cells of a launched kernel.

A block ```` ```python react ```` is a cell of a notebook of that flavour; the cells of one section
share a notebook. Its first comment may name it (``# cell 1``), so that a later block can stand for
the same cell after an edit. Under async and chain all cells up to the next ``text`` block are sent
at once, as Run All does; under react one after the other. A line ``cell 1 shows 3`` of a ``text``
block says what a cell shows by then, its lines joined by `` / ``. Under multi a cell may be one of
several notebooks (``# notebook b, cell 1``), each on a client of its own; they are sent one after
the other. ```` ```python plugin ```` is a cell of a stock kernel, one after the other as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import pytest
from kernels import Kernel
from notebooks.lab import Lab, fresh_lab
from plugin.stock import stock_kernel
from protocol.request import PATIENCE

from .documents import DOCUMENTS, ROOT, Block, blocks

#: Flavours of documents whose blocks don't say theirs.
FLAVOURS = {"caching.md": "cache", "reactivity.md": "react"}

#: What the reader of a document has done before.
PRELUDES = {
    "reactivity.md": "import time\nimport ipywidgets",
    "running-notebooks.md": (
        "import nbformat.v4 as v4\n"
        "from pathlib import Path\n"
        "import nbformat\n"
        "nbformat.write(v4.new_notebook(cells=[v4.new_code_cell('year')]), 'report.ipynb')"
    ),
    "benchmarks.md": (
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from benchmarks.case import Case, Mark, Measured, Metric\n"
        "from benchmarks.kernel import Kernel"
    ),
}

_CELL = r"((?:notebook \w+, )?(?:cell \d+|In \[\d+\]))"
_NAME = re.compile(rf"#\s*{_CELL}")
_SHOWS = re.compile(rf"{_CELL} shows (.*)")


def is_cell(block: Block) -> bool:
    return block.language == "python" and not is_configuration(block)


def is_configuration(block: Block) -> bool:
    return block.language == "python" and block.text.startswith("c.")


def flavour_of(block: Block) -> str:
    return block.flavour or FLAVOURS.get(block.document.name, "async")


def sections() -> Iterator[tuple[str, list[Block]]]:
    """Give the sections that have cells."""
    for document in DOCUMENTS:
        for section, group in groupby(blocks(document), key=lambda block: block.section):
            found = list(group)
            if any(is_cell(block) for block in found):
                yield f"{document.name}: {section}", found


class Reader:
    """Runs what a section shows, and compares it with what the section says."""

    def __init__(self, lab: Lab, flavour: str, kernel: Kernel) -> None:
        self.lab = lab
        self.kernel = kernel
        self.labs: dict[str, Lab] = {}
        self.flavour = flavour
        self.names: list[str] = []

    def cell(self, block: Block) -> None:
        named = _NAME.search(block.text)
        name = named[1] if named else f"line {block.line}"
        self.names.append(name)
        self.lab_of(name).send(name, block.text)
        if any(word in self.flavour for word in ("react", "multi", "plugin")):
            self.settle()

    def lab_of(self, name: str) -> Lab:
        """Give the notebook of a cell."""
        notebook, comma, _ = name.rpartition(", ")
        if not comma:
            return self.lab
        if notebook not in self.labs:
            self.labs[notebook] = Lab(self.kernel.client())
        return self.labs[notebook]

    def settle(self) -> None:
        for name in self.names:
            request = self.lab_of(name).requests[name].result()
            assert request.status == "ok", f"{name}: {request.reply}"

    def compare(self, block: Block) -> None:
        self.settle()
        for line in block.text.splitlines():
            if said := _SHOWS.fullmatch(line):
                self.wait(said[1], said[2])

    def wait(self, name: str, text: str) -> None:
        def shown() -> str:
            return self.lab_of(name).text(name).strip().replace("\n", " / ")

        found = self.lab_of(name).client.pump_until(lambda: shown() == text, PATIENCE / 3)
        assert found, f"{name} shows {shown()!r}, and not {text!r}"


def read(found: list[Block], lab: Lab, flavour: str, kernel: Kernel) -> None:
    """Do what a section shows."""
    reader = Reader(lab, flavour, kernel)
    for block in found:
        if is_cell(block):
            reader.cell(block)
        elif block.language == "text":
            reader.compare(block)
    reader.settle()


@pytest.mark.parametrize("found", [pytest.param(found, id=name) for name, found in sections()])
def test_the_cells_of_a_section_run_and_show_what_it_says(
    found: list[Block], kernel: Kernel, launch: Callable[..., Kernel]
) -> None:
    flavours = {flavour_of(block) for block in found if is_cell(block)}
    assert len(flavours) == 1, f"one section, several flavours: {flavours}"
    (flavour,) = flavours
    if flavour == "plugin":
        for stock in stock_kernel():
            read(found, Lab(stock.client()), flavour, stock)
        return
    if "multi" in flavour:
        kernel = launch(flavour)
    fresh = fresh_lab(kernel, flavour)
    lab = next(fresh)
    try:
        if found[0].document.name == "troubleshooting.md":  # it says `In [2]` of second cells
            lab.client.run("get_ipython().reset(new_session=True)", silent=True)
        if prelude := PRELUDES.get(found[0].document.name):
            lab.client.run(prelude, silent=True)
        read(found, lab, flavour, kernel)
    finally:
        # Sections that start something endless, such as `live`, end with their namespace.
        lab.client.run("%akernel_mode async", silent=True)
        lab.client.run(STOP, silent=True)
    next(fresh, None)


#: Cancels what cells left running.
STOP = (
    "for _task in asyncio.all_tasks() - {asyncio.current_task()}:\n"
    "    if 'agen' in repr(_task) or '/ipykernel_' in repr(_task): _task.cancel()"
)


def test_every_line_of_expectation_is_understood() -> None:
    for document in DOCUMENTS:
        for section, group in groupby(blocks(document), key=lambda block: block.section):
            found = list(group)
            if not any(is_cell(block) and block.flavour for block in found):
                continue
            for block in (block for block in found if block.language == "text"):
                for line in block.text.splitlines():
                    assert _SHOWS.fullmatch(line), f"{block}, {section}: {line!r}"


def configurations() -> list[Block]:
    return [
        block for document in DOCUMENTS for block in blocks(document) if is_configuration(block)
    ]


@pytest.mark.parametrize("block", configurations(), ids=str)
def test_a_configuration_takes_effect(
    block: Block,
    launch: Callable[..., Kernel],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    profile = tmp_path / "profile_default"
    profile.mkdir()
    text = f"c = get_config()\n{block.text}\n"
    if "AkernelPlugin" in block.text:
        (profile / "ipython_kernel_config.py").write_text(text)
        for stock in stock_kernel(env={"IPYTHONDIR": str(tmp_path)}):
            assert stock.client().run("%akernel_mode").stdout.startswith("chain-react ")
        return
    # What a kernelspec says goes before it; the installed one says nothing.
    monkeypatch.setenv(
        "AKERNEL_TEST_COMMAND", "{python} -m akernel_ipy launch -f {connection_file}"
    )
    (profile / "ipython_config.py").write_text(text)
    client = launch(env={"IPYTHONDIR": str(tmp_path)}).client()
    for trait, value in re.findall(r'^c\.AsyncKernel\.(\w+) = "(\w+)"', block.text, re.MULTILINE):
        shown = client.run(f"get_ipython().kernel.{trait}").value
        assert shown == repr(value), f"AsyncKernel.{trait}"
