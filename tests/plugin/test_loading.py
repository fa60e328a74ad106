"""The extension comes and goes: with what it says where it can't work, and without a trace."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import Kernel, audited
from notebooks.lab import Lab
from protocol.client import Client

from .stock import STATE, state, stock_kernel


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    profile = tmp_path_factory.mktemp("ipython") / "profile_default"
    profile.mkdir()
    (profile / "ipython_kernel_config.py").write_text("c.CacheStore.min_seconds = -1\n")
    yield from stock_kernel(env={"IPYTHONDIR": str(profile.parent)})


@pytest.fixture
def client(kernel: Kernel) -> Iterator[Client]:
    client = kernel.client()
    yield client
    kernel.release(client)


#: What the extension puts functions on, and the page that says which.
OWNERS = ("shell", "displayhook", "kernel", "wire")
PAGE = (Path(__file__).parents[2] / "docs" / "overrides.md").read_text().split("[The extension]")[1]

#: Cells that make the extension do all that it can.
CELLS = (
    "%akernel_mode cache-react",
    "total = missing + 1\ntotal",
    "missing = 2",
    "import ipywidgets\nslider = ipywidgets.IntSlider()",
    "slider.value",
    "async def one():\n    yield 1",
    "newest = live(one())",
    "import pathlib\ntext = pathlib.Path('file').exists()",
    "%akernel graph",
    "%akernel cache",
    "%%cache\ntwice = missing * 2",
)


def test_unloading_leaves_no_trace(client: Client) -> None:
    client.run(
        "%load_ext autoreload\n%reload_ext autoreload\n%unload_ext autoreload"
    )  # IPython's own
    client.run("import ipywidgets\nslider = total = missing = newest = text = twice = one = 0")
    client.run("import asyncio, pathlib, sqlite3, hashlib")
    client.run(STATE + "1")
    state(client)
    before = state(client)
    client.run("%load_ext akernel_ipy")
    loaded = state(client)
    patched = {f"{owner}.{name}" for owner in OWNERS for name in loaded[owner] - before[owner]}
    patched.add("shell._showtraceback")  # ipykernel has put one there itself
    assert patched == set(re.findall(r"^\| `(\w+\.\w+)` \|", PAGE, re.MULTILINE))
    lab = Lab(client)
    for number, cell in enumerate(CELLS):
        assert lab.run(str(number), cell).status == "ok"
    client.run("%unload_ext akernel_ipy")
    after = state(client)
    left = {"akernel_ipy", "akernel_ipy._version", "akernel_ipy._process"}
    assert set(after.pop("modules")) - set(before.pop("modules")) <= left
    assert {k: (before[k], after[k]) for k in before if before[k] != after[k]} == {}


def test_it_can_be_loaded_again_and_again(client: Client) -> None:
    for _ in range(2):
        client.run("%load_ext akernel_ipy")
        assert "already loaded" in client.run("%load_ext akernel_ipy").stdout
        assert client.run("%reload_ext akernel_ipy\n%akernel_mode react").stdout == "chain-react\n"
        assert client.run("later_ + 1").value == "None"
        client.run("%unload_ext akernel_ipy")
        assert client.execute("later_ + 1").result().ename == "NameError"
        assert client.execute("%akernel_mode react").result().reply["ename"] == "UsageError"


@pytest.mark.parametrize("flavour", ["async", "flow", "multi", "flow-react", "cache-multi"])
def test_a_flavour_that_needs_a_kernel_names_the_command_that_brings_it(
    client: Client, flavour: str
) -> None:
    client.run("%load_ext akernel_ipy")
    refused = client.execute(f"%akernel_mode {flavour}").result()
    assert refused.reply["ename"] == "UsageError"
    assert f"akernel install {flavour}" in refused.stderr
    assert client.run("%akernel_mode").stdout == "chain (known: chain, cache, react)\n"
    client.run("%unload_ext akernel_ipy")


def test_why_names_the_flavour_that_tells_it_and_none_that_a_stock_kernel_lacks(
    client: Client,
) -> None:
    client.run("%load_ext akernel_ipy")
    refused = client.execute("%akernel why").result()
    assert refused.reply["ename"] == "UsageError"
    assert "it needs react, which %akernel_mode chain-react gives it" in refused.stderr
    assert "flow" not in refused.stderr + client.run("%akernel").stdout
    assert client.run("%akernel_mode chain-react\nx_ = 1").status == "ok"
    assert "no other cell" in client.execute("%akernel why").result().stderr
    client.run("%unload_ext akernel_ipy")


def test_magics_of_the_same_name_are_back_afterwards(client: Client) -> None:
    client.run("get_ipython().register_magic_function(lambda line, cell: 'mine', 'cell', 'cache')")
    client.run("%load_ext akernel_ipy")
    assert client.run("%%cache\n1 + 1").value == "2"
    client.run("%unload_ext akernel_ipy")
    assert client.run("%%cache\n1 + 1").value == "'mine'"


def test_in_our_own_kernel_it_says_that_it_is_there_already() -> None:
    for kernel in audited(Kernel("react")):
        client = kernel.clients[0]
        assert "this kernel is akernel" in client.run("%load_ext akernel_ipy").stdout
        client.run("%unload_ext akernel_ipy")
        assert client.run("%akernel_mode").stdout.startswith("react ")


def test_in_a_terminal_it_says_what_to_use_instead(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--simple-prompt", "-c", "%load_ext akernel_ipy"],
        env={"IPYTHONDIR": str(tmp_path), "HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=90,
    )
    assert "UsageError: akernel_ipy works in Jupyter kernels" in done.stdout + done.stderr
    assert "akernel run NOTEBOOK" in done.stdout + done.stderr


def test_with_an_older_ipykernel_it_says_how_to_get_a_newer_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from akernel_ipy import plugin

    class Shell:
        kernel = display_pub = object()

    monkeypatch.setattr(plugin.importlib.metadata, "version", lambda name: "6.29.5")
    with pytest.raises(plugin.UsageError, match=r"runs 6\.29\.5; .*pip install -U") as refused:
        plugin.load(Shell())
    assert "restart" in str(refused.value)
