"""Figures that cells draw in threads."""

from __future__ import annotations

from .client import Client

PNG = "image/png"


def pictures(cell: object) -> int:
    return sum(PNG in m["content"]["data"] for m in cell.of("display_data"))  # type: ignore[attr-defined]


def test_a_figure_is_shown_below_its_cell(client: Client) -> None:
    cell = client.run("%%thread\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])", timeout=60)
    assert pictures(cell) == 1


def test_two_cells_that_draw_at_once_show_each_its_own(client: Client) -> None:
    client.run("import threading; import matplotlib.pyplot as plt", timeout=60)
    client.run("both_thr = threading.Barrier(2)")
    cells = [
        client.execute(
            f"%%thread\nplt.figure()\nboth_thr.wait(20)\nplt.plot([{n}, 2])\nboth_thr.wait(20)\n"
            "len(plt.get_fignums())"
        )
        for n in range(2)
    ]
    for cell in cells:
        assert cell.result().value == "1"
        assert pictures(cell) == 1


def test_show_in_a_thread(client: Client) -> None:
    cell = client.run(
        "%%thread\nimport matplotlib.pyplot as plt\nplt.plot([1]); plt.show(); print('after')",
        timeout=60,
    )
    kinds = [m["msg_type"] for m in cell.outputs]
    assert kinds == ["display_data", "stream"]
