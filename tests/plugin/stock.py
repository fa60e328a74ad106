"""Stock kernels for tests of the extension, and what can be told of a shell's state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from kernels import Kernel

#: How a stock kernelspec starts ipykernel.
COMMAND = "{python} -m ipykernel_launcher -f {connection_file}"

#: Runs in the kernel: what an extension could leave behind, as lines that are equal or not.
STATE = r"""
def state():
    import asyncio, builtins, gc, os, signal, sys, threading, warnings
    shell = get_ipython()
    kernel = shell.kernel
    owners = {"shell": shell, "kernel": kernel, "displayhook": shell.displayhook,
              "display_pub": shell.display_pub, "wire": kernel.session,
              "stdout": sys.stdout, "events": shell.events, "magics": shell.magics_manager}
    found = {}
    for name, owner in owners.items():
        found[name] = sorted(vars(owner))
        found[name + " methods"] = {
            m: repr(getattr(owner, m)) for m in dir(type(owner))
            if callable(getattr(type(owner), m, None)) and not m.startswith("__")
        }
    found["transformers"] = [repr(t) for t in (
        *shell.ast_transformers, *shell.input_transformers_post, *shell.input_transformers_cleanup)]
    found["events' callbacks"] = {k: [repr(c) for c in v] for k, v in shell.events.callbacks.items()}
    found["line magics"], found["cell magics"] = (
        {n: repr(f) for n, f in shell.magics_manager.magics[k].items()} for k in ("line", "cell"))
    found["magics' classes"] = sorted(shell.magics_manager.registry)
    found["configurables"] = [repr(type(c)) for c in shell.configurables]
    found["hooks"] = [list(map(repr, shell.display_pub._hooks)), list(map(repr, shell.displayhook._hooks))]
    found["names"] = sorted(n for n in shell.user_ns if not n.startswith("_i"))
    found["hidden names"] = sorted(shell.user_ns_hidden)
    found["extensions"] = sorted(shell.extension_manager.loaded)
    found["os"] = {n: repr(f) for n, f in vars(os).items() if callable(f)}
    found["os supports"] = [sorted(map(repr, getattr(os, s))) for s in dir(os) if s.startswith("supports_")
                            and isinstance(getattr(os, s), set)]
    found["builtins"] = {n: repr(f) for n, f in vars(builtins).items() if n != "_"}
    found["sys"] = [repr(sys.displayhook), repr(sys.excepthook), repr(sys.stdout), repr(sys.stderr), list(sys.path)]
    found["signal"] = repr(signal.getsignal(signal.SIGINT))
    found["threads"] = sorted(t.name for t in threading.enumerate())
    found["tasks"] = len(asyncio.all_tasks())
    found["warnings"] = list(map(repr, warnings.filters))
    found["modules"] = sorted(m for m in sys.modules if m.startswith("akernel_ipy"))
    return found
"""


def stock(monkeypatch: pytest.MonkeyPatch, **options: Any) -> Iterator[Kernel]:
    """For a fixture: a stock kernel."""
    monkeypatch.setenv("AKERNEL_TEST_COMMAND", COMMAND)
    kernel = Kernel("stock", **options)
    try:
        yield kernel
        kernel.audit()
    finally:
        kernel.close()
