"""What the pictures of docs/images show: a notebook for each, and what is done in it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from .page import READY, NotebookPage
from .photographer import Photographer
from .reactive_page import expect_pending, insert_below, run_to_end, write
from .server import REACTIVE, code_notebook

FETCH = """
import time
start = time.perf_counter()
for page in range(1, 30):
    await asyncio.sleep(1.0)
    print(f"{time.perf_counter() - start:4.1f} s   fetched page {page}")
"""
TRAIN = """
for epoch in range(1, 20):
    await asyncio.sleep(1.6)
    print(f"{time.perf_counter() - start:4.1f} s   epoch {epoch}: loss {2 / (epoch + 1):.2f}")
"""
CURVES = """
import numpy as np
import matplotlib.pyplot as plt
t = np.linspace(0, 15, 500)
plt.figure(figsize=(8.4, 2.2))
for damping in (0.2, 0.4, 0.8):
    plt.plot(t, np.exp(-damping * t) * np.cos(3 * t), label=f"damping {damping}")
plt.legend(loc="upper right");
"""


def concurrency(photographer: Photographer) -> None:
    """Two cells run, below them one has ended."""
    page = photographer.open("concurrency", [FETCH, TRAIN, CURVES], 880)
    page.run_all()
    page.cell(2).expect_ended(3)
    expect(page.cell(2).images).to_be_visible()
    page.cell(0).expect_within_output("fetched page 6")
    page.cell(1).expect_within_output("epoch 4")
    page.cell(0).select()
    photographer.take(page, "concurrency")


POWER = """
import ipywidgets
power = ipywidgets.IntSlider(value=3, min=0, max=30, description="power")
display(power)
for step in range(100):
    print(f"{power.value:3} " + "●" * power.value)
    await asyncio.sleep(0.5)
"""
BESIDE = """
for n in range(1, 100):
    await asyncio.sleep(1)
print("the other cell runs on")
"""


def slider(photographer: Photographer) -> None:
    """A slider acts in a running cell."""
    page = photographer.open("slider", [POWER, BESIDE], 560)
    page.run(1, 0)
    for value in range(4, 25):
        page.cell(0).move_slider()
        expect(page.cell(0).area.locator(".widget-readout")).to_have_text(str(value))
        if value % 4 == 0:
            page.cell(0).expect_within_output(f"{value} ●")
    photographer.take(page, "slider")


ARCHIVE = """
import time
start = time.perf_counter()

def since():
    return f"{time.perf_counter() - start:.1f} s"

async def fetch(name, seconds):
    print(since(), "ask for", name)
    await asyncio.sleep(seconds)  # stands for an archive that takes its time
    print(since(), name, "is here")
    return [len(name) * day % 7 for day in range(12)]
"""
FLOW = (
    ARCHIVE,
    'demand = await fetch("demand", 3)',
    'wind = await fetch("wind", 2)',
    'print(since(), "the wind gives", sum(wind))',
    'rest = [d - w for d, w in zip(demand, wind)]\nprint(since(), "the rest is", sum(rest))',
)


def flow(photographer: Photographer) -> None:
    """Two cells wait at the same time; what needs their data runs as soon as it is there."""
    page = photographer.open("flow", FLOW, 890, kernel="akernel-flow")
    page.run_all()
    page.cell(4).expect_within_output("the rest is")
    page.expect_status("idle")
    for index, number in ((5, 3), (6, 5)):
        insert_below(page, index - 1, f"%akernel why {number}")
        run_to_end(page, index)
    page.cell(4).select()
    photographer.take(page, "flow")


SUM = "a = b + 1\na"
DAMPING = """
# a slider
from ipywidgets import FloatSlider
damping = FloatSlider(0.1, min=0, max=1, step=0.05, description="damping")
damping
"""
TEXT = 'print(f"halves every {0.693 / damping.value:.1f} s")'
WAVE = """
# a damped wave
import numpy as np
import matplotlib.pyplot as plt
t = np.linspace(0, 10, 1000)
plt.figure(figsize=(8.4, 1.4))
plt.plot(t, np.exp(-damping.value * t) * np.cos(a * t))
plt.ylim(-1, 1);
"""


def reactivity(photographer: Photographer) -> None:
    """`b` came late and has changed, the slider has moved: what reads them has followed."""
    sources = (SUM, "b = 2", DAMPING, TEXT, WAVE, "%akernel graph")
    page = photographer.open("reactivity", sources, 1145, kernel=REACTIVE)
    run_to_end(page, 0)
    expect_pending(page.cell(0), 1, "b")
    run_to_end(page, 1, 2, 3, 4)
    write(page, 1, "b = 10")
    run_to_end(page, 1)
    page.cell(0).expect_output("[1]:", "11")
    for _ in range(5):
        page.cell(2).move_slider()
    page.cell(3).expect_within_output("every 2.0 s")
    run_to_end(page, 5)
    expect(page.cell(5).area.locator("img, svg")).to_be_visible()
    expect(page.cell(4).images).to_have_count(1)
    page.cell(2).select()
    photographer.take(page, "reactivity")


MARKET = (
    "import numpy as np, pandas as pd",
    "rate = 0.2",
    "prices = pd.Series([3.0, 3.5, 4.2])",
    "def grown(x):\n    return x * (1 + rate)",
    "forecast = prices.map(grown)",
    "changes = np.diff(prices)",
    "risk = changes.std()",
    "hedge = 4 / (rate - 0.1)",
    "orders = round(hedge)",
    "report = forecast.mean(), risk",
    "print(rate, currency)",
    "table = prices.describe()",
    "print('market is open')",
    "%akernel lazy",
    "%akernel graph",
)


def graph(photographer: Photographer) -> None:
    """Cells in every state that a cell can be in."""
    page = photographer.open("graph", MARKET, 900, kernel=REACTIVE, width=1200)
    run_to_end(page, *range(13))
    write(page, 1, "rate = 0.1")
    run_to_end(page, 1, 13)
    write(page, 2, "prices = pd.Series([3.0, 3.6, 4.4])")
    run_to_end(page, 2, 5, 14)
    picture = page.cell(14).images
    picture.scroll_into_view_if_needed()
    photographer.take(page, "graph", picture)


SIMULATE = """
import time
import matplotlib.pyplot as plt
import numpy as np

