"""What cells share besides names: settings of the process, which no cached cell may change unseen.

Two uses. Settings that can change what a cell computes or shows are part of its key, as far as they
differ from their defaults. And what a run changed of all this is compared before and after it: such
a cell is not stored, except for the state of the random numbers, which can be brought back.
"""

from __future__ import annotations

import os
import pickle
import random as _random  # noqa: F401 - a cell that imports it changes nothing
import sys
import warnings
from collections.abc import Callable, Mapping
from contextvars import copy_context
from hashlib import blake2b
from typing import Any

#: Random number states that can be taken and put back, by the module that has to be loaded.
_RANDOM: dict[str, tuple[Callable[[Any], Any], Callable[[Any, Any], None]]] = {
    "random": (lambda m: m.getstate(), lambda m, state: m.setstate(state)),
    "numpy.random": (
        lambda m: m.get_state(legacy=False),
        lambda m, state: m.set_state(state),
    ),
    "torch": (
        lambda m: m.get_rng_state().numpy().tobytes(),
        lambda m, s: m.set_rng_state(m.frombuffer(bytearray(s), dtype=m.uint8)),
    ),
}


def settings() -> dict[str, str]:
    """Digest the settings that differ from their defaults, by library."""
    found = {
        "matplotlib": _rc_params(),
        "pandas": _pandas_options(),
        "numpy": _numpy_options(),
        "decimal": _decimal_context(),
    }
    return {name: _hash(value) for name, value in found.items() if value}


def of_shell(shell: Any) -> dict[str, str]:
    """Digest what of IPython's settings changes what a cell shows, if it isn't the default."""
    found: list[str] = []
    if shell.ast_node_interactivity != "last_expr":
        found.append(shell.ast_node_interactivity)
    plain = shell.display_formatter.formatters["text/plain"]
    if not plain.pprint or plain.float_precision or plain.max_seq_length != 1000:
        found.append(f"{plain.pprint} {plain.float_precision} {plain.max_seq_length}")
    inline = getattr(sys.modules.get("matplotlib_inline.config"), "InlineBackend", None)
    if inline is not None and inline.initialized():
        backend = inline.instance()
        shown = f"{sorted(backend.figure_formats)} {backend.print_figure_kwargs} {backend.rc}"
        if shown != "['png'] {'bbox_inches': 'tight'} {}":
            found.append(shown)
    return {"IPython": _hash(found)} if found else {}


def _rc_params() -> list[str]:
    matplotlib = sys.modules.get("matplotlib")
    usual = getattr(matplotlib, "rcParamsOrig", None)
    if matplotlib is None or usual is None:
        return []
    items = dict.items(matplotlib.rcParams)
    return sorted(
        f"{k}={v!r}"
        for k, v in items
        if v is not (default := dict.get(usual, k))
        and repr(v) != repr(default)
        and k not in _BACKEND
    )


_BACKEND = frozenset({"backend", "interactive", "backend_fallback", "toolbar"})


def _pandas_options() -> list[str]:
    # pandas 3 takes 6 us for each `get_option`, of which there are 75.
    config = sys.modules.get("pandas._config.config")
    registered: Mapping[str, Any] = getattr(config, "_registered_options", {})
    values: Any = getattr(config, "_global_config", None)
    if values is None:
        return []
    found = []
    for name, option in list(registered.items()):
        value = values
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value is not option.defval and value != option.defval:
            found.append(f"{name}={value!r}")
    return sorted(found)


_NUMPY_ERRORS = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}


def _numpy_options() -> list[str]:
    numpy = sys.modules.get("numpy")
    if not hasattr(numpy, "get_printoptions"):
        return []
    assert numpy is not None
    options = {**numpy.get_printoptions(), **numpy.geterr()}
    usual = _numpy_usual()
    return sorted(f"{k}={v!r}" for k, v in options.items() if v != usual.get(k))


def _numpy_usual() -> dict[str, Any]:
    if not _usual:
        _usual.update(
            edgeitems=3, threshold=1000, floatmode="maxprec", precision=8, suppress=False,
            linewidth=75, nanstr="nan", infstr="inf", sign="-", formatter=None, legacy=False,
            override_repr=None, **_NUMPY_ERRORS,
        )  # fmt: skip
    return _usual


_usual: dict[str, Any] = {}


def _decimal_context() -> list[str]:
    decimal = sys.modules.get("decimal")
    if decimal is None:
        return []
    context, usual = decimal.getcontext(), decimal.DefaultContext
    if context.prec == usual.prec and context.rounding == usual.rounding:
        return []
    return [f"{context.prec} {context.rounding}"]


def _hash(lines: list[str]) -> str:
    return blake2b("\n".join(lines).encode("utf-8", "replace"), digest_size=16).hexdigest()


