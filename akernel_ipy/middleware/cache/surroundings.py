"""What cells share besides names, which no cached cell may change unseen.

What a run changed of it is compared before and after: such a cell is not stored, except for the
state of the random numbers, which can be brought back.
"""

from __future__ import annotations

import gc
import pickle
import random as _random  # noqa: F401 - a cell that imports it changes nothing
import signal
import sys
import warnings
from collections.abc import Callable, Mapping
from contextvars import copy_context
from hashlib import blake2b
from importlib import import_module
from typing import Any

from . import files, settings

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
    "levels of loggers": ("setLevel", "disable", "disabled", "dictConfig", "fileConfig"),
    "the garbage collector": ("gc",),
    "hooks of sys": ("excepthook", "breakpointhook", "meta_path", "path_hooks"),
    "signal handlers": ("signal",),
}

#: SIGINT is the kernel's. `signal.getsignal` makes enumerations of numbers, which takes long.
_SIGNALS = sorted(map(int, signal.valid_signals() - {signal.SIGINT}))
_handler_of: Callable[[int], Any] = import_module("_signal").getsignal


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
        if "matplotlib" not in self._loaded and settings.rc_params():
            return "settings of matplotlib (rcParams)"
        if "pandas" not in self._loaded and settings.pandas_options():
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

    def random_changes(self, *, seeds: bool) -> tuple[dict[str, str], dict[str, Any]]:
        """Give the random states that the run moved: their digests before, and what they are now.

        Args:
            seeds: whether the cell begins with seeding them itself.

        The digest of a generator that was not there before is empty.
        """
        before: dict[str, str] = {}
        now: dict[str, Any] = {}
        for name, (digest, state) in random_states().items():
            old = self._random.get(name)
            if old is None and not seeds and _is_untouched(name, state):
                continue
            if old is None or old[0] != digest:
                before[name], now[name] = "" if old is None else old[0], state
        return before, now

    def _take(self) -> dict[str, Any]:
        shell = self._shell
        found: dict[str, Any] = {
            "the working directory": files.working_directory(),
            "sys.path": list(sys.path),
            "the warnings filters": list(warnings.filters),
            "sys.stdout": (id(sys.stdout), id(sys.stderr)),
            **_of_interpreter(),
            "the locale": settings.locale_settings(),
            "the time zone": settings.time_zone(),
            "levels of loggers": settings.levels_of_loggers(),
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
            found["settings of matplotlib (rcParams)"] = settings.rc_params()
        if "matplotlib.pyplot" in sys.modules:
            found["pyplot's open figures"] = _figures()
        if "pandas" in sys.modules:
            found["options of pandas"] = settings.pandas_options()
        if "numpy" in sys.modules:
            found["options of numpy"] = settings.numpy_options()
        if "decimal" in sys.modules:
            found["the decimal context"] = settings.decimal_context()
        if "logging" in sys.modules:
            root = sys.modules["logging"].getLogger()
            found["the root logger"] = (root.level, list(root.handlers))
        return found


def _of_interpreter() -> dict[str, Any]:
    sockets = sys.modules.get("socket")
    return {
        "limits of the interpreter": (settings.interpreter_limits(), sys.getswitchinterval()),
        "hooks of sys": (
            *(sys.excepthook, sys.unraisablehook, sys.breakpointhook),
            *(list(sys.meta_path), list(sys.path_hooks)),
        ),
        "the garbage collector": (gc.isenabled(), gc.get_threshold(), gc.get_debug()),
        "signal handlers": [_handler_of(number) for number in _SIGNALS],
        "the default timeout of sockets": sockets and sockets.getdefaulttimeout(),
    }


def _figures() -> list[tuple[int, list[str]]]:
    """Tell which figures are open, and what is in them."""
    helpers = sys.modules.get("matplotlib._pylab_helpers")
    if helpers is None or not hasattr(helpers, "Gcf"):
        return []
    return [
        (number, [str(artist) for artist in manager.canvas.figure.findobj()])
        for number, manager in sorted(helpers.Gcf.figs.items())
    ]


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
    # Right after its seeding, which importing it does, numpy's generator has used nothing up. A
    # seed that is one number gives another first word.
    if name != "numpy.random" or state["has_gauss"]:
        return False
    inner = state["state"]
    return inner["pos"] in {623, 624} and int(inner["key"][0]) == 1 << 31