def simulate(walkers, steps):
    time.sleep(4)  # stands for a simulation that takes a while
    return np.random.default_rng(7).normal(size=(walkers, steps)).cumsum(axis=1)
"""
WALKS = """
walks = simulate(40, 500)
print(f"the farthest came {abs(walks).max():.1f} far")
"""
PLOT = """
plt.figure(figsize=(8.4, 2))
plt.plot(walks.T, lw=0.6, color="#2b6cb0", alpha=0.4);
"""


def caching(photographer: Photographer) -> None:
    """After a restart the slow cell has come back, with a note beside it."""
    sources = (SIMULATE, WALKS, PLOT, "%akernel cache why 2")
    page = photographer.open("caching", sources, 720, kernel="akernel-cache")
    page.run_all()
    page.cell(3).expect_ended(4)
    page.restart()
    page.page.wait_for_function("window.jupyterapp.shell.currentWidget.sessionContext.isReady")
    page.expect_status("idle")
    page.run_all()
    page.cell(3).expect_within_output("from the cache")
    expect(page.cell(1).locator.locator("[data-akernel-cache]")).to_be_visible()
    page.cell(1).select()
    photographer.take(page, "caching")


OURS = ('name = "Ada"\nname', "import os\nos.getpid()", "%akernel sessions")
THEIRS = ('"name" in globals()', 'name = "Grace"\nname', "import os\nos.getpid()")
BESIDE_IT = """async path => {
    const {commands} = window.jupyterapp;
    await commands.execute("docmanager:open", {path, options: {mode: "split-right"}});
}"""


def multi(photographer: Photographer) -> None:
    """Two notebooks in one process, each with a name of its own."""
    page = photographer.open("ours", OURS, 440, kernel="akernel-multi", width=1280)
    second = neighbour(page, THEIRS)
    second.run(0, 1, 2)
    second.cell(2).expect_ended(3)
    page.run(0, 1, 2)
    page.cell(2).expect_within_output("theirs.ipynb")
    photographer.take(page, "multi")


def neighbour(page: NotebookPage, sources: tuple[str, ...]) -> NotebookPage:
    """Open one more notebook on the kernel of a page, beside its own."""
    server, name = page.server, "theirs.ipynb"
    path = server.add_notebook("theirs", code_notebook(sources), "akernel-multi", name)
    (session,) = server.api("GET", "api/sessions")
    kernel = {"id": session["kernel"]["id"]}
    body = {"path": path, "name": name, "type": "notebook", "kernel": kernel}
    server.api("POST", "api/sessions", body)
    page.page.evaluate(BESIDE_IT, path)
    second = NotebookPage(page.page, server, path)
    for number, each in enumerate((page, second)):
        each.cells = page.page.locator(".jp-Notebook").nth(number).locator(".jp-CodeCell")
    page.page.wait_for_function(READY)
    return second


STOCK = (
    "%load_ext akernel_ipy\n%akernel_mode react",
    'total = price * (1 + vat)\nprint(f"{total:.2f} to pay")',
    "vat = 0.2",
    "price = 40",
    "%akernel graph",
)


def plugin(photographer: Photographer) -> None:
    """Cells of the stock kernel follow their data."""
    page = photographer.open("plugin", STOCK, 655, kernel="python3")
    run_to_end(page, *range(4))
    write(page, 3, "price = 55")
    run_to_end(page, 3, 4)
    page.cell(1).expect_output("66.00 to pay")
    expect(page.cell(4).images).to_be_visible()
    page.cell(3).select()
    photographer.take(page, "plugin")


#: The pictures by their names.
SCENES: dict[str, Callable[[Photographer], None]] = {
    scene.__name__: scene
    for scene in (concurrency, slider, flow, reactivity, graph, caching, multi, plugin)
}
