"""Figures of cells that run at once: each cell shows exactly its own."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator

import pytest
from kernels import Kernel

from .client import Client
from .request import Request

PREPARE = "%matplotlib inline\nimport matplotlib.pyplot as plt"
DRAW = "plt.figure(figsize=({0}, {0}), dpi=50); _ = plt.plot([1, 2])"


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """A kernel where pyplot draws inline, at 50 dots per inch and with no cropping."""
    kernel = Kernel()
    try:
        client = kernel.clients[0]
        client.run(
            f"{PREPARE}\n%config InlineBackend.print_figure_kwargs = {{'bbox_inches': None}}"
        )
        yield kernel
        kernel.audit()
    finally:
        kernel.close()


def widths(cell: Request) -> list[int]:
    """The widths of the PNG images that a cell shows, in pixels."""
    images = [m["content"]["data"].get("image/png") for m in cell.of("display_data")]
    return [struct.unpack(">I", base64.b64decode(i)[16:20])[0] for i in images if i]


def test_two_interleaved_cells_show_exactly_their_own_figures(client: Client) -> None:
    gates = [client.gate() for _ in range(2)]
    cells = [
        client.execute(f"{DRAW.format(n + 1)}\nprint('in')\n{gate.wait}").until("in")
        for n, gate in enumerate(gates)
    ]
    for n in (0, 1):
        gates[n].open()
        assert widths(cells[n].result()) == [50 * (n + 1)]


def test_a_cell_that_ends_shows_no_figure_of_a_cell_that_still_draws(client: Client) -> None:
    gate = client.gate()
    drawing = client.execute(f"{DRAW.format(2)}\nprint('in')\n{gate.wait}").until("in")
    quick = client.run("'no figure'")
    assert widths(quick) == []
    assert widths(drawing) == []
    gate.open()
    assert widths(drawing.result()) == [100]


def test_the_current_figure_is_the_cells_own(client: Client) -> None:
    gates = [client.gate() for _ in range(2)]
    cells = [
        client.execute(
            f"figure_{n} = plt.figure(figsize=(1, 1))\nprint('in')\n{gate.wait}\n"
            f"print(plt.gcf() is figure_{n})\nplt.title('after the await')"
        ).until("in")
        for n, gate in enumerate(gates)
    ]
    for gate, cell in zip(gates, cells, strict=True):
        gate.open()
        assert cell.result().stdout == "in\nTrue\n"
        assert len(widths(cell)) == 1
    titles = client.run("[[a.get_title() for a in f.axes] for f in (figure_0, figure_1)]")
    assert titles.value == "[['after the await'], ['after the await']]"


def test_show_shows_at_once_and_only_once(client: Client) -> None:
    gate = client.gate()
    cell = client.execute(f"{DRAW.format(3)}\nplt.show()\nprint('shown')\n{gate.wait}").until(
        "shown"
    )
    client.wait(lambda: widths(cell) == [150], 10, "the figure")
    gate.open()
    assert widths(cell.result()) == [150]


def test_two_figures_of_one_cell_are_both_shown_in_order(client: Client) -> None:
    gate = client.gate()
    cell = client.execute(f"{DRAW.format(1)}\n{gate.wait}\n{DRAW.format(2)}").until_busy()
    client.run(DRAW.format(4))
    gate.open()
    assert widths(cell.result()) == [50, 100]


def test_a_failing_cell_shows_its_figure_and_leaves_none_behind(client: Client) -> None:
    failed = client.execute(f"{DRAW.format(1)}\n1 / 0").result()
    assert failed.ename == "ZeroDivisionError"
    assert widths(client.run("1")) == []
    assert client.run("plt.get_fignums()").value == "[]"


def test_a_figure_that_another_cell_holds_can_be_displayed(client: Client) -> None:
    client.run("kept_figure, _ = plt.subplots(figsize=(2, 2), dpi=50)")
    assert widths(client.run("display(kept_figure)")) == [100]


def test_ten_cells_at_once_show_ten_figures(client: Client) -> None:
    code = "await asyncio.sleep(0.01)\n{0}\nawait asyncio.sleep(0.01)"
    cells = [client.execute(code.format(DRAW.format(n + 1))) for n in range(10)]
    assert [widths(cell.result()) for cell in cells] == [[50 * (n + 1)] for n in range(10)]
