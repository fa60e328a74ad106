"""Settings that change what a cell computes or shows: part of its key, where not the default."""

from __future__ import annotations

import os
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from types import CodeType
from typing import Any

from .observation import installed


def of_process() -> dict[str, str]:
    """Digest the settings that differ from their defaults, by library."""
    found = {
        "matplotlib": rc_params(),
        "pandas": pandas_options(),
        "numpy": numpy_options(),
        "decimal": decimal_context(),
        "warnings": _warning_filters(),
        "logging": levels_of_loggers(),
        "locale": locale_settings(),
        "the time zone": time_zone(),
        "sys": interpreter_limits(),
        "tempfile": _temporary(),
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
    found.extend(_printers(shell))
    return {"IPython": _hash(found)} if found else {}


def _printers(shell: Any) -> Iterator[str]:
    """Tell how the notebook shows types, by functions of its own."""
    for name, formatter in shell.display_formatter.formatters.items():
        for printers in (formatter.type_printers, formatter.deferred_printers):
            for kind, printer in printers.items():
                if getattr(printer, "__globals__", None) is shell.user_ns:
                    code = printer.__code__
                    constants = [c for c in code.co_consts if not isinstance(c, CodeType)]
                    yield f"{name} {kind} {code.co_code.hex()} {code.co_names} {constants}"


def rc_params() -> list[str]:
    """Tell matplotlib's settings that aren't the default."""
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
    ) + _backend(matplotlib)


def _backend(matplotlib: Any) -> list[str]:
    """Tell a backend that code has chosen, and that it has turned interactive mode off.

    The first figure sets the backend of the front-end, and interactive mode on.
    """
    found = []
    chosen = dict.get(matplotlib.rcParams, "backend")
    if isinstance(chosen, str) and chosen not in _usual_backends():
        found.append(f"backend={chosen}")
    loaded = getattr(sys.modules.get("matplotlib.pyplot"), "_backend_mod", None)
    if loaded is not None and not matplotlib.is_interactive():
        found.append("interactive=False")
    return found


def _usual_backends() -> tuple[str, ...]:
    return ("inline", "module://matplotlib_inline.backend_inline", os.environ.get("MPLBACKEND", ""))


_BACKEND = frozenset({"backend", "interactive", "backend_fallback", "toolbar"})


def pandas_options() -> list[str]:
    """Tell the options of pandas that aren't the default."""
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


_NUMPY_USUAL: dict[str, Any] = {
    "edgeitems": 3, "threshold": 1000, "floatmode": "maxprec", "precision": 8, "suppress": False,
    "linewidth": 75, "nanstr": "nan", "infstr": "inf", "sign": "-", "formatter": None,
    "legacy": False, "override_repr": None,
    "divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn",
}  # fmt: skip


def numpy_options() -> list[str]:
    """Tell how numpy prints and what it does about errors, where not as usual."""
    numpy = sys.modules.get("numpy")
    if not hasattr(numpy, "get_printoptions"):
        return []
    assert numpy is not None
    options = {**numpy.get_printoptions(), **numpy.geterr()}
    return sorted(f"{k}={v!r}" for k, v in options.items() if v != _NUMPY_USUAL.get(k))


def decimal_context() -> list[str]:
    """Tell the context of `decimal`, flags aside, if it isn't the default one."""
    decimal = sys.modules.get("decimal")
    if decimal is None:
        return []
    found, usual = (
        f"{c.prec} {c.rounding} {c.Emin} {c.Emax} {c.capitals} {c.clamp} "
        f"{sorted(signal.__name__ for signal, on in c.traps.items() if on)}"
        for c in (decimal.getcontext(), decimal.DefaultContext)
    )
    return [] if found == usual else [found]


def _warning_filters() -> list[str]:
    """Tell the filters that are for all messages of all modules, as `simplefilter` makes them.

    Those for some messages, and those for a package's own warnings, are what packages install while
    they are imported, each in its time.
    """
    return [
        f"{action} {category}"
        for action, message, category, module, line in warnings.filters
        if message is None
        and module is None
        and not line
        and (action, category) not in _USUAL_FILTERS
        and not _is_package_own(action, category)
    ]


def _is_package_own(action: str, category: Any) -> bool:
    root = str(category.__module__).partition(".")[0]
    return root == "IPython" or (action != "error" and _is_package(root))


_USUAL_FILTERS = frozenset(
    ("ignore", category)
    for category in (
        DeprecationWarning,
        PendingDeprecationWarning,
        ImportWarning,
        ResourceWarning,
    )
)


def levels_of_loggers() -> list[str]:
    """Tell what of loggers was set, those of installed packages aside."""
    logging = sys.modules.get("logging")
    if logging is None:
        return []
    root = logging.getLogger()
    handlers = [f"{type(h).__name__} {h.level}" for h in root.handlers]
    found = [f"{logging.root.manager.disable} {root.level} {root.disabled} {handlers}"]
    if found == ["0 30 False []"]:
        found = []
    for name, logger in sorted(root.manager.loggerDict.items()):
        level, disabled = getattr(logger, "level", 0), getattr(logger, "disabled", False)
        if (level or disabled) and not _is_package(name.partition(".")[0]):
            found.append(f"{name} {level} {disabled}")
    return found


def _is_package(root: str) -> bool:
    """Tell whether a logger's name is that of an installed package, or of the kernel's own."""
    file = getattr(sys.modules.get(root), "__file__", None)
    return root in _KERNELS_LOGGERS or (isinstance(file, str) and file.startswith(installed()))


_KERNELS_LOGGERS = frozenset({"AsyncKernelApp", "IPKernelApp", "traitlets", "tornado", "asyncio"})


def locale_settings() -> list[str]:
    """Tell the locale, where it isn't C's."""
    locale = sys.modules.get("locale")
    if locale is None:
        return []
    names = ("LC_COLLATE", "LC_NUMERIC", "LC_TIME", "LC_MONETARY")
    kinds = [(name, getattr(locale, name)) for name in names if hasattr(locale, name)]
    found = [f"{name}={locale.setlocale(kind)}" for name, kind in kinds]
    return [each for each in found if not each.endswith("=C")]


def time_zone() -> list[str]:
    """Tell the time zone, if it isn't UTC."""
    found = f"{time.tzname} {time.timezone} {os.environ.get('TZ', '')}"
    return [] if found == "('UTC', 'UTC') 0 " else [found]


def interpreter_limits() -> list[str]:
    """Tell how deep a recursion may be, and how long a number as text, if it isn't the default."""
    limit = sys.getrecursionlimit()
    digits = sys.get_int_max_str_digits()
    return [] if (limit, digits) == (1000, 4300) else [f"{limit} {digits}"]


def _temporary() -> list[str]:
    found = tempfile.gettempdir()
    return [] if found == "/tmp" else [found]


def _hash(lines: list[str]) -> str:
    return blake2b("\n".join(lines).encode("utf-8", "replace"), digest_size=16).hexdigest()
