"""The memory of one process, in MiB."""

from __future__ import annotations

from pathlib import Path

_MIB = 1024 * 1024


def memory(pid: int) -> dict[str, float]:
    """Resident (``rss``), proportional (``pss``) and unique (``uss``) memory, as far as known."""
    return _from_proc(Path(f"/proc/{pid}/smaps_rollup")) or _from_psutil(pid)


def parse_rollup(text: str) -> dict[str, float]:
    """Read the kernel's ``smaps_rollup`` of a process."""
    fields = (line.split() for line in text.splitlines()[1:])
    kib = {name.rstrip(":"): float(size) for name, size, *_ in fields}
    unique = kib["Private_Clean"] + kib["Private_Dirty"]
    return {"rss": kib["Rss"] / 1024, "pss": kib["Pss"] / 1024, "uss": unique / 1024}


def _from_proc(rollup: Path) -> dict[str, float]:
    return parse_rollup(rollup.read_text()) if rollup.exists() else {}


def _from_psutil(pid: int) -> dict[str, float]:
    try:
        import psutil  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        return {}
    info = psutil.Process(pid).memory_full_info()
    known = {name: getattr(info, name, None) for name in ("rss", "pss", "uss")}
    return {name: value / _MIB for name, value in known.items() if value is not None}
