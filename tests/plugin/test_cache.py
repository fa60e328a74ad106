"""The extension in stock kernels: cells that come back, in this kernel and in a later one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kernels import Kernel
from protocol.request import Request

from .stock import notebook, stock_kernel

CELLS = (
    "import sys, time\nfrom pathlib import Path\nPath('runs').open('a').write('x')",
    "import sys\nfrom IPython.display import HTML, display\n"
    "print('out')\nprint('err', file=sys.stderr)\ndisplay(HTML('<b>bold</b>'))\n"
    "numbers = [n * n for n in range(4)]\nnumbers",
    "class Point:\n    x = 1\npoint = Point()\nother = point\nother is point",
)


def told(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = request.replies[0]["metadata"].get("akernel", {}).get("cache", {})
    return found


def shown(request: Request) -> list[tuple[str, Any]]:
    return [
        (m["msg_type"], m["content"].get("text") or m["content"]["data"]) for m in request.outputs
    ]


def run_all(kernel: Kernel) -> list[Request]:
    for lab in notebook(kernel, "cache"):
        found = [lab.run(str(n), code) for n, code in enumerate(CELLS)]
        assert lab.ask("numbers, other is point") == ([0, 1, 4, 9], True)
    return found


def test_a_later_kernel_brings_back_what_this_one_made(tmp_path: Path) -> None:
    profile = tmp_path / "profile_default"
    profile.mkdir()
    (profile / "ipython_config.py").write_text("c.CacheStore.min_seconds = -1\n")
    env = {"IPYTHONDIR": str(tmp_path), "AKERNEL_CACHE_DIR": str(tmp_path / "cache")}
    env["XDG_STATE_HOME"] = str(tmp_path / "state")
    for kernel in stock_kernel(env=env):
        first = run_all(kernel)
        assert [told(r).get("stored") for r in first] == [False, True, True]
        again = run_all(kernel)
    for kernel in stock_kernel(env=env):
        later = run_all(kernel)
    for requests in (again, later):
        assert [told(r).get("hit") for r in requests] == [False, True, True]
        assert [shown(r) for r in requests] == [shown(r) for r in first]
        assert [r.count for r in requests][1] == requests[0].count + 1


def test_a_cell_that_asks_or_makes_a_widget_is_not_stored(tmp_path: Path) -> None:
    for kernel in stock_kernel(env={"AKERNEL_CACHE_DIR": str(tmp_path / "cache")}):
        for lab in notebook(kernel, "cache"):
            cell = lab.send("ask", "%%cache\nname = input('name? ')", allow_stdin=True)
            cell.answer("Ada")
            assert told(cell.result())["uncached"] == "it asks the user"
            widget = lab.run("w", "%%cache\nimport ipywidgets\nslider = ipywidgets.IntSlider()")
            assert told(widget)["uncached"] == "it talks to a widget"