#: What changes that also imports make, with the words of code that makes such a change itself.
_MAKERS = {
    "sys.path": ("path", "addsitedir"),
    "the warnings filters": ("filterwarnings", "simplefilter", "resetwarnings", "filters"),
    "IPython's events": ("events", "register"),
    "IPython's formatters": (
        "formatters",
        "for_type",
        "for_type_by_name",
        "set_matplotlib_formats",
    ),
    "the root logger": ("basicConfig", "addHandler", "setLevel", "getLogger"),
}


_NOTHING = object()


class Surroundings:
    """What the process shares, taken before a run to be compared after it.

    Args:
        shell: its formatters, events and transformers count.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._before = self._take()
        self._random = random_states()
        self._loaded = frozenset(sys.modules)
        self._variables = dict(copy_context().items())

    def changed(self, mentions: frozenset[str]) -> str:
        """Name something that the run changed and that can't be brought back; empty if nothing.

        What imports change, importing brings back: if the run imported something, a change counts
        only if the cell mentions what makes such changes.
        """
        after = self._take()
        imported = bool(sys.modules.keys() - self._loaded)
        for name, value in after.items():
            if name in self._before and self._before[name] != value:
                makers = _MAKERS.get(name)
                if not imported or makers is None or any(word in mentions for word in makers):
                    return name
        if mentions & {"set", "reset"} and (name := self._variable()):
            return f"the context variable {name}"
        if "matplotlib" not in self._loaded and _rc_params():
            return "settings of matplotlib (rcParams)"
        if "pandas" not in self._loaded and _pandas_options():
            return "options of pandas"
        return ""

    def _variable(self) -> str:
        private = self._shell.private_variables
        for variable, value in copy_context().items():
            if variable in private or variable.name == "decimal_context":
                continue
            if self._variables.get(variable, _NOTHING) is not value:
                return str(variable.name)
        return ""

    def random_changes(self) -> tuple[dict[str, str], dict[str, Any]]:
        """Give the random states that the run moved: their digests before, and what they are now.

        The digest of a generator that was not there before is empty.
        """
        before: dict[str, str] = {}
        now: dict[str, Any] = {}
        for name, (digest, state) in random_states().items():
            old = self._random.get(name)
            if old is None and _is_untouched(name, state):
                continue
            if old is None or old[0] != digest:
                before[name], now[name] = "" if old is None else old[0], state
        return before, now

    def _take(self) -> dict[str, Any]:
        shell = self._shell
        found: dict[str, Any] = {
            "the working directory": os.getcwd(),
            "sys.path": list(sys.path),
            "the warnings filters": list(warnings.filters),
            "sys.stdout": (id(sys.stdout), id(sys.stderr)),
            "the recursion limit": sys.getrecursionlimit(),
            "IPython's input transformers": (
                list(shell.ast_transformers),
                list(shell.input_transformers_post),
            ),
            "IPython's events": {k: list(v) for k, v in shell.events.callbacks.items()},
            "IPython's magics": {k: set(v) for k, v in shell.magics_manager.magics.items()},
            "IPython's formatters": [
                (dict(f.type_printers), dict(f.deferred_printers))
                for f in shell.display_formatter.formatters.values()
            ],
        }
        if "matplotlib" in sys.modules:
            found["settings of matplotlib (rcParams)"] = _rc_params()
        if "matplotlib.pyplot" in sys.modules:
            found["pyplot's open figures"] = _figures()
        if "pandas" in sys.modules:
            found["options of pandas"] = _pandas_options()
        if "numpy" in sys.modules:
            found["options of numpy"] = _numpy_options()
        if "decimal" in sys.modules:
            found["the decimal context"] = _decimal_context()
        if "logging" in sys.modules:
            root = sys.modules["logging"].getLogger()
            found["the root logger"] = (root.level, list(root.handlers))
        return found


def _figures() -> list[int]:
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    return sorted(helpers.Gcf.figs) if helpers is not None and hasattr(helpers, "Gcf") else []


def random_states() -> dict[str, tuple[str, Any]]:
    """Take the states of the process's random numbers, each with its digest."""
    found = {}
    for name, (take, _) in _RANDOM.items():
        module = sys.modules.get(name)
        if module is None or (name == "torch" and not hasattr(module, "get_rng_state")):
            continue
        state = take(module)
        found[name] = (blake2b(pickle.dumps(state, 5), digest_size=16).hexdigest(), state)
    return found


def put_random(states: Mapping[str, Any]) -> None:
    """Bring random states back."""
    for name, state in states.items():
        __import__(name)
        _RANDOM[name][1](sys.modules[name], state)


def _is_untouched(name: str, state: Any) -> bool:
    # Right after its seeding, which importing it does, numpy's generator has used nothing up.
    return name == "numpy.random" and state["state"]["pos"] in {623, 624} and not state["has_gauss"]
