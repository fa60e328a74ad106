"""Stock kernels for tests of the extension, and what can be told of a shell's state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kernels import Kernel
from notebooks.lab import Lab
from protocol.client import Client

#: How a stock kernelspec starts ipykernel.
COMMAND = "{python} -m ipykernel_launcher -f {connection_file}"

#: Defines `state`, which gives all that an extension could leave behind.
STATE = r"""
def state():
    import asyncio, builtins, os, signal, sys, threading, warnings
    shell = get_ipython()
    kernel, manager = shell.kernel, shell.magics_manager
    owners = {
        "shell": shell, "kernel": kernel, "displayhook": shell.displayhook,
        "publisher": shell.display_pub, "wire": kernel.session, "stdout": sys.stdout,
        "events": shell.events, "magics": manager,
    }
    found = {}
    for name, owner in owners.items():
        found[name] = {*vars(owner)}
        found[f"methods of {name}"] = sorted(
            repr(getattr(owner, method)) for method in dir(type(owner))
            if callable(getattr(type(owner), method, None)) and not method.startswith("__")
        )
    for name in ("ast_transformers", "input_transformers_post", "input_transformers_cleanup"):
        found[name] = [repr(transformer) for transformer in getattr(shell, name)]
    for event, callbacks in shell.events.callbacks.items():
        found[f"callbacks of {event}"] = [repr(callback) for callback in callbacks]
    for kind, table in manager.magics.items():
        found[f"{kind} magics"] = {name: repr(magic) for name, magic in table.items()}
    found["classes of magics"] = sorted(manager.registry)
    found["configurables"] = [repr(type(c)) for c in shell.configurables]
    found["hooks"] = [repr(o._hooks) for o in (shell.display_pub, shell.displayhook)]
    found["names"] = sorted(n for n in shell.user_ns if not n.startswith("_"))
    found["hidden names"] = sorted(n for n in shell.user_ns_hidden if not n.startswith("_"))
    found["extensions"] = sorted(shell.extension_manager.loaded)
    found["os"] = {name: repr(value) for name, value in vars(os).items() if callable(value)}
    for name in ("dir_fd", "effective_ids", "fd", "follow_symlinks"):
        found[f"os.{name}"] = sorted(repr(f) for f in getattr(os, f"supports_{name}"))
    found["builtins"] = {n: repr(f) for n, f in vars(builtins).items() if n != "_"}
    found["sys"] = [repr(getattr(sys, n)) for n in ("displayhook", "excepthook", "stdout", "path")]
    found["interrupts"] = repr(signal.getsignal(signal.SIGINT))
    found["threads"] = sorted(thread.name for thread in threading.enumerate())
    found["tasks"] = len(asyncio.all_tasks())
    found["warnings"] = [repr(each) for each in warnings.filters]
    found["modules"] = sorted(name for name in sys.modules if name.startswith("akernel_ipy"))
    return found
"""


def stock_kernel(**options: Any) -> Iterator[Kernel]:
    """For a fixture: a kernel of stock ipykernel."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AKERNEL_TEST_COMMAND", COMMAND)
        kernel = Kernel("stock", **options)
    try:
        yield kernel
        kernel.audit()
    finally:
        kernel.close()


def notebook(kernel: Kernel, flavour: str) -> Iterator[Lab]:
    """For a fixture: a notebook that has loaded the extension, and unloads it at the end."""
    client = kernel.client()
    client.run("get_ipython().run_line_magic('reset', '-f -s')", silent=True)
    client.run("%load_ext akernel_ipy", silent=True)
    client.run(f"%akernel_mode {flavour}", silent=True)
    yield Lab(client)
    client.run("%unload_ext akernel_ipy", silent=True)
    kernel.release(client)


def state(client: Client) -> dict[str, object]:
    """Give what `STATE` finds now."""
    answer = client.run("", silent=True, user_expressions={"state": "state()"})
    found = answer.reply["user_expressions"]["state"]
    assert found["status"] == "ok", found
    told: dict[str, object] = eval(found["data"]["text/plain"], {})
    return told
