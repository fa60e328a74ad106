"""Sizes, durations and lists as people write and read them.

>>> parse_bytes("1.5 GiB"), parse_seconds("2h"), show_bytes(2048), show_seconds(200)
(1610612736, 7200.0, '2.0 KiB', '3 min 20 s')
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_BYTES = {"": 1, "b": 1}
_BYTES |= {f"{letter}b": 1000**power for power, letter in enumerate("kmgt", start=1)}
_BYTES |= {f"{letter}ib": 1024**power for power, letter in enumerate("kmgt", start=1)}
_BYTES |= {letter: 1024**power for power, letter in enumerate("kmgt", start=1)}

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}

_QUANTITY = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", re.ASCII | re.IGNORECASE)


def parse_bytes(text: str) -> int:
    """Read a number of bytes: ``1000``, ``64 KiB``, ``1.5GB``; ``2G`` is ``2 GiB``.

    Raises:
        ValueError: if it is none.
    """
    return round(_quantity(text, _BYTES))


def parse_seconds(text: str) -> float:
    """Read a duration in seconds: ``90``, ``10m``, ``2h``, ``30d``, ``1w``.

    Raises:
        ValueError: if it is none.
    """
    return _quantity(text, _SECONDS)


def _quantity(text: str, units: dict[str, float] | dict[str, int]) -> float:
    found = _QUANTITY.fullmatch(text)
    if not found or found[2].lower() not in units:
        known = ", ".join(unit for unit in units if unit)
        raise ValueError(f"{text!r} is not a number with one of the units {known}")
    return float(found[1]) * units[found[2].lower()]


def show_bytes(size: float) -> str:
    """Say a size: ``12 B``, ``3.4 MiB``."""
    if size < 1024:
        return f"{size:.0f} B"
    for unit in ("KiB", "MiB", "GiB"):
        size /= 1024
        if size < 1024:
            return f"{size:.1f} {unit}"
    return f"{size / 1024:.1f} TiB"


def show_seconds(seconds: float) -> str:
    """Say a duration: ``40 ms``, ``1.4 s``, ``3 min 20 s``, ``5 h 2 min``, ``3 d 4 h``."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} d {hours % 24} h"


def in_a_row(parts: Iterable[str]) -> str:
    """Join words as a sentence does.

    >>> in_a_row(["a", "b", "c"]), in_a_row(["a"]), in_a_row([])
    ('a, b and c', 'a', '')
    """
    *most, last = [*parts] or [""]
    return f"{', '.join(most)} and {last}" if most else last
