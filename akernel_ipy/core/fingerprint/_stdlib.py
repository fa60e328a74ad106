"""Types of the standard library that a few plain values tell everything about."""

from __future__ import annotations

import datetime
import decimal
import fractions
import pathlib
import re
import struct
import typing
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._walk import Handler, Walk


def _by(tag: bytes, content: Callable[[Any], Any]) -> Handler:
    """A value without identity that is known by plain values."""

    def encode(walk: Walk, value: Any) -> None:
        walk.out += tag
        walk.walk(content(value))

    return encode


def _zoned(walk: Walk, value: Any) -> None:
    """A date or time: fields, fold and zone."""
    walk.out += b"time"
    walk.text(type(value).__name__)
    walk.walk(value.replace(tzinfo=None).isoformat())
    walk.walk(value.fold)
    walk.part(value.tzinfo, ".tzinfo")


def _variable(value: typing.TypeVar) -> Any:
    bounds = (value.__bound__, value.__constraints__)
    return (value.__name__, value.__covariant__, value.__contravariant__, bounds)


def _zone(value: datetime.timezone) -> Any:
    return (value.utcoffset(None), value.tzname(None))


_VIEWS: tuple[type, ...] = (type({}.keys()), type({}.values()), type({}.items()))
_PATHS: tuple[type, ...] = (
    pathlib.PurePosixPath,
    pathlib.PureWindowsPath,
    pathlib.PosixPath,
    pathlib.WindowsPath,
)

#: By exact type.
TYPES: dict[type, Handler] = {
    decimal.Decimal: _by(b"decimal", str),
    fractions.Fraction: _by(b"fraction", lambda v: (v.numerator, v.denominator)),
    datetime.date: _by(b"date", datetime.date.isoformat),
    datetime.timedelta: _by(b"delta", lambda v: (v.days, v.seconds, v.microseconds)),
    datetime.timezone: _by(b"zone", _zone),
    datetime.datetime: _zoned,
    datetime.time: _zoned,
    typing.TypeVar: _by(b"variable", _variable),
    re.Pattern: _by(b"pattern", lambda v: (v.pattern, v.flags)),
    re.Match: _by(b"match", lambda v: (v.re, v.string, v.pos, v.endpos, v.regs)),
    struct.Struct: _by(b"struct", lambda v: v.format),
    uuid.UUID: _by(b"uuid", lambda v: (v.int, v.is_safe.name)),
    **{kind: _by(b"path " + kind.__name__.encode(), str) for kind in _PATHS},
    **{kind: _by(kind.__name__.encode(), lambda v: v.mapping) for kind in _VIEWS},
}


def logger(walk: Walk, value: Any) -> None:
    """Encode a logger: its name, and what decides on what is shown."""
    if not walk.meet(value):
        return
    walk.out += b"logger"
    walk.walk((value.name, value.level, value.disabled, value.propagate, value.manager.disable))
    walk.part(value.filters, ".filters")
    for handler in value.handlers:
        formatter = handler.formatter
        walk.walk((type(handler), handler.level, type(formatter)))
        walk.walk((getattr(formatter, "_fmt", None), getattr(formatter, "datefmt", None)))
    walk.part(value.parent, ".parent")
