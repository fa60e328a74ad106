"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("ipykernel", "ipython", "jupyter-client", "pyzmq", "tornado", "traitlets")


def machine() -> dict[str, str]:
    """Cores, interpreter, versions and date."""
    facts = {"date": datetime.now(UTC).strftime("%Y-%m-%d"), "cores": str(_cores())}
    facts["python"] = platform.python_version()
    return facts | {name: found for name in PACKAGES if (found := _version(name))}


def load() -> str:
    """The load averages of 1, 5 and 15 minutes."""
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
